"""A recorded answer, as a run keeps it in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from adapters.outcome import Outcome
from adapters.program import CALL
from adapters.worker.pipeline import part

Array = npt.NDArray[Any]
Key = tuple[str, str]
"""A case and a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Mapping[str, Array]):
    """Arrays of a run's file by the names of outputs. Each access reads the array from the file."""

    digests: dict[str, str]
    read: Callable[[str], Array] = field(repr=False, compare=False)

    def __getitem__(self, name: str) -> Array:
        return self.read(self.digests[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A result without the text of its call, which stays in the file at ``offset``.

    ``digests`` maps the names of outputs to the digests of the arrays that came back.
    """

    case: str
    target: str
    outcome: Outcome
    digests: dict[str, str]
    seconds: float
    offset: int


def same(one: Record, other: Record) -> bool:
    """Tell whether two calls ended in the same way, and the same bits came back."""
    return one.outcome.end == other.outcome.end and one.digests == other.digests


def call_line(text: str, step: str = "") -> str:
    """Return the line of a call's text that calls the framework; for a pipeline, that of ``step`` or else the last."""
    lines = [line for line in (part(text, step) if step else text).splitlines() if line.startswith(CALL)]
    return (lines[-1] if lines else text.strip()).removeprefix(CALL)
