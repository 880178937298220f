"""Which cases prove little: the answer that is right is mostly zeros, or one number everywhere.

Whatever goes wrong in such a case may leave the same zeros behind, so it doesn't count towards coverage.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from cases.model import shapes
from cases.model.case import Case, is_chosen, is_outward
from cases.model.fill import fill
from cases.model.shapes import Axis

Mask = npt.NDArray[np.bool_]


def is_weak(case: Case, output: npt.NDArray[Any]) -> bool:
    """Whether more than half of what a case's inputs can reach in its right ``output`` is zero, or all of it is equal.

    Places that stay zero by the definition, whatever the inputs hold, don't count, and where nothing is left there is
    nothing to be weak: an empty output proves that the call is taken, and its shape. A single element need only not be
    zero.
    """
    found = output[_reached(case, output.shape)]
    mostly_zeros = 2 * np.count_nonzero(found == 0) > found.size
    return bool(mostly_zeros or (found.size > 1 and (_same(found, found[0])).all()))


def _same(found: npt.NDArray[Any], first: Any) -> Mask:
    """NaN is the same as NaN here."""
    same: Mask = (found == first) | ((found != found) & (first != first))  # noqa: PLR0124 - NaN isn't itself
    return same


def _reached(case: Case, shape: tuple[int, ...]) -> Mask:
    """The elements of the output that some element of the inputs can change."""
    if case.operator == "max_unpool":
        return _indexed(case, shape)
    if "bias" in case.inputs or is_chosen(case.operator):
        return np.ones(shape, dtype=np.bool_)
    axes = shapes.axes(case)
    sides = [_under_windows(axis) if is_outward(case.operator) else _over_image(axis) for axis in axes]
    plane = functools.reduce(np.logical_and.outer, sides)
    return np.broadcast_to(plane[np.newaxis, ..., np.newaxis], shape)


def _indexed(case: Case, shape: tuple[int, ...]) -> Mask:
    mask = np.zeros((shape[0], int(np.prod(shape[1:]))), dtype=np.bool_)
    indices = fill(case)["indices"].reshape(shape[0], -1 if shape[0] else 0)
    np.put_along_axis(mask, indices, values=True, axis=1)
    return mask.reshape(shape)


def _taps(axis: Axis) -> npt.NDArray[np.int64]:
    """Where the elements of each window lie on the image, [count, kernel]; beyond it on padding."""
    starts = np.arange(axis.count) * axis.stride - axis.before
    return starts[:, np.newaxis] + np.arange(axis.kernel) * axis.dilation


def _under_windows(axis: Axis) -> Mask:
    """The elements of an image that lie in a window."""
    return np.isin(np.arange(axis.image), _taps(axis))


def _over_image(axis: Axis) -> Mask:
    """The windows that hold an element of the image."""
    taps = _taps(axis)
    over: Mask = np.any((taps >= 0) & (taps < axis.image), axis=1)
    return over
