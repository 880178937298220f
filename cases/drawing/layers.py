"""Sizes of layers as networks have them: the same window along every axis, many channels, and images of some size.

Kernels of real backends choose their ways by several of these sizes at once, and gradients have ways of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cases.drawing.stream import Stream
from cases.model import shapes

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


def _kernels(axes: int, *, filtered: bool) -> Mapping[int, int]:
    if axes > 2:  # noqa: PLR2004 - volumes
        return _OF_VOLUMES
    return _FILTERS if filtered else _WINDOWS
