"""What of a case is drawn: one batch element and one channel of the result, and what they are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cases.explain.parts import Array, NotDrawnError
from cases.model import fill, shapes
from cases.model.case import Case
from cases.model.shapes import Axis

_MOST: Final = 2**18
"""Cells of a padded image: more take long, and show on a page what fewer do."""
DRAWN: Final = 4
"""Input channels that are drawn; a sum is over all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people call a spatial axis: its lines, one of them, and its two ends."""

    many: str
    one: str
    front: str
    back: str

    def count(self, number: int) -> str:
        """``1 row``, ``2 rows``."""
        return f"{number} {self.one if abs(number) == 1 else self.many}"


_WORDS: Final = (
    Words(many="slices", one="slice", front="in front", back="behind"),
    Words(many="rows", one="row", front="above", back="below"),
    Words(many="columns", one="column", front="on the left", back="on the right"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A valid case, its tensors in float64 (indices int64), and what of it is drawn."""

    case: Case
    axes: tuple[Axis, ...]
    tensors: dict[str, Array]
    batch: int
    channel: int

    @property
    def words(self) -> tuple[Words, ...]:
        """What each spatial axis is called."""
        return _WORDS[-len(self.axes) :]

    @property
    def inputs(self) -> range:
        """The channels of the value that the drawn channel of the result depends on."""
        if "filter" not in self.tensors:
            return range(self.channel, self.channel + 1)
        size = self.tensors["value"].shape[-1] // self.case.groups
        group = self.channel // (shapes.out_channels(self.case) // self.case.groups)
        return range(group * size, (group + 1) * size)

    @property
    def value(self) -> Array:
        """The drawn batch element of the value: [*spatial, inputs]."""
        plane: Array = self.tensors["value"][self.batch, ..., self.inputs.start : self.inputs.stop]
        return plane

    @property
    def filter(self) -> Array:
        """What of the filter makes the drawn channel: [*kernel, inputs]."""
        whole = self.tensors["filter"]
        if self.case.operator == "conv":
            return whole[..., self.channel]
        inside = self.channel % whole.shape[-2]
        return whole[..., inside, self.inputs.start : self.inputs.stop]

    @property
    def bias(self) -> float:
        """What is added to the drawn channel; 0 without a bias."""
        return float(self.tensors["bias"][self.channel]) if "bias" in self.tensors else 0.0


def view(case: Case, batch: int | None, channel: int | None) -> View | None:
    """What is drawn of a valid case: element 0 and channel 0 if none is named; None if the result holds no element.

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
        last = f"the result's go from 0 to {count - 1}" if count else "the result has none"
        msg = f"{option} {number}: there is no such {what}; {last}"
        raise NotDrawnError(msg)
