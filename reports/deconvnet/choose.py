"""The choice of activations, and the part of the image that an activation depends on. All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import shapes
from cases.model.case import Step

Array = npt.NDArray[Any]
_MARGIN: Final = 4
"""The view extends a field on each side by the field's side divided by this, and by at least this many pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One element of a layer's output."""

    channel: int
    y: int
    x: int
    value: float

    @property
    def place(self) -> tuple[int, int, int]:
        """Its channel, y and x, without its value."""
        return self.channel, self.y, self.x

    def __str__(self) -> str:
        return f"channel {self.channel} at ({self.y}, {self.x}): {self.value:.6g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of an image: rows ``top`` to ``bottom`` and columns ``left`` to ``right``, without the last ones."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, image: Array) -> Array:
        """Return this part of an image [height, width, ...], as a view."""
        return image[self.top : self.bottom, self.left : self.right]

    def __str__(self) -> str:
        return f"rows {self.top}-{self.bottom - 1}, columns {self.left}-{self.right - 1}"


def strongest(activations: Array, top: int) -> tuple[Activation, ...]:
    """Return the greatest element of each of the ``top`` channels with the greatest elements, in descending order.

    ``activations`` is [1, height, width, channels]. NaN counts as greater than any number. Of equal elements in a
    channel, the first in row-major order is taken. Of equal channels, the one with the lower number comes first.
    """
    _, _, width, channels = activations.shape
    maps = activations.reshape(-1, channels)
    positions = maps.argmax(axis=0)
    values = maps[positions, np.arange(channels)].astype(np.float64)
    order = np.argsort(np.where(np.isnan(values), -np.inf, -values), kind="stable")[:top]
    return tuple(
        Activation(
            channel=int(channel),
            y=int(positions[channel]) // width,
            x=int(positions[channel]) % width,
            value=float(values[channel]),
        )
        for channel in order
    )


def alone(activations: Array, kept: Activation) -> Array:
    """Return a copy of the activations in which all but one are zero."""
    sparse = np.zeros_like(activations)
    sparse[0, kept.y, kept.x, kept.channel] = activations[0, kept.y, kept.x, kept.channel]
    return sparse


def receptive_field(steps: Iterable[Step], kept: Activation) -> Box:
    """Return the part of the image that an activation after these steps depends on.

    Step by step backwards, a range becomes the range from its first window's first element to its last window's last.
    """
    spans = [(kept.y, kept.y), (kept.x, kept.x)]
    for step in reversed(list(steps)):
        axes = shapes.axes(step.case)
        spans = [_under(axis, *span) for axis, span in zip(axes, spans, strict=True)]
    (top, bottom), (left, right) = spans
    return Box(top=top, left=left, bottom=bottom + 1, right=right + 1)


def _under(axis: shapes.Axis, first: int, last: int) -> tuple[int, int]:
    return max(axis.starts[first], 0), min(axis.starts[last] + axis.extent, axis.image) - 1


def reach(steps: Iterable[Step]) -> tuple[int, ...]:
    """Return the sides of the field of an activation that is far from every border."""
    sides = [1, 1]
    for step in reversed(list(steps)):
        axes = shapes.axes(step.case)
        sides = [(side - 1) * axis.stride + axis.extent for axis, side in zip(axes, sides, strict=True)]
    return tuple(sides)


def around(field: Box, sides: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    """Return the part of an image that shows a field and a margin around it.

    The part is equally large for all fields of a layer: ``sides`` are the sides of a field that no border cuts.
    ``shape`` begins with the image's height and width.
    """
    spans = ((field.top, field.bottom), (field.left, field.right))
    (top, bottom), (left, right) = (_around(*each) for each in zip(spans, sides, shape[:2], strict=True))
    return Box(top=top, left=left, bottom=bottom, right=right)


def _around(span: tuple[int, int], side: int, length: int) -> tuple[int, int]:
    shown = min(side + 2 * max(side // _MARGIN, _MARGIN), length)
    start = min(max((span[0] + span[1] - shown) // 2, 0), length - shown)
    return start, start + shown
