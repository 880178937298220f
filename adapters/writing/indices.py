"""Indices of max pooling: texts that convert between the canonical index and the index of a framework.

The canonical index is flat over one image of [*spatial, channels]. A framework may count over the image of padding and
all, within the plane of one channel, or through the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from adapters.call import OF_ELEMENTS
from adapters.writing import windows
from cases.model import shapes
from cases.model.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How a framework counts: ``planes`` within one channel, ``batch`` through all images; else canonically.

    ``arange`` is the function that makes a row of numbers there.
    """

    planes: bool = False
    batch: bool = False
    arange: str = "np.arange"


def channels(case: Case) -> int:
    """Return the number of channels that indices count, at least 1: without channels there is no index either."""
    return max(case.inputs["value"].shape[-1], 1)


def unpadded(case: Case, flat: str, of: Convention) -> str:
    """Return the text that turns an index of padded images into one of the images, in the same convention."""
    return _moved(case, flat, of, to_image=True)


def padded(case: Case, flat: str, of: Convention) -> str:
    """Return the text that turns an index of images into one of the padded images, in the same convention."""
    return _moved(case, flat, of, to_image=False)


def _moved(case: Case, flat: str, of: Convention, *, to_image: bool) -> str:
    axes, sign = shapes.axes(case), "-" if to_image else "+"
    images, wholes = [axis.image for axis in axes], [windows.padded_size(axis) for axis in axes]
    source, target = (wholes, images) if to_image else (images, wholes)
    step = unit = 1 if of.planes else channels(case)
    terms = [] if of.planes else [f"{flat} % {unit}"]
    for number in reversed(range(len(axes))):
        place = flat if step == 1 else f"{flat} // {step}"
        place += f" % {source[number]}" if number or of.batch else ""
        place += f" {sign} {axes[number].before}"
        terms.insert(0, place if unit == 1 else f"({place}) * {unit}")
        step, unit = step * source[number], unit * target[number]
    return " + ".join([*([f"{flat} // {step} * {unit}"] if of.batch else []), *terms])


def canonical(case: Case, places: str, of: Convention) -> str:
    """Return the text of the canonical index of places within the planes, which have their channels ahead."""
    count, ones = case.inputs["value"].shape[-1], ", 1" * len(case.strides)
    return f"{places} * {count} + {of.arange}({count}).reshape(-1{ones})"


def through_batch(case: Case, of: Convention) -> str:
    """Return the text that is added to indices which count anew in each image, to count through the batch."""
    batch, *image = case.inputs["value"].shape
    return f"{of.arange}({batch}).reshape(-1{', 1' * len(image)}) * {math.prod(image)}"


def in_plane(case: Case) -> str:
    """Return the text of the canonical ``indices``' places within the plane of their channel."""
    return f"indices // {channels(case)}"


def channels_ahead(case: Case) -> str:
    """Return the text of canonical ``indices`` as places of a flat image whose channels are ahead."""
    count, size = channels(case), math.prod((case.output_shape or ())[1:])
    return f"indices % {count} * {size // count} + {in_plane(case)}"


def points_outside(case: Case) -> bool | None:
    """Tell whether a wrong index lies outside the image, or else in another channel; None if no index is wrong."""
    if case.broken is None or case.broken.rule != OF_ELEMENTS:
        return None
    size = math.prod((case.output_shape or ())[1:])
    return any(not 0 <= index < size for index in case.inputs["indices"].values or ())
