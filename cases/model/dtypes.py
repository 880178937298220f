"""The dtypes that tensors of a case may have: how they round, what they hold, how a worker's NumPy holds them.

NumPy has no bfloat16 of its own. Inputs of that dtype are float32 arrays whose every element bfloat16 holds, and the
text of a call converts them; so a worker needs no further package to make them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PRECISION: Final = {"float64": 53, "float32": 24, "float16": 11, "tf32": 11, "bfloat16": 8}
"""Bits of the significand, the leading one included. tf32 is how some GPUs read the factors of float32 products."""
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
"""Dtypes of tensors that a wrong call may hold, and that are no real numbers."""
SPECIALS: Final = ("nan", "inf", "minus_inf", "minus_zero", "subnormal", "minus_subnormal", "largest")
"""Words for the values that a sum or a maximum may treat otherwise than a number."""


def held(dtype: str) -> str:
    """The NumPy dtype of an input array: the dtype itself, or float32 for bfloat16."""
    return "float32" if dtype == "bfloat16" else dtype


def smallest(dtype: str) -> float:
    """The smallest number above zero, a subnormal one."""
    return float(2.0 ** (_LEAST_EXPONENT[dtype] - PRECISION[dtype] + 1))


def special(word: str, dtype: str) -> float:
    """What a word of ``SPECIALS`` means, or ``smallest_normal``; ``subnormal`` is three times the smallest one."""
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
    """Values as ``dtype`` rounds them, to nearest and ties to even, in the dtype that ``held`` names."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (_bfloat16(values) if dtype == "bfloat16" else values).astype(held(dtype))


def _bfloat16(values: Array) -> Array:
    """Through float64 and no step between: rounding twice may go the other way at a tie."""
    exact = np.asarray(values, dtype=np.float64)
    _, exponents = np.frexp(exact)
    quantum = np.ldexp(1.0, np.maximum(exponents - 1, _LEAST_EXPONENT["bfloat16"]) - 7)
    nearest = np.rint(exact / quantum) * quantum
    return np.where(
        np.isfinite(exact), np.where(np.abs(nearest) < 2.0**128, nearest, np.copysign(np.inf, exact)), exact
    )


def granule(array: Array) -> float:
    """The largest power of two of which every element is a multiple; 1 for an array without any element but 0.

    Products and sums are exact as long as the sum of magnitudes, over this, needs no more bits than a dtype has.
    """
    finite = np.asarray(array, dtype=np.float64)
    mantissas, exponents = np.frexp(finite[np.isfinite(finite) & (finite != 0)])
    whole = np.abs(mantissas * 2.0**53).astype(np.int64)
    lowest = whole & -whole
    return float((np.ldexp(lowest.astype(np.float64), exponents - 53)).min(initial=np.inf)) if whole.size else 1.0
