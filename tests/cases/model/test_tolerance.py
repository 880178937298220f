"""The bounds, compared with numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from cases.model.dtypes import UNIT_ROUNDOFF
from cases.model.tolerance import Tolerance

MAGNITUDE = np.array([[4.0, 0.0]])
EXPECTED = np.array([[-2.0, 0.0]])
GAPS = {name: float(ml_dtypes.finfo(name).eps) for name in ("float64", "float32", "float16", "bfloat16")} | {
    "tf32": 2.0**-10  # ten explicit bits, by NVIDIA's white paper on the Ampere architecture
}


@pytest.mark.parametrize("dtype", GAPS)
def test_the_unit_roundoff_is_half_the_gap_above_1(dtype: str) -> None:
    assert UNIT_ROUNDOFF[dtype] == GAPS[dtype] / 2


def test_every_unit_roundoff_is_checked() -> None:
    assert UNIT_ROUNDOFF.keys() == GAPS.keys()


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_one_product_is_rounded_once_and_not_cut_off(dtype: str) -> None:
    tolerance = Tolerance(tier="bounded", products=1, dtype=dtype)
    unit = UNIT_ROUNDOFF[dtype]
    exact = np.array([1.0 + 1.5 * unit])  # nearest is one unit in the last place above 1, cutting off gives 1
    nearest, cut = np.array([1.0 + 2 * unit]), np.array([1.0])
    limit = tolerance.fails_beyond(np.abs(exact), exact)
    assert np.abs(nearest - exact) <= limit < np.abs(cut - exact)


def test_fails_beyond_by_hand() -> None:
    """Compare by hand: (9 + 1) u 4 + u 2 = 42 u."""
    tolerance = Tolerance(tier="bounded", products=9, dtype="float32")
    assert tolerance.fails_beyond(MAGNITUDE, EXPECTED).tolist() == [[42 * 2.0**-24, 0.0]]


def test_a_sum_in_a_wider_dtype_is_rounded_once_more_into_the_result() -> None:
    """Add (9 + 1) u 4 for the sum in float32 and u' 2 for the result in bfloat16."""
    tolerance = Tolerance(tier="bounded", products=9, dtype="float32", result="bfloat16")
    assert tolerance.fails_beyond(MAGNITUDE, EXPECTED).tolist() == [[40 * 2.0**-24 + 2 * 2.0**-8, 0.0]]


def test_tf32_rounds_factors_and_returns_float32() -> None:
    tolerance = Tolerance(tier="bounded", products=9, dtype="tf32", result="float32")
    assert tolerance.fails_beyond(MAGNITUDE, EXPECTED).tolist() == [[40 * 2.0**-11 + 2 * 2.0**-24, 0.0]]


def test_the_result_s_dtype_moves_no_note() -> None:
    """Note only the error of the sum: the rounding of the result does not count."""
    wide = Tolerance(tier="bounded", products=9, dtype="float32")
    narrow = Tolerance(tier="bounded", products=9, dtype="float32", result="bfloat16")
    assert wide.noted_beyond(MAGNITUDE).tolist() == narrow.noted_beyond(MAGNITUDE).tolist()


def test_noted_beyond_by_hand() -> None:
    """Compare by hand: 8 sqrt(9) u 4 = 96 u."""
    tolerance = Tolerance(tier="bounded", products=9, dtype="float64")
    assert tolerance.noted_beyond(MAGNITUDE).tolist() == [[96 * 2.0**-53, 0.0]]


@pytest.mark.parametrize("tier", ["exact", "special"])
@pytest.mark.parametrize("dtype", [*UNIT_ROUNDOFF, "int8", "int64"])
def test_the_exact_and_the_special_tier_tolerate_nothing(tier: Any, dtype: str) -> None:
    tolerance = Tolerance(tier=tier, products=9, dtype=dtype)
    assert tolerance.fails_beyond(MAGNITUDE, EXPECTED).tolist() == [[0.0, 0.0]]
    assert tolerance.noted_beyond(MAGNITUDE).tolist() == [[0.0, 0.0]]


def test_a_float32_sum_in_another_order_stays_within() -> None:
    values = np.linspace(-1, 1, 1001).astype(np.float32) ** 3
    forward = np.float32(0)
    for value in values:
        forward += value
    error = abs(float(forward) - float(values.astype(np.float64).sum()))
    tolerance = Tolerance(tier="bounded", products=1001, dtype="float32")
    magnitude = np.asarray(np.abs(values.astype(np.float64)).sum())
    assert 0 < error <= tolerance.noted_beyond(magnitude) < tolerance.fails_beyond(magnitude, np.zeros(()))
