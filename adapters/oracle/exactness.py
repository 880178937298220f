"""Rounding of an exact result to a dtype, and the check that a case of the exact tier is exact.

In the exact tier every product and every sum is exact in the case's own dtype, in any order, so every correct
implementation returns the same bits. So is every sum of a case with special values that no special value is in. This is
checked here for each case, from its data. A case whose numbers are too large for its dtype is a mistake of the suite,
never a difference of a framework.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle.pooling import divisors
from adapters.oracle.windows import Array
from cases.model import shapes
from cases.model.case import INDEX_DTYPE, Case, is_chosen
from cases.model.dtypes import INTEGERS, PRECISION, granule, rounded, smallest, special

Tensors = dict[str, npt.NDArray[Any]]


class NotExact(Exception):  # noqa: N818 - a statement about a case
    """A case whose bits are compared has a sum that its dtype doesn't hold: a mistake of the suite."""


class Overflowing(NotExact, NotSupported):
    """A sum that an integer dtype doesn't hold, on the way or at the end: it has no canonical answer."""


def cast(case: Case, name: str, array: Array) -> npt.NDArray[Any]:
    """Round an output or a gradient to the case's dtype; convert indices to their own dtype."""
    if name == "indices":
        return array.astype(INDEX_DTYPE)
    nearest = rounded(array, case.dtype)
    if case.dtype == "bfloat16":
        import ml_dtypes  # noqa: PLC0415 - needed for bfloat16 only

        return nearest.astype(ml_dtypes.bfloat16)
    return nearest


def check(case: Case, inputs: Tensors, exact: Tensors, magnitudes: Tensors) -> None:
    """Check that every partial sum of a case's results is exact in its dtype.

    All terms are multiples of one power of two. The sum of their magnitudes bounds every partial sum, in any order. So
    it is enough that this sum, as a number of multiples, fits the significand.

    Raises:
        NotExact: if some partial sum may not be exact.
    """
    if is_chosen(case.operator):
        _check(case, "output", exact["output"], np.abs(exact["output"]), 0.0)
    for name, array in exact.items():
        if name != "indices" and not (name == "output" and is_chosen(case.operator)):
            _check(case, name, array, *_terms(case, name, magnitudes[name], inputs))


def _terms(case: Case, name: str, magnitude: Array, inputs: Tensors) -> tuple[Array, float]:
    """Return the sums of the terms' magnitudes, and a power of two that divides all terms."""
    unit = math.prod(granule(inputs[factor]) for factor in _factors(case, name))
    if name == "output" and "bias" in inputs:
        unit = min(unit, granule(inputs["bias"]))
    if case.operator != "avg_pool":
        return magnitude, unit
    if name == "output":
        return magnitude * divisors(shapes.axes(case), case.divisor), unit
    return magnitude, _share(case, unit)


def _share(case: Case, unit: float) -> float:
    """Return a power of two that divides every exact quotient of a multiple of ``unit`` by a mean's divisor."""
    area = math.prod(shapes.kernel_size(case))
    most = max(area, case.divisor) if isinstance(case.divisor, int) else area
    return float(unit / 2 ** int(math.log2(most)))


def _factors(case: Case, name: str) -> list[str]:
    """Return the names of the inputs that are multiplied in a term of an output or a gradient."""
    tensors: list[str] = [tensor for tensor in ("value", "filter") if tensor in case.inputs]
    if name == "output":
        return tensors
    others = [tensor for tensor in tensors if f"{tensor}_gradient" != name]
    return [*(others if len(tensors) > 1 and name != "bias_gradient" else []), "cotangent"]


def _check(case: Case, name: str, array: Array, magnitude: Array, unit: float) -> None:
    """Check one output or gradient. All terms are multiples of ``unit``; it is 0 if nothing is summed."""
    lost = (rounded(array, case.dtype).astype(np.float64) != array) | (magnitude > _most(case.dtype, unit))
    if case.dtype in {
        "float64",
        "int64",
    }:  # the oracle computes in float64, which rounds one more than the most to the most
        lost |= magnitude >= _most("float64", unit if case.dtype == "float64" else 1.0)
    if case.operator == "avg_pool" and array.any() and granule(array) < _share(case, unit):
        lost |= True  # a mean without a finite binary expansion
    if lost.any():
        first = float(array[lost][0])
        why = "of the exact tier" if case.tier == "exact" else "of special values, beside which no sum may round"
        msg = f"{case.id}: {case.dtype} doesn't hold {name} {first}, or a sum on the way to it, and the case is {why}"
        raise Overflowing(msg) if case.dtype in INTEGERS else NotExact(msg)


def _most(dtype: str, unit: float) -> float:
    """Return the largest sum of magnitudes with which sums of multiples of ``unit`` are exact; infinity for a 0."""
    if unit == 0:
        return math.inf
    if dtype in INTEGERS:
        return float(np.iinfo(dtype).max)
    if unit < smallest(dtype):
        return 0.0
    return min(2.0 ** PRECISION[dtype] * unit, special("largest", dtype))


def products(case: Case) -> int:
    """Return the largest number of products, or terms, in the sum of an output element; 1 if it is only chosen."""
    if is_chosen(case.operator):
        return 1
    channels = case.inputs["value"].shape[-1] // case.groups if "filter" in case.inputs else 1
    return math.prod(shapes.kernel_size(case)) * channels + ("bias" in case.inputs)
