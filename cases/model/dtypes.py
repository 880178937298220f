"""The dtypes of a case's tensors: their rounding, their range, and the NumPy dtypes that hold them.

NumPy has no bfloat16. Inputs of that dtype are float32 arrays, and bfloat16 can hold each of their elements. The text
of a call converts them, so a worker needs no further package to make them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PRECISION: Final = {"float64": 53, "float32": 24, "float16": 11, "tf32": 11, "bfloat16": 8}
"""Bits of the significand, with the leading bit. Some GPUs round the factors of float32 products to tf32."""
UNIT_ROUNDOFF: Final = {name: 2.0**-bits for name, bits in PRECISION.items()}
_LEAST_EXPONENT: Final = {"float64": -1022, "float32": -126, "float16": -14, "bfloat16": -126}
_LARGEST: Final[dict[str, Any]] = {
    "float64": np.finfo(np.float64).max,
    "float32": np.finfo(np.float32).max,
    "float16": np.finfo(np.float16).max,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
}
FLOATS: Final = tuple(_LARGEST)
INTEGERS: Final = ("int8", "uint8", "int16", "int32", "int64")
OTHERS: Final = ("bool", "complex64")
"""The dtypes that only a wrong call has: they hold no real numbers."""
SPECIALS: Final = ("nan", "inf", "minus_inf", "minus_zero", "subnormal", "minus_subnormal", "largest")
"""Words for the values that a sum or a maximum may treat differently from other numbers."""


def held(dtype: str) -> str:
    """Return the NumPy dtype of an input array: the dtype itself, or float32 for bfloat16."""
    return "float32" if dtype == "bfloat16" else dtype


def smallest(dtype: str) -> float:
    """Return the smallest number above zero, which is subnormal."""
    return float(2.0 ** (_LEAST_EXPONENT[dtype] - PRECISION[dtype] + 1))


def special(word: str, dtype: str) -> float:
    """Return the value of a word of ``SPECIALS``, or of ``smallest_normal``. ``subnormal`` is 3 times ``smallest``."""
    return {
        "nan": np.nan,
        "inf": np.inf,
        "minus_inf": -np.inf,
        "minus_zero": -0.0,
        "subnormal": 3 * smallest(dtype),
        "minus_subnormal": -3 * smallest(dtype),
        "smallest_normal": 2.0 ** _LEAST_EXPONENT[dtype],
        "largest": float(_LARGEST[dtype]),
    }[word]


def rounded(values: Array, dtype: str) -> Array:
    """Round values to ``dtype``, to nearest and ties to even. The array has the dtype that ``held`` returns."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (_bfloat16(values) if dtype == "bfloat16" else values).astype(held(dtype))


def _bfloat16(values: Array) -> Array:
    """Round values to bfloat16 from float64, in one step: rounding twice could go the other way at a tie."""
    exact = np.asarray(values, dtype=np.float64)
    _, exponents = np.frexp(exact)
    quantum = np.ldexp(1.0, np.maximum(exponents - 1, _LEAST_EXPONENT["bfloat16"]) - 7)
    nearest = np.rint(exact / quantum) * quantum
    return np.where(
        np.isfinite(exact), np.where(np.abs(nearest) < 2.0**128, nearest, np.copysign(np.inf, exact)), exact
    )


def granule(array: Array) -> float:
    """Return the largest power of two that divides every element; 1 for an array of zeros alone.

    Products and sums are exact as long as the sum of magnitudes, divided by this number, needs no more bits than the
    dtype has.
    """
    finite = np.asarray(array, dtype=np.float64)
    mantissas, exponents = np.frexp(finite[np.isfinite(finite) & (finite != 0)])
    whole = np.abs(mantissas * 2.0**53).astype(np.int64)
    lowest = whole & -whole
    return float((np.ldexp(lowest.astype(np.float64), exponents - 53)).min(initial=np.inf)) if whole.size else 1.0
