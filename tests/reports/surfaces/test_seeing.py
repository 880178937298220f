"""What a result shows of its window: the place is found again, and several where the numbers can't tell."""

from __future__ import annotations

import numpy as np
import pytest

from reports.surfaces.seeing import COUNTS_ALL, COUNTS_PADDING, PLAIN, WRAPS, Place, numbers, seen

SIZES = {"n": 4, "k": 3, "s": 2, "d": 1}
VALUE, KERNEL = numbers(4, 1), numbers(3, 2)


def _full(kernel: np.ndarray) -> np.ndarray:
    full = np.zeros(9)
    for at, element in enumerate(VALUE):
        full[2 * at : 2 * at + 3] += element * kernel
    return full


def test_numbers_are_distinct_and_below_zero() -> None:
    found = numbers(12, 1)
    assert len(set(found.tolist())) == 12
    assert found.max() < 0


@pytest.mark.parametrize("offset", [-2, 0, 1, 5])
@pytest.mark.parametrize("rotated", [False, True])
def test_a_transposed_convolution_s_window_is_found(offset: int, *, rotated: bool) -> None:
    full = _full(KERNEL[::-1] if rotated else KERNEL)
    result = np.concatenate([np.zeros(max(-offset, 0)), full[max(offset, 0) :]])[:8]
    found = seen("conv_transpose", SIZES, VALUE, KERNEL, result)
    assert (found.length, found.places) == (result.size, frozenset({Place(offset=offset, rotated=rotated)}))


def test_a_ring_is_told_from_a_crop() -> None:
    full = _full(KERNEL)
    ring = full[:8].copy()
    ring[0] += full[8]
    assert seen("conv_transpose", SIZES, VALUE, KERNEL, ring).places == {Place(offset=0, outside=WRAPS)}


def test_a_wrong_number_has_no_place() -> None:
    result = _full(KERNEL)
    result[3] += 1
    assert seen("conv_transpose", SIZES, VALUE, KERNEL, result).places == frozenset()


def test_places_that_the_numbers_cannot_tell_apart_are_all_named() -> None:
    found = seen("conv_transpose", SIZES | {"k": 1}, VALUE, KERNEL[:1], np.zeros(1))
    assert len({place.offset for place in found.places}) > 1


def test_nothing_is_seen_of_an_empty_result() -> None:
    found = seen("conv", SIZES, VALUE, KERNEL, np.zeros(0))
    assert (found.length, found.places) == (0, frozenset())


@pytest.mark.parametrize(("outside", "divisors"), [(PLAIN, (2, 3)), (COUNTS_ALL, (3, 3))])
def test_a_mean_s_divisor_is_found(outside: str, divisors: tuple[int, int]) -> None:
    sums = np.array([VALUE[:2].sum(), VALUE[1:4].sum()])
    found = seen("avg_pool", SIZES, VALUE, KERNEL, sums / divisors)
    assert Place(offset=1, outside=outside) in found.places
    assert {place.outside for place in found.places} <= {PLAIN, COUNTS_ALL, COUNTS_PADDING}
    assert Place(offset=1, outside=PLAIN if outside == COUNTS_ALL else COUNTS_ALL) not in found.places


def test_a_maximum_over_padding_is_one_of_elements() -> None:
    result = np.array([VALUE[:2].max(), VALUE[1:4].max()])
    assert Place(offset=1) in seen("max_pool", SIZES, VALUE, KERNEL, result).places
    assert not seen("max_pool", SIZES, VALUE, KERNEL, np.array([0.0, VALUE[1:4].max()])).places
