"""The parts of an explanation: steps, and pictures of arrays whose cells are of different kinds.

``page`` and ``draw`` turn these parts into lines; nothing here depends on a terminal.
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
    """A case or a part of a case can't be explained; the message is one line."""


class NoAnswerError(Exception):
    """The definition gives no answer to a call. This is found while the steps are made; the message says why."""


class Kind(IntEnum):
    """The kind of a cell. The kinds from ``ZERO`` on hold no element.

    ``BEYOND`` lies behind the padding, where the last window of ceil_mode reaches.
    """

    ELEMENT = 0
    TAP = 1
    RESULT = 2
    INDEX = 3
    COUNT = 4
    ZERO = 5
    PADDING = 6
    BEYOND = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """An array of one to three axes, drawn as rows; depth slices stand beside each other.

    ``window`` marks the cells that the written-out window reads. ``chosen`` marks the cells that are a window's
    maximum. ``origin`` is the index of the first cell along each axis, if the picture shows indices.
    """

    title: str
    numbers: Array
    kinds: Kinds
    window: Flags | None = None
    chosen: Flags | None = None
    origin: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A step on paper: a text that says what is done and why, pictures, and below them sums written out."""

    heading: str
    text: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """All steps of a case; ``facts`` are the lines above them. ``results`` are the arrays that these steps computed.

    A result is one batch element and channel of an output, in float64 (indices in int64), not rounded to the case's
    dtype. There are no results if the case has no answer.
    """

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    results: dict[str, Array]


def picture(title: str, numbers: Array, kind: Kind, **more: Any) -> Picture:
    """Make a picture whose cells are all of one kind; the size is added to the title."""
    return pictured(title, numbers, np.full(numbers.shape, kind, dtype=np.int8), **more)


def pictured(title: str, numbers: Array, kinds: Kinds, **more: Any) -> Picture:
    """Make a picture; the size is added to the title."""
    return Picture(title=f"{title}: {by(numbers.shape)}", numbers=numbers, kinds=kinds, **more)


def apart(steps: tuple[int, ...]) -> str:
    """Write steps: as one number if all axes have the same step, else ``2 x 3``."""
    return str(steps[0]) if len(set(steps)) == 1 else by(steps)


def by(sizes: tuple[int, ...]) -> str:
    """Write sizes: ``5 x 6``."""
    return " x ".join(map(str, sizes)) or "1"
