"""The parts of an output to which a slip may be limited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

PARTS: Final[dict[str, Callable[[tuple[int, ...]], tuple[Any, ...]]]] = {
    "first row": lambda _: (slice(None), slice(0, 1)),
    "last row": lambda _: (slice(None), slice(-1, None)),
    "first column": lambda _: (..., slice(0, 1), slice(None)),
    "last column": lambda _: (..., slice(-1, None), slice(None)),
    "last channel": lambda _: (..., slice(-1, None)),
    "last of the batch": lambda _: (slice(-1, None),),
    "all but the first of the batch": lambda _: (slice(1, None),),
    "beyond the eighth row": lambda _: (slice(None), slice(8, None)),
    "beyond the thirty-second row": lambda _: (slice(None), slice(32, None)),
    "channels beyond the sixteenth": lambda _: (..., slice(16, None)),
    "channels behind the last eight": lambda shape: (..., slice(shape[-1] // 8 * 8, None)),
    "columns behind the last four": lambda shape: (..., slice(shape[-2] // 4 * 4, None), slice(None)),
    "last corner": lambda shape: (slice(None), *(slice(-1, None),) * (len(shape) - 2)),
}
"""Name -> the index of the part, from the shape of an array [batch, *spatial, channels]."""
