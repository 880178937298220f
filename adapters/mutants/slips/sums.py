"""Slips of arithmetic: sums in a narrower type, digits cut off, products of zeros that are no elements."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from adapters.mutants.call import Array, Call, Tensors, answer
from adapters.oracle import Oracle
from adapters.oracle.windows import under
from cases.model.case import is_outward
from cases.model.dtypes import FLOATS, PRECISION, rounded, smallest, special

_PARTS = 8
"""The number of parts of a long sum: enough to show rounding after each part, and few enough to be fast."""


def read_as(call: Call, dtype: str) -> Tensors:
    """Round the inputs to a narrower type."""
    if not _is_wider(call, dtype):
        return call.right
    return call.again(_each(call.inputs, lambda array: _held(array, dtype)))


def written_as(call: Call, dtype: str) -> Tensors:
    """Round the outputs to a narrower type."""
    if not _is_wider(call, dtype):
        return call.right
    return _each(call.right, lambda array: _held(array, dtype))


def summed_as(call: Call, dtype: str) -> Tensors:
    """Round to a narrower type after each part of a sum over taps and channels."""
    if not _is_wider(call, dtype):
        return call.right
    filter_ = call.inputs["filter"]
    total: Array = np.zeros(call.right["output"].shape)
    numbers = _over_inner(filter_, -1 if is_outward(call.case.operator) else -2)
    for part in range(min(_PARTS, int(numbers.max(initial=0)) + 1)):
        masked = np.where(numbers % _PARTS == part, filter_, 0.0)
        term = call.output(call.unbiased | {"filter": masked})
        total = _held(total + _held(term, dtype), dtype)
    total = _held(total + call.inputs.get("bias", 0.0), dtype)
    # A masked weight is zero, and zero times infinity is NaN. That would be more than rounding.
    return call.edited("output", lambda right: np.where(np.isfinite(right), total, right))


def _over_inner(filter_: Array, inner: int) -> Array:
    """Number the pairs of a tap and an input channel; ``inner`` is the filter's axis of input channels."""
    sizes = list(filter_.shape)
    sizes[-3 - inner] = 1
    return np.arange(math.prod(sizes)).reshape(sizes)


def in_reverse(call: Call) -> Tensors:
    """Sum the products from the last tap to the first."""
    parts = (np.split(call.inputs[name], call.case.groups, axis=-1) for name in ("value", "filter"))
    sums = [_by_taps(call, value, filter_) for value, filter_ in zip(*parts, strict=True)]
    return call.edited("output", lambda _: np.concatenate(sums, axis=-1) + call.inputs.get("bias", 0.0))


def _by_taps(call: Call, value: Array, filter_: Array) -> Array:
    """Return the sums of one group, computed tap by tap from the last one."""
    back = is_outward(call.case.operator)
    sizes = (axis.image if back else axis.count for axis in call.axes)
    total: Array = np.zeros((len(value), *sizes, filter_.shape[-2 if back else -1]))
    for tap in reversed(list(np.ndindex(*(axis.kernel for axis in call.axes)))):
        elements, windows = under(call.axes, tap)
        if back:
            total[elements] += value[windows] @ filter_[tap].T
        else:
            total[windows] += value[elements] @ filter_[tap]
    return total


def cut_off(call: Call) -> Tensors:
    """Cut digits off instead of rounding to the nearest number that the dtype holds."""
    if call.case.dtype not in FLOATS:
        return call.right
    return _each(call.right, lambda array: _cut(array, call.case.dtype))


def _cut(array: Array, dtype: str) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        mantissas, exponents = np.frexp(array)
        exact = np.ldexp(np.trunc(np.ldexp(mantissas, PRECISION[dtype])), exponents - PRECISION[dtype])
    return np.where(np.isfinite(array) & (np.abs(array) > 2**20 * smallest(dtype)), exact, array)


