"""The parts of an output to which a slip may be limited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

PARTS: Final[dict[str, Callable[[int], tuple[Any, ...]]]] = {
    "first row": lambda _: (slice(None), slice(0, 1)),
    "last row": lambda _: (slice(None), slice(-1, None)),
    "first column": lambda _: (..., slice(0, 1), slice(None)),
    "last column": lambda _: (..., slice(-1, None), slice(None)),
    "last channel": lambda _: (..., slice(-1, None)),
    "last of the batch": lambda _: (slice(-1, None),),
    "all but the first of the batch": lambda _: (slice(1, None),),
    "beyond the eighth row": lambda _: (slice(None), slice(8, None)),
    "channels beyond the sixteenth": lambda _: (..., slice(16, None)),
    "last corner": lambda rank: (slice(None), *(slice(-1, None),) * (rank - 2)),
}
"""Name -> the index of the part, from the rank of an array [batch, *spatial, channels]."""
