"""Windows on an image: cutting them out of the image, and laying them back over it.

Pooling and ``conv`` read an image through windows; unpooling and ``conv_transpose`` write an image. Each direction is
here once, for any number of spatial axes. These functions only move and add elements; the operators do the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cases.model.shapes import Axis

Array = npt.NDArray[np.float64]


def cut(image: npt.NDArray[Any], axes: tuple[Axis, ...], outside: float) -> npt.NDArray[Any]:
    """Cut all windows of an image [batch, *image, channels] out, as a view [batch, *count, channels, *kernel].

    Elements of the padding have the value ``outside``.
    """
    batch, *_, channels = image.shape
    # The part of an image behind its last window is kept, so that one assignment serves every case.
    lengths = (max(axis.full, axis.before + axis.image) for axis in axes)
    padded = np.full((batch, *lengths, channels), outside, dtype=image.dtype)
    padded[(slice(None), *(slice(axis.before, axis.before + axis.image) for axis in axes))] = image
    first, *steps, last = padded.strides
    # A single window or element has no next one: a step of 0 avoids a step that NumPy can't hold.
    hops = (step * axis.stride if axis.count > 1 else 0 for step, axis in zip(steps, axes, strict=True))
    taps = (step * axis.dilation if axis.kernel > 1 else 0 for step, axis in zip(steps, axes, strict=True))
    counts, kernels = (axis.count for axis in axes), (axis.kernel for axis in axes)
    # Unlike as_strided, the constructor refuses a view that would leave the buffer.
    return np.ndarray((batch, *counts, channels, *kernels), image.dtype, padded, strides=(first, *hops, last, *taps))


def under(axes: tuple[Axis, ...], taps: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return where one tap of every window lies on an image: the indices of the elements, and of their windows.

    Windows whose tap lies on the padding are left out: there is no element to multiply. A zero in its place would give
    NaN in a product with an infinity.
    """
    pairs = [_under(axis, tap) for axis, tap in zip(axes, taps, strict=True)]
    every = slice(None)
    return (every, *(elements for elements, _ in pairs)), (every, *(windows for _, windows in pairs))


def _under(axis: Axis, tap: int) -> tuple[slice, slice]:
    offset = tap * axis.dilation - axis.before
    first = max(-(offset // axis.stride), 0)
    last = min((axis.image - 1 - offset) // axis.stride, axis.count - 1)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = first * axis.stride + offset
    return slice(start, last * axis.stride + offset + 1, axis.stride), slice(first, last + 1)


def overlap_add(pieces: Array, axes: tuple[Axis, ...]) -> Array:
    """Lay windows [batch, *count, *kernel, channels] on an image [batch, *image, channels], and sum overlaps.

    This goes axis by axis, because the sum over a box is the sum of sums over its sides. Along an axis the windows add
    up to the full result. It is then seen through the window (before, image), which crops it or extends it by zeros.
    """
    for number, axis in enumerate(axes):
        pieces = _overlap_add(pieces, axis, 1 + number, 1 + len(axes))
    return pieces


def _overlap_add(pieces: Array, axis: Axis, at: int, tap_at: int) -> Array:
    """Merge the array axes of one spatial axis: that of its windows, ``at``, and that of their elements, ``tap_at``.

    The image takes the place of the windows.
    """
    shape = list(pieces.shape)
    shape[at] = max(axis.full, axis.before + axis.image)
    del shape[tap_at]
    full = np.zeros(shape)
    ahead: tuple[Any, ...] = (slice(None),) * at
    taps_ahead: tuple[Any, ...] = (slice(None),) * tap_at
    reach = (axis.count - 1) * axis.stride + 1
    for tap in range(axis.kernel):
        start = tap * axis.dilation
        full[(*ahead, slice(start, start + reach, axis.stride))] += pieces[(*taps_ahead, tap)]
    return full[(*ahead, slice(axis.before, axis.before + axis.image))]
