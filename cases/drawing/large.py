"""What is large in a drawn call: one quantity beyond the usual, while all others vary as they do elsewhere.

The numbers lie around limits of kernels: what a register, a byte or a type of 16 bits holds, and a row more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cases.drawing.stream import Stream

CHANNELS: Final = "channels"
WINDOW: Final = "window"
IMAGE: Final = "image"
BATCH: Final = "batch"
STRIDE: Final = "stride"
DILATION: Final = "dilation"
GROUPS: Final = "groups"
_KINDS: Final = (CHANNELS, WINDOW, IMAGE, BATCH, STRIDE, DILATION)

BATCHES: Final = (16, 17, 64, 65, 129, 257)
_CHANNELS: Final = (64, 65, 96, 127, 128, 129, 255, 256, 257, 300, 513)
_GROUPS: Final = (6, 7, 16, 17, 31, 32, 33, 64, 65)
_BYTE: Final = 256
_WINDOWS: Final = {
    1: ((257,), (260,), (300,)),
    2: ((16, 17), (17, 17), (13, 21), (130, 2), (2, 130)),
    3: ((7, 7, 6), (5, 4, 13), (9, 10, 3), (2, 2, 65)),
}
"""Number of axes -> windows with more elements than a byte counts."""
_SHORT: Final = {2: ((257,), (300,), (181,), (1025,), (2,)), 3: ((2, 181), (5, 7), (16, 33), (41, 40))}
"""Number of axes -> all images' sizes but one."""


def kinds(*, filtered: bool) -> tuple[str, ...]:
    """Return the words for what can be large in a call, with or without a filter."""
    return (*_KINDS, GROUPS) if filtered else _KINDS


def windows(axes: int, stream: Stream) -> Sequence[int]:
    """Return a window of more than 256 elements."""
    return stream.one_of(_WINDOWS[axes])


def images(axes: int, stream: Stream) -> list[int]:
    """Return the sizes of an image of more than 2**16 elements."""
    short = list(stream.one_of(_SHORT[axes])) if axes > 1 else []
    rest = _BYTE * _BYTE
    for size in short:
        rest //= size
    turn = stream.below(axes)
    sizes = [*short, rest + 1 + stream.below(9)]
    return [*sizes[turn:], *sizes[:turn]]


def stride(stream: Stream) -> int:
    """Return a stride of at least 8."""
    return 8 + stream.below(13)


def dilation(stream: Stream) -> int:
    """Return a dilation of at least 7."""
    return 7 + stream.below(11)


def channels(stream: Stream) -> int:
    """Return a number of channels beyond 63."""
    return stream.one_of(_CHANNELS)


def groups(stream: Stream) -> dict[str, Any]:
    """Return the channels of a filter with many groups."""
    number = stream.one_of(_GROUPS)
    return {
        "in_channels": number * (1 + stream.below(3)),
        "out_channels": number * (1 + stream.below(3)),
        "groups": number,
    }
