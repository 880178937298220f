"""A stream of choices from SHAKE-128, as ``cases.model.fill`` makes data: the same on every machine and Python."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Chosen = TypeVar("Chosen")


@dataclass(slots=True, kw_only=True)
class Stream:
    """Choices that follow from a key alone. Each choice takes the next 8 bytes."""

    key: str
    taken: int = 0

    def below(self, limit: int) -> int:
        """Return an integer from 0 to ``limit`` - 1."""
        word = hashlib.shake_128(f"{self.key}\0{self.taken}".encode()).digest(8)
        self.taken += 1
        return int.from_bytes(word, "little") % limit

    def one_in(self, number: int) -> bool:
        """Return True once in so many draws on average."""
        return self.below(number) == 0

    def one_of(self, values: Sequence[Chosen]) -> Chosen:
        """Return one of these values, all equally likely."""
        return values[self.below(len(values))]

    def weighted(self, weights: Mapping[Chosen, int]) -> Chosen:
        """Return one of the keys, each as likely as its weight says."""
        number = self.below(sum(weights.values()))
        for value, weight in weights.items():
            number -= weight
            if number < 0:
                return value
        raise AssertionError  # the weights add up to more than the number
