"""The small pictures, RGB of 0 to 255. Zero is mid grey; all projections of one activation have the same scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from reports.deconvnet.choose import Box
from reports.deconvnet.study import Distance, Projection, Study, TargetAnswers, counterpart, distance

Array = npt.NDArray[Any]
SIDE: Final = 224
"""The length in pixels of a panel's longer side."""
GREY: Final = 128
_REACH: Final = 127
_ODD: Final = (255, 0, 255)
"""The colour of NaN and infinities."""
_MARK: Final = (255, 212, 0)
"""The colour of the frame around a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A picture or, in its place, a text; with a title above and a caption below."""

    title: str
    caption: str = ""
    pixels: Array | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of the oracle's activations: its part of the image, every projection, and the differences from the oracle."""

    title: str
    panels: tuple[Panel, ...]


def rows(study: Study) -> list[Row]:
    """Return a row for each of the oracle's projections."""
    return [_row(study, wanted) for wanted in study.answers[0].projections]


def _row(study: Study, wanted: Projection) -> Row:
    found = [(answer, _shown(answer, wanted)) for answer in study.answers]
    scale = largest(one.pixels for _, one in found if one is not None and one.pixels is not None)
    crop = Panel(title="image", caption=str(wanted.field), pixels=marked(study.image, wanted.field, wanted.view))
    projections = [_projected(answer, one, wanted, scale) for answer, one in found]
    gone = [Panel(title=name, text=why) for name, why in study.missing.items()]
    differences = [_difference(answer, one, wanted, scale) for answer, one in found[1:]]
    title = f"{wanted.rank}. {study.facts['layer']}, {wanted.activation}"
    return Row(title=title, panels=(crop, *projections, *gone, *differences))


def _shown(answer: TargetAnswers, wanted: Projection) -> Projection | None:
    """Return the target's projection of the same element, or else its own projection of this rank."""
    ranked = {one.rank: one for one in answer.projections}
    return counterpart(answer, wanted) or ranked.get(wanted.rank)


def _projected(answer: TargetAnswers, one: Projection | None, wanted: Projection, scale: float) -> Panel:
    if one is None or one.pixels is None:
        return Panel(title=answer.target, text=one.fault if one else answer.fault or "it has no such activation")
    said = f"activation {one.activation.value:.6g}"
    if one.activation.place != wanted.activation.place:
        said = f"chose {one.activation} instead"
    elif one.rank != wanted.rank:
        said += f", number {one.rank} of this target"
    return Panel(title=answer.target, caption=said, pixels=coloured(one.view.of(one.pixels), scale))


def _difference(answer: TargetAnswers, one: Projection | None, wanted: Projection, scale: float) -> Panel:
    title = f"{answer.target} - oracle"
    if one is None or one.pixels is None or wanted.pixels is None:
        return Panel(title=title, text="nothing to compare")
    if one.activation.place != wanted.activation.place:
        return Panel(title=title, text="another activation: nothing to compare")
    apart = distance(one.pixels, wanted.pixels)
    if apart.most == 0:
        return Panel(title=title, text="bits equal" if apart.same else "equal but for the signs of zeros")
    factor = amplification(scale, apart)
    error = wanted.view.of(one.pixels.astype(np.float64) - wanted.pixels)
    caption = f"times {factor:,.7g}; at most {apart.most:.2g}"
    return Panel(title=title, caption=caption, pixels=coloured(error * factor, scale))


def largest(arrays: Iterable[Array]) -> float:
    """Return the largest finite magnitude in the arrays; 1 if there is none above 0."""
    found = [np.abs(array[np.isfinite(array)]).max(initial=0.0) for array in arrays]
    return float(max(found, default=0.0)) or 1.0


def amplification(scale: float, apart: Distance) -> float:
    """Return the largest factor 1, 2 or 5, times a power of ten, by which the differences still fit the scale."""
    if not math.isfinite(apart.most):
        return 1.0
    room = scale / apart.most
    power = 10.0 ** math.floor(math.log10(room))
    return float(max(digit * power for digit in (1, 2, 5) if digit * power <= room or digit == 1))


def coloured(values: Array, scale: float) -> Array:
    """Draw a tensor [height, width, 3]: in each colour ``-scale`` is black, 0 is mid grey and ``scale`` is white."""
    finite = np.isfinite(values).all(axis=-1, keepdims=True)
    shares = np.clip(np.where(np.isfinite(values), values, 0.0).astype(np.float64) / scale, -1.0, 1.0)
    return sized(np.where(finite, np.rint(GREY + _REACH * shares), _ODD).astype(np.uint8))


def marked(image: Array, field: Box, view: Box) -> Array:
    """Draw the part of an RGB image that is in view, with a frame around the field."""
    part = sized(view.of(image)).copy()
    down, along = part.shape[0] / (view.bottom - view.top), part.shape[1] / (view.right - view.left)
    top, bottom = round((field.top - view.top) * down), round((field.bottom - view.top) * down) - 1
    left, right = round((field.left - view.left) * along), round((field.right - view.left) * along) - 1
    part[[top, top + 1, bottom - 1, bottom], left : right + 1] = _MARK
    part[top : bottom + 1, [left, left + 1, right - 1, right]] = _MARK
    return part


def sized(image: Array) -> Array:
    """Scale a picture to the size of a panel; the pixels of a smaller picture become rectangles."""
    height, width = image.shape[:2]
    by = SIDE / max(height, width)
    form = Image.Resampling.NEAREST if by >= 1 else Image.Resampling.BOX
    size = max(round(width * by), 1), max(round(height * by), 1)
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, form))
