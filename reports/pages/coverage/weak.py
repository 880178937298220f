"""Weak cases: the right answer is mostly zeros, or one number everywhere.

A wrong implementation may return the same zeros, so a weak case does not count towards coverage.
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
    """Tell whether a case with this right ``output`` proves little.

    Only elements that the inputs can change count. Elements that the definition leaves at zero don't count. The case is
    weak if more than half of the counted elements are zero, or if all of them are equal. A single element makes the
    case weak only if it is zero. A case without counted elements is not weak: an empty output proves that the call is
    accepted, and shows its shape.
    """
    found = output[_reached(case, output.shape)]
    mostly_zeros = 2 * np.count_nonzero(found == 0) > found.size
    return bool(mostly_zeros or (found.size > 1 and (_same(found, found[0])).all()))


def _same(found: npt.NDArray[Any], first: Any) -> Mask:
    """Return where elements equal ``first``. NaN equals NaN."""
    same: Mask = (found == first) | ((found != found) & (first != first))  # noqa: PLR0124 - NaN isn't itself
    return same


def _reached(case: Case, shape: tuple[int, ...]) -> Mask:
    """Return where an element of the inputs can change the output."""
    if case.operator == "max_unpool":
        return _indexed(case, shape)
    if "bias" in case.inputs or is_chosen(case.operator):
        return np.ones(shape, dtype=np.bool_)
    axes = shapes.axes(case)
    sides = [_under_windows(axis) if is_outward(case.operator) else _over_image(axis) for axis in axes]
    plane = functools.reduce(np.logical_and.outer, sides)
    return np.broadcast_to(plane[np.newaxis, ..., np.newaxis], shape)


def _indexed(case: Case, shape: tuple[int, ...]) -> Mask:
    """Return where an index points."""
    mask = np.zeros((shape[0], int(np.prod(shape[1:]))), dtype=np.bool_)
    indices = fill(case)["indices"].reshape(shape[0], -1 if shape[0] else 0)
    np.put_along_axis(mask, indices, values=True, axis=1)
    return mask.reshape(shape)


def _taps(axis: Axis) -> npt.NDArray[np.int64]:
    """Return the positions of each window's elements, [count, kernel]. Positions outside the image are padding."""
    return np.array([axis.positions(window) for window in range(axis.count)], np.int64).reshape(axis.count, axis.kernel)


def _under_windows(axis: Axis) -> Mask:
    """Return which elements of an image lie in a window: [image]."""
    return np.isin(np.arange(axis.image), _taps(axis))


def _over_image(axis: Axis) -> Mask:
    """Return which windows hold an element of the image: [count]."""
    taps = _taps(axis)
    over: Mask = np.any((taps >= 0) & (taps < axis.image), axis=1)
    return over
