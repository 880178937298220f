"""What an explanation is made of: steps, and pictures of arrays whose cells are of different kinds.

Nothing here knows of terminals: ``page`` and ``draw`` turn these parts into lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.int8]


class NotDrawnError(Exception):
    """A case, or a part of one, that can't be explained; the message is one line."""


class NoAnswerError(Exception):
    """A call of which the definition says nothing, found while its steps were made; the message says why."""


class Kind(IntEnum):
    """What a cell is; the last two hold no number of their own."""

    ELEMENT = 0
    TAP = 1
    RESULT = 2
    INDEX = 3
    COUNT = 4
    ZERO = 5
    PADDING = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """An array of one to three axes, drawn as rows, a depth slice beside the other.

    ``window`` marks the cells that the window written out reads, ``chosen`` those that won one. ``origin`` is the index
    of the first cell of each axis, if the picture is to show indices.
    """

    title: str
    numbers: Array
    kinds: Kinds
    window: Flags | None = None
    chosen: Flags | None = None
    origin: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One step on paper: what is done and why, pictures, and sums written out below them."""

    heading: str
    text: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """All steps of a case; ``facts`` stand above them. ``results`` holds what was computed by the very steps.

    The results are planes: one batch element and channel of each output, in float64 (indices int64) and not rounded to
    the case's dtype. There are none where the case has no answer.
    """

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    results: dict[str, Array]


def picture(title: str, numbers: Array, kind: Kind, **more: Any) -> Picture:
    """A picture whose cells are all of one kind; its title tells the size."""
    return pictured(title, numbers, np.full(numbers.shape, kind, dtype=np.int8), **more)


def pictured(title: str, numbers: Array, kinds: Kinds, **more: Any) -> Picture:
    """A picture whose title tells the size."""
    return Picture(title=f"{title}: {by(numbers.shape)}", numbers=numbers, kinds=kinds, **more)


def apart(steps: tuple[int, ...]) -> str:
    """Steps as people say them: one number if all axes have the same."""
    return str(steps[0]) if len(set(steps)) == 1 else by(steps)


def by(sizes: tuple[int, ...]) -> str:
    """Sizes as people say them: ``5 x 6``."""
    return " x ".join(map(str, sizes)) or "1"
