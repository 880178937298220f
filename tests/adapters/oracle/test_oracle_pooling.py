"""Pooling and unpooling against loops over every window, and against numbers worked by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import NotSupported
from adapters.oracle.pooling import avg_pool, avg_unpool, max_pool, max_pool_argmax, max_unpool
from cases.model.shapes import Axis, same_padding, window_count

Array = npt.NDArray[np.float64]
Position = tuple[int, ...]
EVERY: Any = slice(None)


def axis_of(image: int, kernel: int, stride: int, pair: tuple[int, int] = (0, 0), mode: Any = None) -> Axis:
    count = window_count(image, kernel, stride, pair, mode)
    return Axis(image=image, count=count, kernel=kernel, stride=stride, before=pair[0], after=pair[1])


@st.composite
def drawn_axis(draw: st.DrawFn) -> Axis:
    """Draw an axis whose padding is below its kernel, so that every window holds an element of the image."""
    image, kernel, stride = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    before, after = draw(st.integers(0, kernel - 1)), draw(st.integers(0, kernel - 1))
    mode = draw(st.sampled_from((None, "drop")))
    return axis_of(image, kernel, stride, (before, max(after, kernel - image - before)), mode)


drawn_axes = st.lists(drawn_axis(), min_size=1, max_size=3).map(tuple)


def filled(axes: tuple[Axis, ...], low: int = -3, high: int = 3) -> Array:
    """Make two images of three channels, with ties in most windows."""
    shape = (2, *(axis.image for axis in axes), 3)
    return np.random.default_rng(1).integers(low, high, shape).astype(np.float64)


def window_members(axes: tuple[Axis, ...]) -> Iterator[tuple[Position, list[Position]]]:
    """Yield each window's place and the image's positions under the window, in row-major order."""
    for window in product(*(range(axis.count) for axis in axes)):
        members = []
        for taps in product(*(range(axis.kernel) for axis in axes)):
            place = tuple(i * axis.stride + tap - axis.before for i, tap, axis in zip(window, taps, axes, strict=True))
            if all(0 <= position < axis.image for position, axis in zip(place, axes, strict=True)):
                members.append(place)
        yield window, members


@settings(max_examples=150, deadline=None)
@given(axes=drawn_axes)
def test_max_pool_argmax_is_what_its_loops_find(axes: tuple[Axis, ...]) -> None:
    value = filled(axes)
    maxima, indices = max_pool_argmax(value, axes)
    np.testing.assert_array_equal(max_pool(value, axes), maxima, strict=True)
    assert indices.dtype == np.int64
    images = tuple(axis.image for axis in axes)
    for window, members in window_members(axes):
        for batch, channel in product(range(2), range(3)):
            best = max(members, key=lambda place: value[(batch, *place, channel)])
            assert maxima[(batch, *window, channel)] == value[(batch, *best, channel)]
            expected = np.ravel_multi_index((*best, channel), (*images, 3))
            assert indices[(batch, *window, channel)] == expected


@settings(max_examples=150, deadline=None)
@given(axes=drawn_axes)
def test_avg_pool_is_what_its_loops_compute(axes: tuple[Axis, ...]) -> None:
    value = filled(axes)
    actual = avg_pool(value, axes)
    for window, members in window_members(axes):
        expected = sum(value[(EVERY, *place)] for place in members) / len(members)
        np.testing.assert_array_equal(actual[(EVERY, *window)], expected)


@settings(max_examples=150, deadline=None)
@given(axes=drawn_axes)
def test_a_mean_divides_by_what_it_is_told(axes: tuple[Axis, ...]) -> None:
    value = filled(axes)
    for window, members in window_members(axes):
        total = sum(value[(EVERY, *place)] for place in members)
        within = [
            sum(0 <= i * axis.stride + tap < axis.padded for tap in range(axis.kernel))
            for i, axis in zip(window, axes, strict=True)
        ]
        np.testing.assert_allclose(avg_pool(value, axes, "padded")[(EVERY, *window)], total / np.prod(within))
        np.testing.assert_allclose(avg_pool(value, axes, 7)[(EVERY, *window)], total / 7)


@settings(max_examples=150, deadline=None)
@given(axes=drawn_axes)
def test_avg_unpool_is_what_its_loops_write(axes: tuple[Axis, ...]) -> None:
    shape = (2, *(axis.count for axis in axes), 3)
    value = np.random.default_rng(2).integers(1, 9, shape).astype(np.float64)
    expected = np.zeros((2, *(axis.image for axis in axes), 3))
    for window, members in window_members(axes):
        for place in members:
            expected[(EVERY, *place)] += value[(EVERY, *window)]
    np.testing.assert_array_equal(avg_unpool(value, axes), expected, strict=True)


def test_the_first_of_equal_maxima_has_the_index() -> None:
    value = np.array([[7, 7, 1, 2], [7, 7, 2, 2]], dtype=np.float64).reshape(1, 2, 4, 1)
    maxima, indices = max_pool_argmax(value, (axis_of(2, 2, 2), axis_of(4, 2, 2)))
    assert maxima.ravel().tolist() == [7, 2]
    assert indices.ravel().tolist() == [0, 3]


@pytest.mark.parametrize("zeros", list(product([0.0, -0.0], repeat=3)))
def test_the_maximum_is_the_very_element_at_its_index(zeros: tuple[float, ...]) -> None:
    """Pool zeros of both signs: they are equal, so the first is the maximum, with its sign."""
    value = np.array(zeros).reshape(1, 3, 1)
    maxima, indices = max_pool_argmax(value, (axis_of(3, 3, 1),))
    assert indices.item() == 0
    assert np.signbit(maxima.item()) == np.signbit(zeros[0])


def test_an_index_counts_channels_innermost() -> None:
    """Use two channels, with maxima at (y, x) = (1, 0) and (0, 1) of a 2x2 image."""
    value = np.array([[[0, 0], [0, 9]], [[9, 0], [0, 0]]], dtype=np.float64).reshape(1, 2, 2, 2)
    assert max_pool_argmax(value, (axis_of(2, 2, 2),) * 2)[1].ravel().tolist() == [4, 3]


@pytest.mark.parametrize("lowest", [-5.0, -np.inf])
def test_padding_never_wins(lowest: float) -> None:
    maxima, indices = max_pool_argmax(np.full((1, 3, 3, 1), lowest), (axis_of(3, 3, 2, (1, 1)),) * 2)
    assert maxima.ravel().tolist() == [lowest] * 4
    assert indices.ravel().tolist() == [0, 1, 3, 4]


def test_same_pads_the_odd_element_after_the_image() -> None:
    """Pool an image of 3 with kernel 2 and stride 2: the windows are [1, 2] and [3, padding]."""
    axes = (axis_of(3, 2, 2, same_padding(3, 2, 2)),)
    value = np.array([[[1.0], [2.0], [3.0]]])
    assert max_pool(value, axes).ravel().tolist() == [2, 3]
    assert avg_pool(value, axes).ravel().tolist() == [1.5, 3]
    assert avg_unpool(np.array([[[5.0], [6.0]]]), axes).ravel().tolist() == [5, 5, 6]


def test_nan_is_the_maximum_of_every_window_that_holds_one() -> None:
    maxima, indices = max_pool_argmax(np.array([1.0, np.nan, 3.0, 4.0]).reshape(1, 4, 1), (axis_of(4, 2, 1),))
    np.testing.assert_array_equal(maxima.ravel(), [np.nan, np.nan, 4])
    assert indices.ravel().tolist() == [1, 1, 3]


def test_unpooling_a_pooling_keeps_the_maxima_alone() -> None:
    axes = (axis_of(6, 2, 2), axis_of(6, 3, 3))
    value = np.random.default_rng(3).permutation(2 * 36 * 3).astype(np.float64).reshape(2, 6, 6, 3) + 1
    maxima, indices = max_pool_argmax(value, axes)
    actual = max_unpool(maxima, indices, axes)
    kept = np.isin(value, maxima)
    assert kept.sum() == maxima.size
    np.testing.assert_array_equal(actual, np.where(kept, value, 0), strict=True)


def test_duplicate_indices_are_refused_within_a_batch_element_only() -> None:
    axes = (axis_of(4, 2, 2),)
    value, once = np.ones((2, 2, 1)), np.array([[1, 2], [1, 3]]).reshape(2, 2, 1)
    assert max_unpool(value, once, axes).ravel().tolist() == [0, 1, 1, 0, 0, 1, 0, 1]
    with pytest.raises(NotSupported, match="duplicate"):
        max_unpool(value, np.array([[1, 2], [3, 3]]).reshape(2, 2, 1), axes)


def test_the_mean_of_an_even_spread_restores_it() -> None:
    axes = (axis_of(6, 2, 2), axis_of(5, 3, 3, same_padding(5, 3, 3)))
    value = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(avg_pool(avg_unpool(value, axes), axes), value, strict=True)


def test_overlapping_windows_are_summed() -> None:
    actual = avg_unpool(np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1), (axis_of(7, 3, 2),))
    assert actual.ravel().tolist() == [1, 1, 11, 10, 110, 100, 100]


@pytest.mark.parametrize("pool", [max_pool, max_pool_argmax, avg_pool])
@pytest.mark.parametrize("pair", [(2, 0), (0, 2), (5, 0), (0, 7)])
def test_a_window_of_padding_alone_has_no_answer(
    pool: Callable[[Array, tuple[Axis, ...]], object], pair: tuple[int, int]
) -> None:
    with pytest.raises(NotSupported, match="axis 1"):
        pool(np.ones((1, 4, 4, 1)), (axis_of(4, 2, 2), axis_of(4, 2, 2, pair)))


def test_a_padding_of_a_kernel_whose_window_does_not_fit_is_harmless() -> None:
    """Use kernel 3 and stride 4 on 4 elements, with three after the image: no window starts among these three."""
    assert max_pool(np.ones((1, 4, 1)), (axis_of(4, 3, 4, (1, 3)),)).ravel().tolist() == [1, 1]


def test_an_empty_batch_stays_empty() -> None:
    axes = (axis_of(4, 2, 2),) * 2
    assert max_pool_argmax(np.ones((0, 4, 4, 3)), axes)[1].shape == (0, 2, 2, 3)
    assert max_unpool(np.ones((0, 2, 2, 3)), np.zeros((0, 2, 2, 3), np.int64), axes).shape == (0, 4, 4, 3)
    assert avg_unpool(avg_pool(np.ones((0, 4, 4, 3)), axes), axes).shape == (0, 4, 4, 3)