def with_zeros(call: Call) -> Tensors:
    """Multiply also by the zeros between and around the elements; zero times infinity is NaN."""
    return answer(call.case, call.inputs, Oracle("zero_insertion"))


def flushed(call: Call, where: str) -> Tensors:
    """Replace subnormal numbers by zeros, in the inputs or in the outputs."""
    if call.case.dtype not in FLOATS:
        return call.right
    least = special("smallest_normal", call.case.dtype)

    def change(array: Array) -> Array:
        return np.where(np.abs(array) < least, np.copysign(0.0, array), array)

    return call.again(_each(call.inputs, change)) if where == "in" else _each(call.right, change)


def saturated(call: Call) -> Tensors:
    """Replace an infinity in the outputs by the largest number."""
    if call.case.dtype not in FLOATS:
        return call.right
    most = special("largest", call.case.dtype)
    return _each(call.right, lambda array: np.clip(array, -most, most))


def without_nan(call: Call, where: str) -> Tensors:
    """Replace NaN by zeros, in the inputs or in the outputs."""

    def change(array: Array) -> Array:
        return np.where(np.isnan(array), 0.0, array)

    return call.again(_each(call.inputs, change)) if where == "in" else _each(call.right, change)


def positive_zeros(call: Call) -> Tensors:
    """Write every zero without its sign."""
    return {name: array + 0 for name, array in call.right.items()}


def negative_zeros(call: Call) -> Tensors:
    """Write every zero with a minus sign."""
    return call.edited("output", lambda array: np.where(array == 0, -0.0, array))


def off(call: Call, by: float, output: str = "output") -> Tensors:
    """Multiply an output by a number."""
    return call.edited(output, lambda array: array * by)


def raised_by(call: Call, number: float, output: str = "output") -> Tensors:
    """Add a number to every element of an output."""
    return call.edited(output, lambda array: array + number)


def magnitudes(call: Call) -> Tensors:
    """Remove the signs of the inputs."""
    return call.again(_each(call.inputs, np.abs))


def _is_wider(call: Call, dtype: str) -> bool:
    """Tell whether the call's type is wider than ``dtype``, so that rounding can show."""
    return PRECISION[dtype] < PRECISION.get(call.case.dtype, 0)


def _each(tensors: Tensors, change: Callable[[Array], Array]) -> Tensors:
    """Change every tensor except indices."""
    return {name: array if name == "indices" else change(array) for name, array in tensors.items()}


def _held(array: Array, dtype: str) -> Array:
    if dtype != "tf32":
        return rounded(array, dtype).astype(np.float64)
    mantissas, exponents = np.frexp(array)  # tf32 is no dtype: it is float32 with fewer digits and the same exponents
    nearest: Array = np.ldexp(np.rint(np.ldexp(mantissas, PRECISION[dtype])), exponents - PRECISION[dtype])
    return nearest


def zeros_skipped(call: Call) -> Tensors:
    """Leave out the products of zeros in the value, also those with infinities and NaN, which are NaN."""
    value, filter_ = call.inputs["value"], call.inputs["filter"]
    finite = np.isfinite(filter_)
    kept = call.with_tensor("filter", np.where(finite, filter_, 0.0))
    marks = {"value": np.where(value != 0, 1.0, 0.0), "filter": np.where(finite, 0.0, 1.0)}
    met = call.output(marks) > 0  # elements with a product that is not skipped although its weight is not finite
    return call.edited("output", lambda array: np.where(met, array, kept["output"]))


def through_float32(call: Call) -> Tensors:
    """Carry the inputs as float32, integers too."""
    return call.again(_each(call.inputs, lambda array: array.astype(np.float32).astype(np.float64)))


def through_bytes(call: Call) -> Tensors:
    """Carry wider integers in a byte, which wraps around."""
    return call.again(_each(call.inputs, lambda array: array.astype(np.int64).astype(np.int8).astype(np.float64)))
