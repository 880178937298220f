"""Upper bounds of the sums of a call, from its sizes, its fill rules and its literal numbers.

A call that keeps them is exact in its dtype with any data of its rules, so it stays exact under another id. No oracle
is needed to know it. The oracle checks every case again, from its data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from cases.model import dtypes, shapes
from cases.model.case import Case, TensorSpec, is_chosen, is_outward
from cases.model.fill import MULTIPLE
from cases.model.shapes import Axis

_RANGES: Final = {
    "ones": (1, 1, 1),
    "small": (-2, 2, 1),
    "sparse": (-2, 2, 1),
    "ties": (-2, 1, 1),
    "integers": (-8, 8, 1),
    "wide": (-(2**24), 2**24, 1),
    "broad": (-(2**30), 2**30, 1),
    "long": (-(2**40), 2**40, 1),
    "dozens": (-24, 24, 12),
    "twelves": (-96, 96, 12),
    "multiples": (-8 * MULTIPLE, 8 * MULTIPLE, MULTIPLE),
}
"""Fill rule -> its least number, its greatest, and a divisor of all its numbers."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the numbers of a tensor have in common: the largest magnitude, and a divisor of all of them.

    ``unit`` is a power of two that divides them as well.
    """

    most: float
    divisor: float
    unit: float


def is_exact(case: Case) -> bool:
    """Tell whether every partial sum of a call's outputs and gradients is surely exact in its dtype."""
    limit = _limit(case.dtype)
    if case.operator == "avg_pool" and not _divides(case):
        return False
    return all(most <= limit for most in _sums(case))


def may_round(case: Case) -> bool:
    """Tell whether a call of floats has literal numbers whose sums may round."""
    terms = ("cotangent",) if is_chosen(case.operator) else ("value", "filter", "bias", "cotangent")
    specs = [case.inputs[name] for name in terms if name in case.inputs]
    if case.dtype not in dtypes.FLOATS or all(spec.fill != "literal" for spec in specs):
        return False
    return all(spec.fill in {"literal", *_RANGES} for spec in specs) and not is_exact(case)


def _limit(dtype: str) -> float:
    """Return the largest magnitude up to which a dtype, and the oracle's float64, hold every integer."""
    if dtype in dtypes.INTEGERS:
        return float(min(np.iinfo(dtype).max, 2**53 - 1))
    return min(2.0 ** dtypes.PRECISION[dtype] - 1, dtypes.special("largest", dtype))


def _numbers(spec: TensorSpec) -> _Numbers:
    if spec.fill == "literal":
        return _of_literals(dtypes.rounded(np.array(spec.values, np.float64), spec.dtype).astype(np.float64))
    low, high, divisor = _RANGES[spec.fill]
    most = high - min(low, 0) + divisor if spec.dtype.startswith("u") else max(-low, high)
    return _Numbers(most, divisor, dtypes.granule(np.array(divisor)) if spec.dtype in dtypes.FLOATS else 1.0)


def _of_literals(values: dtypes.Array) -> _Numbers:
    most, unit = float(np.abs(values).max(initial=0.0)), dtypes.granule(values)
    if most / unit >= 2.0**53:  # the sums of such numbers are no multiples that float64 counts
        return _Numbers(most, unit, unit)
    return _Numbers(most, (math.gcd(*map(int, values / unit)) or 1) * unit, unit)


def _sums(case: Case) -> Iterator[float]:
    """Yield a bound for each output and gradient that is a sum, as a multiple of the unit of its terms."""
    if "filter" in case.inputs:
        yield from _sums_of_products(case)
    elif case.operator == "avg_pool":
        yield from _sums_of_means(case)
    elif case.operator == "avg_unpool":
        yield _bound(_over(case), _numbers(case.inputs["value"]))
        if case.gradients:
            yield _bound(_area(case), _numbers(case.inputs["cotangent"]))
    elif case.operator.startswith("max_pool") and case.gradients:
        yield _bound(_over(case), _numbers(case.inputs["cotangent"]))


def _bound(count: int, *factors: _Numbers) -> float:
    """Return the largest sum of so many products, as a multiple of the products' unit."""
    return count * math.prod(factor.most / factor.unit for factor in factors)


def _sums_of_products(case: Case) -> Iterator[float]:
    value, weight = _numbers(case.inputs["value"]), _numbers(case.inputs["filter"])
    inward, outward = _area(case), _over(case)
    if is_outward(case.operator):
        inward, outward = outward, inward
    inner, outer = case.inputs["value"].shape[-1] // case.groups, shapes.out_channels(case) // case.groups
    yield _with_bias(case, _bound(inward * inner, value, weight), value.unit * weight.unit)
    if case.gradients:
        back, batch = _numbers(case.inputs["cotangent"]), case.inputs["value"].shape[0]
        yield _bound(outward * outer, back, weight)
        yield _bound(batch * math.prod(shapes.window_counts(case)), back, value)
        yield _bound(math.prod(shapes.output_shape(case)[:-1]), back)


def _with_bias(case: Case, bound: float, unit: float) -> float:
    """Return the bound of a sum, as a multiple of a unit, with the bias added: as a multiple of the lesser unit."""
    if "bias" not in case.inputs:
        return bound
    bias = _numbers(case.inputs["bias"])
    return (bound * unit + bias.most) / min(unit, bias.unit)


def _sums_of_means(case: Case) -> Iterator[float]:
    """Yield the bounds of a mean and of its gradient. Its terms are multiples of a power of two, or of a part of it."""
    yield _bound(_area(case), _numbers(case.inputs["value"]))
    if case.gradients:
        back = _numbers(case.inputs["cotangent"])
        share = back.unit / 2 ** (max(_divisors(case) | {_area(case)}).bit_length() - 1)
        yield _over(case) * back.most / min(_divisors(case)) / share


def _divides(case: Case) -> bool:
    """Tell whether each mean and each share of a gradient is a number of the dtype: a float may halve."""
    divisors = [_numbers(case.inputs[name]).divisor for name in ("value", "cotangent") if name in case.inputs]
    halves = 2**20 if case.dtype in dtypes.FLOATS else 1
    return all(divisor * halves % by == 0 for by in _divisors(case) for divisor in divisors)


def _divisors(case: Case) -> set[int]:
    """Return the numbers that means are divided by; 1 if no window holds an element.

    A framework whose means have no other divisor than a window's elements divides by their number first.
    """
    area = set() if case.divisor is None else {_area(case)}
    if isinstance(case.divisor, int):
        return {case.divisor} | area
    return (shapes.areas(shapes.axes(case), case.divisor) - {0} or {1}) | area


def _area(case: Case) -> int:
    return math.prod(shapes.kernel_size(case))


def _over(case: Case) -> int:
    """Return a bound of the number of windows that hold one and the same element."""
    return math.prod(map(_over_along, shapes.axes(case)))


def _over_along(axis: Axis) -> int:
    step = axis.stride // math.gcd(axis.stride, axis.dilation)
    return min(axis.count, -(-axis.kernel // step))
