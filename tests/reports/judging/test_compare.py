"""The comparison never raises and never lets anything through in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from cases.model.tolerance import Tolerance
from reports.judging.compare import compare, headroom

EXACT = Tolerance(tier="exact", products=1, dtype="float32")
BOUNDED = Tolerance(tier="bounded", products=3, dtype="float32")
UNIT = 2.0**-24

dtypes = st.sampled_from(
    ["float16", "float32", "float64", ">f8", "int64", "uint8", "bool", "complex64", "U3", "S2", "M8[s]"]
)
shapes = nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
arrays = dtypes.flatmap(lambda dtype: nps.arrays(dtype, shapes))
results = st.dictionaries(st.sampled_from(["output", "indices", "other"]), arrays, max_size=2)


def _pair(dtype: str, expected: list[Any], actual: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"output": np.array(expected, dtype)}, {"output": np.array(actual, dtype)}


@settings(max_examples=150, deadline=None)
@given(results, results)
def test_no_two_results_make_it_raise(expected: dict[str, Any], actual: dict[str, Any]) -> None:
    before = {name: array.copy() for name, array in actual.items()}
    assert compare(expected, actual, EXACT) == compare(expected, actual, EXACT)
    assert compare(expected, before, EXACT) == compare(expected, actual, EXACT)


@settings(max_examples=100, deadline=None)
@given(dtypes, shapes, st.data())
def test_the_same_shape_and_dtype_do_not_make_it_raise(dtype: str, shape: tuple[int, ...], data: st.DataObject) -> None:
    expected, actual = (data.draw(nps.arrays(dtype, shape)) for _ in range(2))
    difference = compare({"output": expected}, {"output": actual}, EXACT)
    if (expected != actual).any() and dtype != "M8[s]" and expected.dtype.kind not in "fc":
        assert difference is not None


@settings(max_examples=100, deadline=None)
@given(results)
def test_a_result_does_not_differ_from_itself(expected: dict[str, Any]) -> None:
    assert compare(expected, {name: array.copy() for name, array in expected.items()}, EXACT) is None


@settings(max_examples=60, deadline=None)
@given(nps.arrays("float32", nps.array_shapes(max_dims=4, max_side=3), elements=st.integers(-99, 99)), st.data())
def test_one_changed_element_is_found_where_it_is(expected: Any, data: st.DataObject) -> None:
    position = data.draw(st.tuples(*(st.integers(0, side - 1) for side in expected.shape)))
    actual = expected.copy()
    actual[position] += 5
    difference = compare({"output": expected}, {"output": actual}, EXACT)
    assert difference is not None
    assert (difference.kind, difference.output, difference.position) == ("value", "output", position)
    assert (difference.worst, difference.count, difference.total) == (5.0, 1, expected.size)


def test_the_worst_element_is_the_one_named() -> None:
    difference = compare(*_pair("float32", [1, 2, 3, 4], [1, 3, -4, 4]), EXACT)
    assert difference is not None
    assert (difference.position, difference.worst, difference.count, difference.total) == ((2,), 7.0, 2, 4)
    assert difference.summary == "output differs in 2 of 4 elements, worst at (2,): -4.0, expected 3.0"


def test_names_come_before_shapes_before_dtypes_before_values() -> None:
    expected = {"output": np.zeros((2, 3), "float32")}
    wrong = np.ones((3, 2), "float64")
    kinds = [
        compare(expected, {"indices": wrong}, EXACT),
        compare(expected, {"output": wrong}, EXACT),
        compare(expected, {"output": wrong.reshape(2, 3)}, EXACT),
        compare(expected, {"output": wrong.reshape(2, 3).astype("float32")}, EXACT),
    ]
    assert [difference and difference.kind for difference in kinds] == ["outcome", "shape", "dtype", "value"]


def test_a_summary_names_both_sides() -> None:
    expected = {"output": np.zeros((2, 3), "float32")}
    shape = compare(expected, {"output": np.zeros(6, "float32")}, EXACT)
    dtype = compare(expected, {"output": np.zeros((2, 3))}, EXACT)
    assert shape is not None
    assert dtype is not None
    assert shape.summary == "output has shape (6,), expected (2, 3)"
    assert dtype.summary == "output has dtype float64, expected float32"


@pytest.mark.parametrize("tolerance", [EXACT, BOUNDED])
@pytest.mark.parametrize(
    ("expected", "actual"),
    [(np.nan, 1.0), (1.0, np.nan), (np.inf, -np.inf), (np.inf, 1.0), (1.0, np.inf), (np.nan, np.inf)],
)
def test_nan_and_infinity_are_compared_before_values(expected: float, actual: float, tolerance: Tolerance) -> None:
    right, wrong = _pair("float32", [2, expected], [2, actual])
    right |= {"output_float64": right["output"].astype("float64"), "output_magnitude": np.array([2.0, np.inf])}
    difference = compare(right, wrong, tolerance)
    assert difference is not None
    assert (difference.position, difference.worst, difference.count) == ((1,), np.inf, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_equal_special_values_are_equal(value: float) -> None:
    assert compare(*_pair("float64", [value], [value]), EXACT) is None


@pytest.mark.parametrize(("expected", "actual"), [(0.0, -0.0), (-0.0, 0.0)])
def test_the_sign_of_zero_is_never_silently_equal(expected: float, actual: float) -> None:
    difference = compare(*_pair("float32", [1, expected, expected], [1, actual, expected]), EXACT)
    assert difference is not None
    assert difference.summary == "output differs only in the sign of 1 zeros of 3 elements, first at (1,)"
    assert (difference.kind, difference.position, difference.count) == ("value", (1,), 1)


def test_wrong_indices_are_a_kind_of_their_own() -> None:
    expected = {"output": np.zeros(2, "float32"), "indices": np.array([1, 2**53 + 1])}
    difference = compare(expected, expected | {"indices": np.array([1, 2**53])}, EXACT)
    assert difference is not None
    assert (difference.kind, difference.output, difference.position, difference.count) == ("index", "indices", (1,), 1)


def _bounded(exact: float, magnitude: float, actual: float) -> tuple[dict[str, Any], dict[str, Any]]:
    floats = {"output_float64": np.array([exact]), "output_magnitude": np.array([magnitude])}
    return {"output": np.array([exact], "float32"), **floats}, {"output": np.array([actual], "float32")}


@pytest.mark.parametrize(("units", "differs"), [(0, False), (4, False), (5, False), (6, True), (-5, False), (-6, True)])
def test_bounded_the_limit_is_k_plus_one_units_of_the_magnitude_and_one_of_the_result(
    units: int, *, differs: bool
) -> None:
    """K is 3, magnitude and result are 1, and float32 holds 1 - n u exactly: 4 u + 1 u is the limit."""
    expected, actual = _bounded(-1.0, 1.0, -1.0 + abs(units) * UNIT)
    if units < 0:
        expected, actual = ({name: -array for name, array in side.items()} for side in (expected, actual))
        expected["output_magnitude"] *= -1
    assert (compare(expected, actual, BOUNDED) is not None) is differs


def test_what_an_oracle_returns_beside_its_outputs_is_not_compared() -> None:
    expected, _ = _bounded(1.0, 1.0, 1.0)
    assert compare(expected, dict(expected), BOUNDED) is None


def test_headroom_on_numbers_worked_by_hand() -> None:
    """The error is 2 u; the limit 4 u * 4 + u * 1 = 17 u; noted beyond 8 sqrt(3) u * 4."""
    room = headroom(*_bounded(1.0, 4.0, 1.0 - 2 * UNIT), BOUNDED)
    assert room.of_failing == pytest.approx(2 / 17)
    assert room.of_noted == pytest.approx(2 / (32 * np.sqrt(3)))


def test_headroom_without_a_limit_is_none_or_infinite() -> None:
    assert headroom(*_bounded(0.0, 0.0, 0.0), BOUNDED).of_failing == 0
    assert headroom(*_bounded(0.0, 0.0, 1.0), BOUNDED).of_failing == np.inf
