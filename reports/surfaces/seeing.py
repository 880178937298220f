"""Where a call's window lies, found from the numbers that came back.

One spatial axis has distinct numbers, the others one element each. Every window that gives just the numbers that came
back is a possible place, so a call that can't tell two places apart names both.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model.case import Operator
from cases.model.shapes import extent
from reports.surfaces.writing import Sizes

Array = npt.NDArray[Any]
PLAIN: Final = "plain"
"""What lies outside: zeros for sums, and nothing for a maximum and for a mean."""
WRAPS: Final = "wraps"
"""The axis is a ring: what lies behind its end is its beginning."""
COUNTS_PADDING: Final = "counts padding"
"""A mean counts the padding's elements, but not what reaches beyond it."""
COUNTS_ALL: Final = "counts all"
"""A mean counts every element of the window."""
OUTSIDE: Final = (PLAIN, COUNTS_PADDING, COUNTS_ALL, WRAPS)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place of the window: the offset, whether the filter is rotated, and what lies outside.

    For a transposed convolution and for unpooling the offset is that of the result in the full result. For the others
    it is the number of elements that the first window begins before the image.
    """

    offset: int
    rotated: bool = False
    outside: str = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a call showed: the length of its result along the axis, and the window's possible places."""

    length: int
    places: frozenset[Place]


def numbers(count: int, seed: int) -> Array:
    """Return distinct whole numbers below 0, in no order, as float32."""
    return -(1 + np.random.default_rng(seed).permutation(count + 8)[:count]).astype(np.float32)


def seen(operator: Operator, sizes: Sizes, value: Array, kernel: Array, result: Array) -> Seen:
    """Return what a result along one axis shows; ``kernel`` are a filter's elements, and unused without a filter."""
    if operator == "max_unpool":
        return Seen(length=result.size, places=frozenset({Place(offset=0)}))
    if not result.size:
        return Seen(length=0, places=frozenset())
    search = _of_transposed if operator == "conv_transpose" else _of_windows
    found = frozenset(
        place
        for place, expected in search(operator, sizes, value, kernel, result.size)
        if np.allclose(result, expected, rtol=1e-5, atol=0)
    )
    return Seen(length=result.size, places=found)


def _of_transposed(
    _: Operator, sizes: Sizes, value: Array, kernel: Array, length: int
) -> Iterator[tuple[Place, Array]]:
    stride, dilation = sizes["s"], sizes["d"]
    for rotated in (False, True):
        full = np.zeros((value.size - 1) * stride + extent(kernel.size, dilation))
        for at, element in enumerate(value):
            full[at * stride :][: extent(kernel.size, dilation) : dilation] += element * kernel[:: -1 if rotated else 1]
        for offset in range(-length, full.size + 1):
            yield Place(offset=offset, rotated=rotated), taken(full, offset, length)
        for offset in range(length):
            yield Place(offset=offset, rotated=rotated, outside=WRAPS), _wrapped(full, offset, length)


def taken(full: Array, offset: int, length: int) -> Array:
    """Return so many elements from an offset on, with zeros where there are none."""
    at = np.arange(offset, offset + length)
    inside = (at >= 0) & (at < full.size)
    return np.where(inside, full[np.clip(at, 0, max(full.size - 1, 0))], 0.0)


def _wrapped(full: Array, offset: int, length: int) -> Array:
    ring = np.zeros(length)
    np.add.at(ring, (np.arange(full.size) - offset) % length, full)
    return ring


def _of_windows(
    operator: Operator, sizes: Sizes, value: Array, kernel: Array, count: int
) -> Iterator[tuple[Place, Array]]:
    span = extent(sizes["k"], sizes["d"])
    results = {"conv": _sums, "avg_pool": _means}.get(operator, _maxima)
    for before in range(-value.size - 1, 2 * span + value.size + 1):
        at = np.arange(count)[:, None] * sizes["s"] - before + np.arange(sizes["k"]) * sizes["d"]
        yield from results(before, at, value, kernel)


def _inside(at: Array, value: Array, fill: float) -> Array:
    """Return the elements at these places, and ``fill`` where there is none."""
    there = (at >= 0) & (at < value.size)
    return np.where(there, value[np.clip(at, 0, value.size - 1)], fill)


def _sums(before: int, at: Array, value: Array, kernel: Array) -> Iterator[tuple[Place, Array]]:
    for rotated, outside in itertools.product((False, True), (PLAIN, WRAPS)):
        elements = _inside(at, value, 0) if outside == PLAIN else value[at % value.size]
        place = Place(offset=before, rotated=rotated, outside=outside)
        yield place, (elements * kernel[:: -1 if rotated else 1]).sum(axis=-1)


def _means(before: int, at: Array, value: Array, _: Array) -> Iterator[tuple[Place, Array]]:
    counts = {
        PLAIN: ((at >= 0) & (at < value.size)).sum(axis=-1),
        COUNTS_PADDING: ((at >= -before) & (at < value.size + before)).sum(axis=-1),
        COUNTS_ALL: np.full(len(at), at.shape[1]),
    }
    for outside, count in counts.items():
        yield Place(offset=before, outside=outside), _inside(at, value, 0).sum(axis=-1) / np.where(count == 0, 1, count)


def _maxima(before: int, at: Array, value: Array, _: Array) -> Iterator[tuple[Place, Array]]:
    yield Place(offset=before), _inside(at, value, -np.inf).max(axis=-1, initial=-np.inf)
