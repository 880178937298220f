"""The range and the rounding of each dtype, compared with ml_dtypes, NumPy and exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.model import dtypes

Array = npt.NDArray[Any]
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _every(dtype: Any) -> Array:
    """Return every finite number from 0 up of a dtype of 16 bits, in order, as float64."""
    with np.errstate(invalid="ignore"):  # some are NaN
        upwards = np.arange(2**15, dtype=np.uint16).view(dtype).astype(np.float64)
    return np.asarray(upwards[np.isfinite(upwards)])


def _same(actual: Array, expected: Array) -> None:
    """Check that two arrays are equal bit for bit. All NaN count as equal."""
    np.testing.assert_array_equal(actual, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("low", [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
def test_float32_rounds_to_bfloat16_as_ml_dtypes_does(low: int) -> None:
    """Round every upper half of a float32, with the lower halves around a tie. Signs, NaN and inf are among them."""
    values = (np.arange(2**16, dtype=np.uint32) << 16 | low).view(np.float32)
    actual = dtypes.rounded(values, "bfloat16")
    assert actual.dtype == np.float32
    with np.errstate(invalid="ignore"):
        _same(actual, values.astype(BFLOAT16).astype(np.float32))


def test_any_float32_rounds_to_bfloat16_as_ml_dtypes_does() -> None:
    values = np.random.default_rng(1).integers(0, 2**32, 10**6, dtype=np.uint32).view(np.float32)
    with np.errstate(invalid="ignore"):
        _same(dtypes.rounded(values, "bfloat16"), values.astype(BFLOAT16).astype(np.float32))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_float64_is_rounded_once(dtype: str, sign: int) -> None:
    """Round at, just below and just above every tie, also the last before infinity. In float32 all of them are ties."""
    numbers = _every(BFLOAT16 if dtype == "bfloat16" else np.float16)
    numbers = np.append(numbers, 2 * numbers[-1] - numbers[-2])  # the place of the next number after the last
    below, above = numbers[:-1], np.append(numbers[1:-1], np.inf)
    ties = (below + numbers[1:]) / 2  # exact in float64
    even = np.where(np.arange(len(below)) % 2 == 0, below, above)  # the encoding counts up, so its parity alternates
    for values, expected in (
        (ties, even),
        (np.nextafter(ties, 0), below),
        (np.nextafter(ties, np.inf), above),
        (below, below),
    ):
        _same(dtypes.rounded(sign * values, dtype).astype(np.float64), sign * expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0**-134, 0.0),  # half the smallest subnormal: a tie, and 0 is even
        (1.5 * 2.0**-133, 2.0**-132),  # between the first two subnormals: the second is even
        (-(2.0**-134), -0.0),
        (5e-324, 0.0),
        (1e308, np.inf),
        (-1e308, -np.inf),
        (1 + 2.0**-8, 1.0),
        (1 + 3 * 2.0**-8, 1 + 2.0**-6),
    ],
)
def test_bfloat16_by_hand(value: float, expected: float) -> None:
    _same(dtypes.rounded(np.array([value]), "bfloat16").astype(np.float64), np.array([expected]))


def test_integers_are_rounded_to_bfloat16() -> None:
    assert dtypes.rounded(np.array([255, 256, 257, 258, 259, -257]), "bfloat16").tolist() == [
        *(255, 256, 256, 258, 260, -256)
    ]


def test_shapes_are_kept() -> None:
    for shape in ((), (0, 2), (1, 2, 3)):
        assert dtypes.rounded(np.ones(shape), "bfloat16").shape == shape


@pytest.mark.parametrize("dtype", [*dtypes.FLOATS, *dtypes.INTEGERS])
def test_what_a_dtype_holds_stays(dtype: str) -> None:
    values = dtypes.rounded(np.arange(0, 128), dtype)
    assert values.dtype == dtypes.held(dtype)
    assert values.tolist() == list(range(128))


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_special_values_are_those_of_finfo(dtype: str) -> None:
    info = ml_dtypes.finfo(dtype)
    subnormal = 3 * float(info.smallest_subnormal)
    assert 0 < subnormal < float(info.smallest_normal)
    expected = {
        "nan": np.nan,
        "inf": np.inf,
        "minus_inf": -np.inf,
        "minus_zero": -0.0,
        "subnormal": subnormal,
        "minus_subnormal": -subnormal,
        "largest": float(info.max),
    }
    assert expected.keys() == set(dtypes.SPECIALS)
    for word, value in expected.items():
        actual = np.array([dtypes.special(word, dtype)])
        _same(actual, np.array([value]))
        _same(dtypes.rounded(actual, dtype).astype(np.float64), actual)


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_the_precision_is_that_of_finfo(dtype: str) -> None:
    assert dtypes.PRECISION[dtype] == ml_dtypes.finfo(dtype).nmant + 1
    assert dtypes.UNIT_ROUNDOFF[dtype] == float(ml_dtypes.finfo(dtype).eps) / 2


def _is_multiple(value: float, unit: float) -> bool:
    return (Fraction(value) / Fraction(unit)).denominator == 1


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_the_granule_is_the_largest_power_of_two_that_divides_all(values: list[float]) -> None:
    unit = dtypes.granule(np.array(values))
    if not any(values):
        assert unit == 1
        return
    assert Fraction(unit).numerator == 1 or Fraction(unit).denominator == 1
    assert np.frexp(unit)[0] == 0.5
    assert all(_is_multiple(value, unit) for value in values)
    assert not all(_is_multiple(value, 2 * unit) for value in values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 1.0),
        ([0.0, -0.0], 1.0),
        ([np.nan, np.inf], 1.0),
        ([12, -24, 36], 4.0),
        ([12, np.nan, -36, -np.inf], 4.0),
        ([0.75, 3], 0.25),
        ([2.0**-1074], 2.0**-1074),
        ([3 * 2.0**-149, 1], 2.0**-149),
        ([2.0**1023], 2.0**1023),
    ],
)
def test_the_granule_by_hand(values: list[float], expected: float) -> None:
    assert dtypes.granule(np.array(values)) == expected
