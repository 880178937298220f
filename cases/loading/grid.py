"""The combinations of a grid, in the order written, each with its part of the id."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cases.loading.expressions import expression

_PREFIX: Final = {
    "image": "i",
    "kernel": "k",
    "ksize": "k",
    "strides": "s",
    "batch": "n",
    "channels": "c",
    "in_channels": "c",
    "out_channels": "o",
    "output_padding": "op",
    "padding": "pad",
    "dilations": "d",
    "groups": "g",
    "position": "at",
    "width": "w",
    "gradients": "of-",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One value for each field of a grid, and the position of each value in its list."""

    values: dict[str, Any]
    positions: dict[str, int]

    @property
    def label(self) -> str:
        """Return the combination's part of an id: ``same-i5x6-k3-s2``."""
        return "-".join(_label(field, value) for field, value in self.values.items())


def combinations(grid: dict[str, list[Any]]) -> Iterator[Combination]:
    """Yield every combination of a grid's values. The field written last varies fastest."""
    for choice in itertools.product(*(enumerate(values) for values in grid.values())):
        yield Combination(
            values={field: value for field, (_, value) in zip(grid, choice, strict=True)},
            positions={field: position for field, (position, _) in zip(grid, choice, strict=True)},
        )


def pairwise(given: Sequence[Combination]) -> list[int]:
    """Return the places of a few of some combinations, in order: every two values that stand together in one still do.

    The next one taken is always that with the most pairs of values that none has yet, the first of equal ones.
    """
    pairs = [set(itertools.combinations(one.positions.items(), min(2, len(one.positions)))) for one in given]
    missing: set[tuple[tuple[str, int], ...]] = set().union(*pairs)
    taken: set[int] = set()
    while missing:
        best = max(range(len(given)), key=lambda place: len(pairs[place] & missing))
        missing -= pairs[best]
        taken.add(best)
    return sorted(taken)


def keeps(where: str | None, fields: dict[str, Any]) -> bool:
    """Tell whether a filter keeps a combination. ``where`` is a Jinja expression over the entry's fields.

    Raises:
        ValueError: if the expression is wrong, names an unknown field, or is neither true nor false.
    """
    return where is None or expression(where).holds(fields)


def _label(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return ("" if value else "no-") + field.replace("_", "-")
    if value is None:
        return f"no-{field.replace('_', '-')}"
    if isinstance(value, str):
        if field == "ceil_mode":
            return f"ceil-{value}"
        return re.sub(r"[^a-z0-9]+", "-", value.lower())
    return _PREFIX.get(field, field.replace("_", "-")) + _number(value)


def _number(value: Any) -> str:
    """Write a number or a list for an id: 3 -> 3, [3, 5] -> 3x5, [[1, 2], [0, 1]] -> 1.2x0.1, -1 -> m1."""
    if isinstance(value, list):
        pairs = any(isinstance(item, list) for item in value)
        return "x".join(".".join(map(_number, item)) if pairs else _number(item) for item in value)
    return str(value).replace("-", "m")
