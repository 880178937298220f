"""Pooling, and the unpooling that reverses it.

Images are [batch, *image, channels] and pooled arrays [batch, *count, channels]. An element of an image has the
canonical index ``(y * width + x) * channels + channel`` within its own batch element; other numbers of spatial axes are
counted in the same way. NaN is greater than every number, so it is the maximum of every window that holds a NaN.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle.windows import Array, cut, overlap_add
from cases.model import shapes
from cases.model.case import Divisor
from cases.model.shapes import Axis

Indices = npt.NDArray[np.int64]
_NOWHERE = np.iinfo(np.int64).max


def max_pool(value: Array, axes: tuple[Axis, ...]) -> Array:
    """Return the maximum of each window, the first of equal ones; padding never wins.

    Raises:
        NotSupported: if a window holds padding alone.
    """
    return max_pool_argmax(value, axes)[0]


def max_pool_argmax(value: Array, axes: tuple[Axis, ...]) -> tuple[Array, Indices]:
    """Return the maximum of each window, and the canonical index of the first one in row-major order of the image.

    Raises:
        NotSupported: if a window holds padding alone.
    """
    refuse_empty_windows(axes)
    windows = cut(value, axes, -np.inf)
    greatest = windows.max(axis=_kernel_axes(axes), keepdims=True)
    is_maximum = (windows == greatest) | np.isnan(windows)
    images, channels = [axis.image for axis in axes], value.shape[-1]
    # Padding has no position, so a window whose elements are all -inf points at an element, never at padding. The first
    # maximum in row-major order is the one with the least position.
    positions = cut(np.arange(math.prod(images)).reshape(1, *images, 1), axes, _NOWHERE)
    first = np.where(is_maximum, positions, _NOWHERE).min(axis=_kernel_axes(axes))
    indices = first * channels + np.arange(channels)
    flat = value.reshape(len(value), math.prod(images) * channels)
    maxima = np.take_along_axis(flat, indices.reshape(len(value), -1 if indices.size else 0), axis=1)
    return maxima.reshape(indices.shape), indices


def with_batch(indices: Indices, size: int) -> Indices:
    """Return indices that also count through the batch, whose images have ``size`` elements each."""
    batch = np.arange(len(indices)).reshape(-1, *(1,) * (indices.ndim - 1))
    return indices + batch * size


def max_unpool(value: Array, indices: Indices, axes: tuple[Axis, ...]) -> Array:
    """Put each element at its canonical index in the image, and zeros elsewhere.

    Raises:
        NotSupported: if two elements of the same batch element have the same index.
        IndexError: if an index lies beyond the end of the image.
    """
    batch, *counts, channels = value.shape
    images = [axis.image for axis in axes]
    shape = (batch, math.prod(images) * channels)
    rows, places = np.arange(batch)[:, np.newaxis], indices.reshape(batch, math.prod(counts) * channels)
    taken = np.zeros(shape, dtype=np.bool_)
    taken[rows, places] = True
    if np.count_nonzero(taken) != indices.size:
        msg = "unpooling with duplicate indices has no canonical answer"
        raise NotSupported(msg)
    image = np.zeros(shape)
    image[rows, places] = value.reshape(places.shape)
    return image.reshape(batch, *images, channels)


def avg_pool(value: Array, axes: tuple[Axis, ...], divisor: Divisor | None = None) -> Array:
    """Return the mean of those elements of each window that lie in the image; ``divisor`` says what it divides by.

    Raises:
        NotSupported: if the mean of a window divides by 0, as that of padding alone does if padding isn't counted.
    """
    return window_sum(value, axes) / divisors(axes, divisor)


def relu(value: Array, axes: tuple[Axis, ...]) -> Array:
    """Return the greater of each element and positive 0; NaN stays."""
    del axes
    return np.where(value <= 0, 0.0, value)


def window_sum(value: Array, axes: tuple[Axis, ...]) -> Array:
    """Return the sum of each window: [batch, *count, channels]."""
    total: Array = cut(value, axes, 0.0).sum(axis=_kernel_axes(axes))
    return total


def divisors(axes: tuple[Axis, ...], divisor: Divisor | None = None) -> Array:
    """Return what the mean of each window divides by: [1, *count, 1].

    Raises:
        NotSupported: if that is 0 for a window.
    """
    sides = [shapes.counted(axis, divisor) for axis in axes]
    counts = functools.reduce(np.multiply.outer, sides, np.ones(1))[..., np.newaxis]
    found: Array = np.full(counts.shape, float(divisor)) if isinstance(divisor, int) else counts
    for number, side in enumerate(sides):
        if 0 in side and not found.all():
            msg = f"axis {number}: a window that holds nothing that is counted has no mean"
            raise NotSupported(msg)
    return found


def avg_unpool(value: Array, axes: tuple[Axis, ...]) -> Array:
    """Put each pooled element at every position of its window; sum where windows overlap, zero where no window lies.

    This is the vector-Jacobian product of the pooling that sums its windows.

    Source: Chainer's ``unpooling_2d``.
    """
    batch, *counts, channels = value.shape
    shape = (batch, *counts, *(axis.kernel for axis in axes), channels)
    pieces = np.broadcast_to(np.expand_dims(value, _kernel_axes(axes, at=1 + len(axes))), shape)
    return overlap_add(pieces, axes)


def _kernel_axes(axes: tuple[Axis, ...], at: int | None = None) -> tuple[int, ...]:
    """Return the array axes of a window's elements: the last ones, or those from ``at`` on."""
    start = len(axes) + 2 if at is None else at
    return tuple(range(start, start + len(axes)))


def refuse_empty_windows(axes: tuple[Axis, ...]) -> None:
    """Refuse windows that hold no element of the image.

    Explicit padding of a kernel or more makes such a window; so does a dilation that steps over the image, and a window
    that is kept behind the image.

    Raises:
        NotSupported: if there is such a window.
    """
    for number, axis in enumerate(axes):
        if not all(axis.inside(window) for window in range(axis.count)):
            msg = f"axis {number}: a window that holds padding alone has no maximum"
            raise NotSupported(msg)
