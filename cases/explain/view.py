"""The drawn part of a case: one batch element and one channel of the result, and the tensors that give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cases.explain.parts import Array, NotDrawnError
from cases.model import fill, shapes
from cases.model.case import Case
from cases.model.shapes import Axis

_MOST: Final = 2**18
"""The largest number of cells of a padded image; more take long and show nothing new."""
DRAWN: Final = 4
"""The number of input channels that are drawn; a sum is over all channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words for a spatial axis: its lines, one of its lines, and its two ends."""

    many: str
    one: str
    front: str
    back: str

    def count(self, number: int) -> str:
        """Write a number of lines: ``1 row``, ``2 rows``."""
        return f"{number} {self.one if abs(number) == 1 else self.many}"


_WORDS: Final = (
    Words(many="slices", one="slice", front="in front", back="behind"),
    Words(many="rows", one="row", front="above", back="below"),
    Words(many="columns", one="column", front="on the left", back="on the right"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A valid case, its tensors in float64 (indices in int64), and the batch element and channel that are drawn."""

    case: Case
    axes: tuple[Axis, ...]
    tensors: dict[str, Array]
    batch: int
    channel: int

    @property
    def words(self) -> tuple[Words, ...]:
        """Return the words for each spatial axis."""
        return _WORDS[-len(self.axes) :]

    @property
    def inputs(self) -> range:
        """Return the channels of the value on which the drawn channel of the result depends."""
        if "filter" not in self.tensors:
            return range(self.channel, self.channel + 1)
        size = self.tensors["value"].shape[-1] // self.case.groups
        group = self.channel // (shapes.out_channels(self.case) // self.case.groups)
        return range(group * size, (group + 1) * size)

    @property
    def value(self) -> Array:
        """Return the drawn batch element of the value: [*spatial, inputs]."""
        plane: Array = self.tensors["value"][self.batch, ..., self.inputs.start : self.inputs.stop]
        return plane

    @property
    def filter(self) -> Array:
        """Return the part of the filter that gives the drawn channel: [*kernel, inputs]."""
        whole = self.tensors["filter"]
        if self.case.operator == "conv":
            return whole[..., self.channel]
        inside = self.channel % whole.shape[-2]
        return whole[..., inside, self.inputs.start : self.inputs.stop]

    @property
    def bias(self) -> float:
        """Return the bias of the drawn channel; 0 without a bias."""
        return float(self.tensors["bias"][self.channel]) if "bias" in self.tensors else 0.0


def view(case: Case, batch: int | None, channel: int | None) -> View | None:
    """Choose what is drawn of a valid case: batch element 0 and channel 0 by default; None if the result is empty.

    Raises:
        NotDrawnError: if there is no such batch element or channel, or the image is too large.
    """
    *_, channels = shape = shapes.output_shape(case)
    _in_range("--batch", batch, shape[0], "batch element")
    _in_range("--channel", channel, channels, "channel")
    if 0 in shape:
        return None
    axes = shapes.axes(case)
    cells = int(np.prod([max(axis.full, axis.padded) for axis in axes], dtype=np.float64))
    if cells > _MOST:
        msg = f"{case.id} has an image of {cells} cells with its padding; up to {_MOST} are explained"
        raise NotDrawnError(msg)
    tensors = {name: a if name == "indices" else a.astype(np.float64) for name, a in fill.fill(case).items()}
    return View(case=case, axes=axes, tensors=tensors, batch=batch or 0, channel=channel or 0)


def _in_range(option: str, number: int | None, count: int, what: str) -> None:
    if number is not None and not 0 <= number < count:
        there = f"has {what}s 0 to {count - 1}" if count else f"has no {what}"
        msg = f"{option} {number}: the result {there}"
        raise NotDrawnError(msg)
