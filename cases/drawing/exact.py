"""Upper bounds of the sums of a call, from its sizes and fill rules. No tensor is made.

A call that keeps them is exact in its dtype with any data of its rules. So no oracle is needed to draw a call, and the
call stays exact under another id. The oracle's tests check the drawn files as they check all others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from cases.model import dtypes, shapes
from cases.model.case import Case, is_outward
from cases.model.fill import MULTIPLE
from cases.model.shapes import Axis

_RANGES: Final = {
    "ones": (1, 1, 1),
    "small": (-2, 2, 1),
    "ties": (-2, 1, 1),
    "integers": (-8, 8, 1),
    "wide": (-(2**24), 2**24, 1),
    "dozens": (-24, 24, 12),
    "twelves": (-96, 96, 12),
    "multiples": (-8 * MULTIPLE, 8 * MULTIPLE, MULTIPLE),
}
"""Fill rule -> its least number, its greatest, and a divisor of all its numbers."""

_SPARSE: Final = 8
"""The most elements of an image for each window that shows something."""


def is_exact(case: Case) -> bool:
    """Tell whether every partial sum of a call's outputs and gradients is surely exact in its dtype."""
    limit = _limit(case.dtype)
    if case.operator == "avg_pool" and not _divides(case):
        return False
    return all(most <= limit for most in _sums(case))


def products(case: Case) -> int:
    """Return the number of products or terms of a call: its windows, times their elements, times channels."""
    batch, *_, channels = case.inputs["value"].shape
    counts = math.prod(axis.count * axis.kernel for axis in shapes.axes(case))
    return batch * counts * (channels // case.groups * shapes.out_channels(case) if _filtered(case) else channels)


def elements(case: Case) -> int:
    """Return the number of elements of the largest tensor of a call."""
    inputs = [spec.shape for spec in case.inputs.values()]
    return max(math.prod(shape) for shape in [*inputs, shapes.output_shape(case)])


def least_elements(case: Case) -> int:
    """Return the number of elements of the value or of the output, whichever is less."""
    return min(math.prod(case.inputs["value"].shape), math.prod(shapes.output_shape(case)))


def is_sparse(case: Case) -> bool:
    """Tell whether windows are so few that a tensor with one element for each of them is nearly all zeros."""
    return math.prod(shapes.window_counts(case)) * _SPARSE < math.prod(shapes.image_size(case))


def has_empty_window(case: Case) -> bool:
    """Tell whether some window holds padding alone, which has no maximum and no average."""
    return any(not axis.inside(window) for axis in shapes.axes(case) for window in range(axis.count))


def _filtered(case: Case) -> bool:
    return "filter" in case.inputs


def _limit(dtype: str) -> float:
    """Return the largest magnitude up to which a dtype, and the oracle's float64, hold every integer."""
    if dtype in dtypes.INTEGERS:
        return float(min(np.iinfo(dtype).max, 2**53 - 1))
    return min(2.0 ** dtypes.PRECISION[dtype] - 1, dtypes.special("largest", dtype))


def _magnitude(case: Case, name: str) -> float:
    spec = case.inputs[name]
    low, high, divisor = _RANGES[spec.fill]
    return high - min(low, 0) + divisor if spec.dtype.startswith("u") else max(-low, high)


def _sums(case: Case) -> Iterator[float]:
    """Yield a bound for each output and gradient that is a sum, as a multiple of the unit of its terms."""
    if _filtered(case):
        yield from _sums_of_products(case)
    elif case.operator == "avg_pool":
        yield from _sums_of_means(case)
    elif case.operator == "avg_unpool":
        yield _over(case) * _magnitude(case, "value")
        if case.gradients:
            yield _area(case) * _magnitude(case, "cotangent")
    elif case.operator.startswith("max_pool") and case.gradients:
        yield _over(case) * _magnitude(case, "cotangent")


def _sums_of_products(case: Case) -> Iterator[float]:
    value, weight = _magnitude(case, "value"), _magnitude(case, "filter")
    inward, outward = _area(case), _over(case)
    if is_outward(case.operator):
        inward, outward = outward, inward
    inner, outer = case.inputs["value"].shape[-1] // case.groups, shapes.out_channels(case) // case.groups
    yield inward * inner * value * weight + (_magnitude(case, "bias") if "bias" in case.inputs else 0)
    if case.gradients:
        back, batch = _magnitude(case, "cotangent"), case.inputs["value"].shape[0]
        yield outward * outer * back * weight
        yield batch * math.prod(shapes.window_counts(case)) * back * value
        yield math.prod(shapes.output_shape(case)[:-1]) * back


def _sums_of_means(case: Case) -> Iterator[float]:
    """Yield the bounds of a mean and of its gradient. Its terms are multiples of a power of two, or of a part of it."""
    unit = dtypes.granule(np.array(_RANGES[case.inputs["value"].fill][2])) if case.dtype in dtypes.FLOATS else 1.0
    yield _area(case) * _magnitude(case, "value") / unit
    if case.gradients:
        share = unit / 2 ** (_area(case).bit_length() - 1)
        yield _over(case) * _magnitude(case, "cotangent") / min(_areas(case)) / share


def _divides(case: Case) -> bool:
    """Tell whether each mean is a number of the dtype: a float may halve, and an integer may not."""
    divisor = _RANGES[case.inputs["value"].fill][2]
    halves = 2**20 if case.dtype in dtypes.FLOATS else 1
    return all(divisor * halves % area == 0 for area in _areas(case))


def _areas(case: Case) -> set[int]:
    """Return the numbers of elements of the image that a window can hold; 1 if there is no window."""
    lengths = [{len(axis.inside(window)) for window in range(axis.count)} for axis in shapes.axes(case)]
    return {math.prod(sides) for sides in itertools.product(*lengths)} or {1}


def _area(case: Case) -> int:
    return math.prod(shapes.kernel_size(case))


def _over(case: Case) -> int:
    """Return a bound of the number of windows that hold one and the same element."""
    return math.prod(map(_over_along, shapes.axes(case)))


def _over_along(axis: Axis) -> int:
    step = axis.stride // math.gcd(axis.stride, axis.dilation)
    return min(axis.count, -(-axis.kernel // step))
