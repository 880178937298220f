"""The steps on arrays whose cells have kinds: insert zeros, pad, lay a window on every place.

Only elements take part in a sum. An inserted zero and a cell of the padding are no elements, so there is no product
with them: not even infinity times 0, which would be NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cases.explain.parts import Array, Flags, Kind, Kinds
from cases.model import shapes

Place = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Numbers [*spatial, channels], and the kinds of the cells [*spatial], which are the same in every channel."""

    numbers: Array
    kinds: Kinds

    @property
    def held(self) -> Flags:
        """Return the cells that hold an element, as flags [*spatial]."""
        held: Flags = self.kinds < Kind.ZERO
        return held

    @property
    def sizes(self) -> Place:
        """Return the spatial size."""
        return self.kinds.shape


def cells(numbers: Array, kind: Kind) -> Cells:
    """Make cells that are all of one kind."""
    return Cells(numbers=numbers, kinds=np.full(numbers.shape[:-1], kind, dtype=np.int8))


def rotate(given: Cells) -> Cells:
    """Reverse every spatial axis."""
    axes = tuple(range(given.kinds.ndim))
    return Cells(numbers=np.flip(given.numbers, axes), kinds=np.flip(given.kinds, axes))


def spread(given: Cells, steps: Place) -> Cells:
    """Insert step - 1 zeros between neighbours along each axis, none after the last."""
    sizes = tuple((size - 1) * step + 1 for size, step in zip(given.sizes, steps, strict=True))
    numbers = np.zeros((*sizes, given.numbers.shape[-1]))
    kinds = np.full(sizes, Kind.ZERO, dtype=np.int8)
    places = tuple(slice(None, None, step) for step in steps)
    numbers[places], kinds[places] = given.numbers, given.kinds
    return Cells(numbers=numbers, kinds=kinds)


def pad(given: Cells, pairs: tuple[tuple[int, int], ...], kind: Kind = Kind.PADDING) -> Cells:
    """Add cells of padding, or of another kind, in front and behind on each axis; a negative number crops instead."""
    sizes = tuple(front + size + behind for size, (front, behind) in zip(given.sizes, pairs, strict=True))
    numbers = np.zeros((*sizes, given.numbers.shape[-1]))
    kinds = np.full(sizes, kind, dtype=np.int8)
    source, target = [], []
    for old, new, (front, _) in zip(given.sizes, sizes, pairs, strict=True):
        start = min(max(front, 0), new)
        stop = max(min(front + old, new), 0)  # a crop may take more than there is, and then nothing is left
        source.append(slice(start - front, stop - front))
        target.append(slice(start, stop))
    numbers[tuple(target)], kinds[tuple(target)] = given.numbers[tuple(source)], given.kinds[tuple(source)]
    return Cells(numbers=numbers, kinds=kinds)


def places(sizes: Place, extents: Place, strides: Place) -> Place:
    """Return the number of windows along each axis."""
    axes = zip(sizes, extents, strides, strict=True)
    return tuple(shapes.window_count(size, extent, stride, (0, 0)) for size, extent, stride in axes)


def under(corner: Place, taps: Cells, sizes: Place) -> Flags:
    """Mark the cells of an array that lie under a tap of the window that begins at ``corner``."""
    marked = np.zeros(sizes, dtype=np.bool_)
    marked[tuple(slice(start, start + extent) for start, extent in zip(corner, taps.sizes, strict=True))] = taps.held
    return marked


def terms(given: Cells, taps: Cells, corner: Place) -> tuple[Array, Array, Flags]:
    """Return the numbers and taps of one window [*extent, channels], and flags [*extent] where both are elements."""
    window = tuple(slice(start, start + extent) for start, extent in zip(corner, taps.sizes, strict=True))
    return given.numbers[window], taps.numbers, given.held[window] & taps.held


def correlate(given: Cells, taps: Cells, strides: Place) -> Array:
    """Return the sum of products of every window: [*places]. The windows along the last axis are computed at once."""
    spatial, hops = tuple(range(taps.kinds.ndim)), tuple(slice(None, None, stride) for stride in strides)
    numbers = sliding_window_view(given.numbers, taps.sizes, axis=spatial)[hops]
    held = sliding_window_view(given.held, taps.sizes)[hops]
    factors = np.moveaxis(taps.numbers, -1, 0)
    result = np.zeros(held.shape[: len(spatial)])
    for row in np.ndindex(result.shape[:-1]):
        with np.errstate(over="ignore", invalid="ignore"):
            both = (held[row] & taps.held)[:, np.newaxis]
            products = np.where(both, numbers[row] * factors, 0.0)
            result[row] = products.sum(axis=tuple(range(1, products.ndim)))
    return result


def windows(given: Cells, taps: Cells, strides: Place) -> Iterator[tuple[Place, Place]]:
    """Yield for every window its place in the result and the place where it begins, in row-major order."""
    for place in np.ndindex(places(given.sizes, taps.sizes, strides)):
        yield place, tuple(number * stride for number, stride in zip(place, strides, strict=True))
