"""Sizes of layers as networks have them: the same window along every axis, many channels, and images of some size.

Kernels of real backends choose their ways by several of these sizes at once, and gradients have ways of their own.
A rare layer has besides what networks seldom have, because a fault of such a way may show only there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from cases.drawing.stream import Stream
from cases.model import dtypes, shapes

CHANNELS: Final = (3, 8, 16, 17, 24, 32, 33, 48, 64)
DEPTHS: Final = (8, 16, 17, 24, 32, 33)
BATCHES: Final = {1: 3, 2: 3, 4: 1, 17: 1}
DTYPES: Final = {"float32": 8, "float64": 1, "float16": 2, "bfloat16": 2}
PADDINGS: Final = {"SAME": 3, "VALID": 3, "symmetric": 5, "asymmetric": 1, "one side": 1}
RANKS: Final = {1: 2, 2: 6, 3: 2}
_FILTERS: Final = {1: 4, 2: 1, 3: 6, 4: 2, 5: 2, 7: 3}
_WINDOWS: Final = {2: 4, 3: 5, 5: 3, 7: 2}
_OF_VOLUMES: Final = {1: 2, 2: 3, 3: 5}
_STRIDES: Final = {1: 5, 2: 6, 3: 3, 4: 1}
_IMAGES: Final = {1: (16, 17, 31, 64, 65, 130), 2: (7, 8, 13, 14, 16, 17, 20, 28), 3: (4, 5, 7, 8, 9)}

RARE_DTYPES: Final = {"float32": 5, "float64": 2, "float16": 3, "bfloat16": 3} | dict.fromkeys(dtypes.INTEGERS, 1)
RARE_PADDINGS: Final = {"SAME": 3, "VALID": 2, "symmetric": 2, "asymmetric": 3, "one side": 2}
RARE_BATCHES: Final = {1: 3, 2: 3, 3: 2, 16: 1, 17: 1, 65: 1}
RARE_BUDGETS: Final = {(2**13, 4_000_000): 3, (2**16, 8_000_000): 2}
"""The most elements of a tensor, and the most products of a call."""
_RARE_DILATIONS: Final = (1, 2, 2, 3, 4, 6, 8, 12)
_RARE_IMAGES: Final = {
    1: (127, 128, 129, 255, 256, 257),
    2: (1, 2, 32, 33, 56, 63, 64, 65, 112, 128),
    3: (1, 2, 12, 16, 17),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One axis of a layer: its image, window, stride and dilation, and its padding in pairs."""

    image: int
    kernel: int
    stride: int
    dilation: int
    pair: tuple[int, int]


def lines(axes: int, padding: str, stream: Stream, *, filtered: bool, dilated: bool) -> list[Line]:
    """Return the axes of a layer. Padding in pairs is about half a window, so that every window holds an element."""
    kernel, stride = stream.weighted(_kernels(axes, filtered=filtered)), stream.weighted(_STRIDES)
    dilation = 2 if dilated and kernel > 1 else 1
    least = shapes.extent(kernel, dilation)
    half, odd = least // 2, int(kernel > 1 and stream.one_in(2))
    pair = {"symmetric": (half, half), "asymmetric": (half, half - odd), "one side": (half, 0)}.get(padding, (0, 0))
    return [
        Line(image=max(stream.one_of(_IMAGES[axes]), least), kernel=kernel, stride=stride, dilation=dilation, pair=pair)
        for _ in range(axes)
    ]


def varied(axis: Line, axes: int, stream: Stream, *, filtered: bool, dilated: bool) -> Line:
    """Return the axis of a rare layer: at times its window, stride or image is not that of the others.

    The image may be too short for the window, and the padding is that of the usual window.
    """
    kernel = stream.weighted(_kernels(axes, filtered=filtered)) if stream.one_in(4) else axis.kernel
    stride = kernel if stream.one_in(8) else stream.weighted(_STRIDES) if stream.one_in(4) else axis.stride
    image = stream.one_of(_RARE_IMAGES[axes]) if stream.one_in(4) else axis.image
    dilation = stream.one_of(_RARE_DILATIONS) if dilated and kernel > 1 else 1
    return replace(axis, image=image, kernel=kernel, stride=stride, dilation=dilation)


def _kernels(axes: int, *, filtered: bool) -> Mapping[int, int]:
    if axes > 2:  # noqa: PLR2004 - volumes
        return _OF_VOLUMES
    return _FILTERS if filtered else _WINDOWS
