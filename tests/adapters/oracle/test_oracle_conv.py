"""``conv`` against loops over every element, and against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.oracle.conv import conv
from cases.model.shapes import Axis, same_padding, window_count

Array = npt.NDArray[np.float64]


def axis_of(image: int, kernel: int, stride: int, pair: tuple[int, int]) -> Axis:
    count = window_count(image, kernel, stride, pair)
    return Axis(image=image, count=count, kernel=kernel, stride=stride, before=pair[0], after=pair[1])


@st.composite
def drawn_axis(draw: st.DrawFn) -> Axis:
    image, kernel, stride = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    before, after = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    return axis_of(image, kernel, stride, (before, after + max(kernel - image - before - after, 0)))


def naive(value: Array, filter_: Array, rows: Axis, columns: Axis) -> Array:
    """Convolve with four loops over space; the matrix product over channels is NumPy's."""
    result = np.zeros((len(value), rows.count, columns.count, filter_.shape[-1]))
    for i in range(rows.count):
        for j in range(columns.count):
            for tap_i in range(rows.kernel):
                for tap_j in range(columns.kernel):
                    y = i * rows.stride + tap_i - rows.before
                    x = j * columns.stride + tap_j - columns.before
                    if 0 <= y < rows.image and 0 <= x < columns.image:
                        result[:, i, j] += value[:, y, x] @ filter_[tap_i, tap_j]
    return result


@settings(max_examples=200, deadline=None)
@given(rows=drawn_axis(), columns=drawn_axis(), batch=st.integers(0, 2), inner=st.integers(1, 3))
def test_conv_is_what_its_loops_compute(rows: Axis, columns: Axis, batch: int, inner: int) -> None:
    random = np.random.default_rng(1)
    value = random.integers(-8, 9, (batch, rows.image, columns.image, inner)).astype(np.float64)
    filter_ = random.integers(-8, 9, (rows.kernel, columns.kernel, inner, 2)).astype(np.float64)
    actual = conv(value, filter_, (rows, columns))
    np.testing.assert_array_equal(actual, naive(value, filter_, rows, columns), strict=True)


@pytest.mark.parametrize("pair", [same_padding(4, 2, 2), (0, 0)], ids=["SAME", "VALID"])
def test_ones_under_a_filter_that_sums_to_minus_two(pair: tuple[int, int]) -> None:
    filter_ = np.array([[1.0, 0.0], [-1.0, -2.0]]).reshape(2, 2, 1, 1)
    actual = conv(np.ones((1, 4, 4, 1)), filter_, (axis_of(4, 2, 2, pair),) * 2)
    np.testing.assert_array_equal(actual, np.full((1, 2, 2, 1), -2.0), strict=True)


def test_the_filter_is_not_rotated() -> None:
    actual = conv(np.array([[[1.0], [2.0], [3.0]]]), np.array([[[1.0]], [[10.0]]]), (axis_of(3, 2, 1, (0, 0)),))
    assert actual.ravel().tolist() == [21, 32]


def test_same_pads_the_odd_element_after_the_image() -> None:
    axes = (axis_of(3, 2, 1, same_padding(3, 2, 1)),)
    actual = conv(np.array([[[1.0], [2.0], [3.0]]]), np.array([[[1.0]], [[10.0]]]), axes)
    assert actual.ravel().tolist() == [21, 32, 3]


def test_three_axes_sum_over_a_box() -> None:
    actual = conv(
        np.ones((1, 3, 4, 5, 2)), np.ones((2, 3, 4, 2, 1)), tuple(axis_of(n, n - 1, 1, (0, 0)) for n in (3, 4, 5))
    )
    np.testing.assert_array_equal(actual, np.full((1, 2, 2, 2, 1), 48.0), strict=True)
