"""The law pool(unpool(x)) = x: where it must hold and where it can't.

**Maxima.** Unpooling puts zeros where no maximum lies. So a second pooling returns a maximum if it isn't below the
zeros in its window. It returns the index too if the maximum is above these zeros: then its place is the first of that
value, as before. Windows may overlap if no two of them chose the same place: another window's maximum that lies in this
window is no greater than this window's own. For values that aren't maxima, windows must share no element.

**Means.** A value is written to every element of its window. If the window shares no element with another window, the
value is the window's mean and its maximum. In shared elements the values of the other windows are added.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, example, given, settings

from adapters.base import NotSupported
from adapters.oracle import Oracle
from tests.adapters.drawn import Array, integers, seeds
from tests.cases.laid import Place, Windows, pooled

many = settings(max_examples=100, deadline=None)
EVERY: Any = slice(None)
Indices = npt.NDArray[np.int64]
OPERATORS: Any = Oracle().operators
THINNED = Windows(image=(6, 5), kernel=(3, 2), strides=(2, 2), dilations=(1, 1), padding="SAME")
"""Windows that overlap, but often choose different places."""


def arguments(on: Windows) -> dict[str, Any]:
    return {"ksize": on.kernel, **on.arguments}


def meetings(on: Windows) -> dict[Place, list[Place]]:
    """Return the places of the image that lie under several windows, each with these windows."""
    owners: dict[Place, list[Place]] = {}
    for window, _, place in on.triples():
        owners.setdefault(place, []).append(window)
    return {place: together for place, together in owners.items() if len(together) > 1}


def shared(on: Windows) -> npt.NDArray[np.bool_]:
    """Mark the windows [*count] that share an element with another window."""
    found = np.zeros(on.counts, dtype=np.bool_)
    for together in meetings(on).values():
        for window in together:
            found[window] = True
    return found


alone = pooled.filter(lambda on: not meetings(on))
meeting = pooled.filter(meetings)


def has_zero(on: Windows, indices: Indices) -> npt.NDArray[np.bool_]:
    """Mark the windows [batch, *count, 2] with an element that no index points at."""
    size = np.prod(on.image) * 2
    found = np.zeros(indices.shape, dtype=np.bool_)
    for batch, chosen in enumerate(indices):
        free = np.isin(np.arange(size), chosen, invert=True).reshape(*on.image, 2)
        for window, places in on.members().items():
            found[(batch, *window)] = np.any([free[place] for place in places], axis=0)
    return found


@many
@given(on=pooled, seed=seeds)
@example(on=THINNED, seed=1)
def test_maxima_above_zero_come_back_with_their_indices(on: Windows, seed: int) -> None:
    """Try windows that overlap, ties, and negative elements beside the maxima."""
    value = np.random.default_rng(seed).integers(-3, 9, (2, *on.image, 2)).astype(np.float64)
    maxima, indices = OPERATORS.max_pool_argmax(value, **arguments(on))
    assume(unlike(indices))
    unpooled = OPERATORS.max_unpool(maxima, indices, output_shape=value.shape, **arguments(on))
    again, places = OPERATORS.max_pool_argmax(unpooled, **arguments(on))
    free = has_zero(on, indices)
    np.testing.assert_array_equal(again, np.where(free, np.maximum(maxima, 0), maxima), strict=True)
    kept = (maxima > 0) | ~free
    np.testing.assert_array_equal(places[kept], indices[kept])


def unlike(indices: Indices) -> bool:
    """Tell whether no index occurs twice in the same batch element."""
    return all(np.unique(chosen).size == chosen.size for chosen in indices)


@many
@given(on=meeting, seed=seeds)
def test_maxima_at_one_place_have_no_way_back(on: Windows, seed: int) -> None:
    value = np.random.default_rng(seed).integers(1, 9, (2, *on.image, 2)).astype(np.float64)
    value[(EVERY, *next(iter(meetings(on))))] = 9  # the greatest, under several windows
    maxima, indices = OPERATORS.max_pool_argmax(value, **arguments(on))
    assert not unlike(indices)
    with pytest.raises(NotSupported, match="duplicate"):
        OPERATORS.max_unpool(maxima, indices, output_shape=value.shape, **arguments(on))


@many
@given(on=alone, seed=seeds)
def test_any_value_comes_back_from_windows_that_share_nothing(on: Windows, seed: int) -> None:
    """Put each value at any element of its window. A value below zero is lost, unless its window has one element."""
    random, value = np.random.default_rng(seed), integers(2, *on.counts, 2, seed=seed)
    indices = np.empty(value.shape, dtype=np.int64)
    for window, places in on.members().items():
        chosen = random.integers(len(places), size=(2, 2))
        flat = np.array([np.ravel_multi_index(place, on.image) for place in places])
        indices[(EVERY, *window)] = flat[chosen] * 2 + np.arange(2)
    unpooled = OPERATORS.max_unpool(value, indices, output_shape=(2, *on.image, 2), **arguments(on))
    again, places_again = OPERATORS.max_pool_argmax(unpooled, **arguments(on))
    free = has_zero(on, indices)
    np.testing.assert_array_equal(again, np.where(free, np.maximum(value, 0), value), strict=True)
    kept = (value > 0) | ~free
    np.testing.assert_array_equal(places_again[kept], indices[kept])


@pytest.mark.parametrize(
    ("image", "maximum", "index"),
    [([-2.0, 0.0], 0.0, 0), ([-2.0, -1.0], 0.0, 0), ([-1.0, -2.0], 0.0, 1)],
    ids=["zero-ties", "negative-is-lost", "negative-was-first"],
)
def test_a_maximum_of_zero_or_less_is_not_told_from_the_zeros(image: list[float], maximum: float, index: int) -> None:
    """Use one window of two elements; after unpooling the other element is zero."""
    said: dict[str, Any] = {"ksize": (2,), "strides": (2,), "padding": "VALID"}
    maxima, indices = OPERATORS.max_pool_argmax(np.array(image).reshape(1, 2, 1), **said)
    unpooled = OPERATORS.max_unpool(maxima, indices, output_shape=(1, 2, 1), **said)
    again, places = OPERATORS.max_pool_argmax(unpooled, **said)
    assert (again.item(), places.item()) == (maximum, index)
    assert (again.item(), places.item()) != (maxima.item(), indices.item())


def test_a_value_in_another_s_window_may_hide_it() -> None:
    """Use windows [0, 1] and [1, 2] of three elements: 5 at the shared place is the maximum of both."""
    said: dict[str, Any] = {"ksize": (2,), "strides": (1,), "padding": "VALID"}
    value, indices = np.array([[[3.0], [5.0]]]), np.array([[[0], [1]]])
    unpooled = OPERATORS.max_unpool(value, indices, output_shape=(1, 3, 1), **said)
    assert unpooled.ravel().tolist() == [3, 5, 0]
    assert OPERATORS.max_pool(unpooled, **said).ravel().tolist() == [5, 5]


def spread(value: Array, on: Windows) -> Array:
    written = OPERATORS.avg_unpool(value, output_shape=(len(value), *on.image, 2), **arguments(on))
    assert isinstance(written, np.ndarray)
    return written


@many
@given(on=pooled, seed=seeds)
def test_the_mean_of_a_window_is_what_was_spread_over_it_where_it_shares_none(on: Windows, seed: int) -> None:
    """Use values above zero, so that the mean is greater where a neighbour adds something, and only there."""
    value = np.abs(integers(2, *on.counts, 2, seed=seed))
    means = OPERATORS.avg_pool(spread(value, on), **arguments(on))
    overlaps = np.broadcast_to(shared(on)[..., np.newaxis], value.shape)
    np.testing.assert_array_equal(means[~overlaps], value[~overlaps])
    assert (means[overlaps] > value[overlaps]).all()


@many
@given(on=alone, seed=seeds)
def test_its_maximum_is_what_was_spread_over_it_whatever_the_sign(on: Windows, seed: int) -> None:
    value = integers(2, *on.counts, 2, seed=seed)
    written = spread(value, on)
    np.testing.assert_array_equal(OPERATORS.max_pool(written, **arguments(on)), value, strict=True)
    np.testing.assert_array_equal(OPERATORS.avg_pool(written, **arguments(on)), value, strict=True)


def test_windows_that_overlap_are_no_way_back() -> None:
    said: dict[str, Any] = {"ksize": (2,), "strides": (1,), "padding": "VALID"}
    written = OPERATORS.avg_unpool(np.array([[[1.0], [3.0]]]), output_shape=(1, 3, 1), **said)
    assert written.ravel().tolist() == [1, 4, 3]
    assert OPERATORS.avg_pool(written, **said).ravel().tolist() == [2.5, 3.5]
