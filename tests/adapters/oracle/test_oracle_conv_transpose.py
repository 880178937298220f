"""The three forms of ``conv_transpose`` over a grid, and against numbers worked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from adapters.oracle.conv_transpose import matrix, scatter, zero_insertion
from cases.model.shapes import Axis, same_padding, window_count

Array = npt.NDArray[np.float64]
Form = Callable[[Array, Array, tuple[Axis, ...]], Array]


def axis_of(image: int, kernel: int, stride: int, pair: tuple[int, int]) -> Axis:
    count = window_count(image, kernel, stride, pair)
    return Axis(image=image, count=count, kernel=kernel, stride=stride, before=pair[0], after=pair[1])


def grid() -> list[tuple[Axis, Axis]]:
    combinations = []
    for height, kernel, stride, same in product(range(1, 10), (1, 2, 3, 4, 5, 7), range(1, 6), (True, False)):
        if same or kernel <= height:
            pairs = [same_padding(image, kernel, stride) if same else (0, 0) for image in (height, height + 1)]
            rows, columns = (axis_of(height + i, kernel, stride, pair) for i, pair in enumerate(pairs))
            combinations.append((rows, columns))
    return combinations


def integers(shape: tuple[int, ...], seed: int) -> Array:
    """Draw integers from -8 to 8 except 0, so that no product is zero."""
    values = np.random.default_rng(seed).integers(-8, 8, shape).astype(np.float64)
    return values + (values >= 0)


def inputs(axes: tuple[Axis, ...], batch: int = 2, inner: int = 3, outer: int = 2) -> tuple[Array, Array]:
    value = integers((batch, *(axis.count for axis in axes), inner), seed=1)
    return value, integers((*(axis.kernel for axis in axes), outer, inner), seed=2)


def test_the_grid_is_whole() -> None:
    assert len(grid()) == 460


def test_forms_agree_bit_for_bit_over_the_grid() -> None:
    for axes in grid():
        value, filter_ = inputs(axes)
        expected = matrix(value, filter_, axes)
        assert expected.shape == (2, axes[0].image, axes[1].image, 2)
        np.testing.assert_array_equal(scatter(value, filter_, axes), expected, strict=True)
        np.testing.assert_array_equal(zero_insertion(value, filter_, axes), expected, strict=True)


@pytest.mark.parametrize("form", [scatter, zero_insertion, matrix])
@pytest.mark.parametrize("pair", [same_padding(4, 2, 2), (0, 0)], ids=["SAME", "VALID"])
def test_the_tiles_of_a_filter_that_do_not_overlap(form: Form, pair: tuple[int, int]) -> None:
    """Transpose a 2x2 value of -2, which conv makes of 4x4 ones: the result is four tiles of -2 times the filter."""
    axes = (axis_of(4, 2, 2, pair),) * 2
    filter_ = np.array([[1.0, 0.0], [-1.0, -2.0]]).reshape(2, 2, 1, 1)
    actual = form(np.full((1, 2, 2, 1), -2.0), filter_, axes)
    tile = [[-2, 0], [2, 4]]
    np.testing.assert_array_equal(actual[0, ..., 0], np.tile(tile, (2, 2)))


@pytest.mark.parametrize("form", [scatter, zero_insertion, matrix])
def test_same_pads_the_odd_element_after_the_image(form: Form) -> None:
    """Use kernel 2 and stride 1: SAME pads nothing before, so the full result [1, 12, 20] loses its last element."""
    axes = (axis_of(2, 2, 1, same_padding(2, 2, 1)),)
    actual = form(np.array([[[1.0], [2.0]]]), np.array([[[1.0]], [[10.0]]]), axes)
    assert actual.ravel().tolist() == [1, 12]


@pytest.mark.parametrize("form", [scatter, zero_insertion, matrix])
def test_what_no_window_covers_is_zero(form: Form) -> None:
    """Use stride 3 and kernel 1: the image of 5 has windows on 0 and 3, and all else stays zero."""
    actual = form(np.array([[[3.0], [4.0]]]), np.array([[[2.0]]]), (axis_of(5, 1, 3, (0, 0)),))
    assert actual.ravel().tolist() == [6, 0, 0, 8, 0]


def test_channels_are_summed_over_the_filters_last_axis() -> None:
    """Use two input channels, three output channels and one pixel: a matrix times a vector."""
    filter_ = np.arange(1.0, 7.0).reshape(1, 1, 3, 2)
    actual = scatter(np.array([10.0, 100.0]).reshape(1, 1, 1, 2), filter_, (axis_of(1, 1, 1, (0, 0)),) * 2)
    assert actual.ravel().tolist() == [210, 430, 650]


def test_an_infinity_touches_no_more_than_its_window() -> None:
    """Use the scatter form, the only one that promises this: it multiplies by no inserted zero."""
    value = np.array([np.inf, 1.0, 1.0]).reshape(1, 3, 1)
    actual = scatter(value, np.array([1.0, 2.0]).reshape(2, 1, 1), (axis_of(6, 2, 2, (0, 0)),))
    assert actual.ravel().tolist() == [math.inf, math.inf, 1, 2, 1, 2]
