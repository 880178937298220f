"""The bounds, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cases.tolerance import UNIT_ROUNDOFF, Tolerance

MAGNITUDE = np.array([[4.0, 0.0]])
EXPECTED = np.array([[-2.0, 0.0]])


@pytest.mark.parametrize("dtype", UNIT_ROUNDOFF)
def test_the_unit_roundoff_is_half_the_gap_above_1(dtype: str) -> None:
    assert UNIT_ROUNDOFF[dtype] == float(np.finfo(dtype).eps) / 2


def test_fails_beyond_by_hand() -> None:
    """(9 + 1) u 4 + u 2 = 42 u."""
    tolerance = Tolerance(tier="bounded", products=9, dtype="float32")
    assert tolerance.fails_beyond(MAGNITUDE, EXPECTED).tolist() == [[42 * 2.0**-24, 0.0]]


def test_noted_beyond_by_hand() -> None:
    """8 sqrt(9) u 4 = 96 u."""
    tolerance = Tolerance(tier="bounded", products=9, dtype="float64")
    assert tolerance.noted_beyond(MAGNITUDE).tolist() == [[96 * 2.0**-53, 0.0]]


@pytest.mark.parametrize("dtype", UNIT_ROUNDOFF)
def test_the_exact_tier_tolerates_nothing(dtype: str) -> None:
    tolerance = Tolerance(tier="exact", products=9, dtype=dtype)
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
