"""Pooling, and the unpooling that goes back.

Images are [batch, *image, channels] and pooled arrays [batch, *count, channels]. An element of an image has the
canonical index ``(y * width + x) * channels + channel``, likewise for more or fewer spatial axes, within its own batch
element. NaN is the greatest of all, so it is the maximum of every window that holds one.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle.windows import Array, cut, overlap_add
from cases.shapes import Axis

Indices = npt.NDArray[np.int64]
_NOWHERE = np.iinfo(np.int64).max


def max_pool(value: Array, axes: tuple[Axis, ...]) -> Array:
    """The maximum of each window; padding never wins.

    Raises:
        NotSupported: if a window holds padding alone.
    """
    _refuse_empty_windows(axes)
    maxima: Array = cut(value, axes, -np.inf).max(axis=_kernel_axes(axes))
    return maxima


def max_pool_argmax(value: Array, axes: tuple[Axis, ...]) -> tuple[Array, Indices]:
    """The maximum of each window, and the canonical index of the first one in row-major order of the image.

    Raises:
        NotSupported: if a window holds padding alone.
    """
    maxima = max_pool(value, axes)
    windows = cut(value, axes, -np.inf)
    is_maximum = (windows == np.expand_dims(maxima, _kernel_axes(axes))) | np.isnan(windows)
    images = [axis.image for axis in axes]
    # Padding lies nowhere, so a window of -inf elements still points at one of them. The first maximum in row-major
    # order is the one with the least position.
    positions = cut(np.arange(math.prod(images)).reshape(1, *images, 1), axes, _NOWHERE)
    first = np.where(is_maximum, positions, _NOWHERE).min(axis=_kernel_axes(axes))
    channels = value.shape[-1]
    return maxima, first * channels + np.arange(channels)


def max_unpool(value: Array, indices: Indices, axes: tuple[Axis, ...]) -> Array:
    """Each element at its canonical index in the image, zeros elsewhere.

    Raises:
        NotSupported: if two elements of the same batch element have the same index.
        IndexError: if an index lies behind the image.
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


def avg_pool(value: Array, axes: tuple[Axis, ...]) -> Array:
    """The mean of the elements of each window that lie in the image; padding isn't counted.

    Raises:
        NotSupported: if a window holds padding alone.
    """
    _refuse_empty_windows(axes)
    total: Array = cut(value, axes, 0.0).sum(axis=_kernel_axes(axes))
    inside = cut(np.ones((1, *(axis.image for axis in axes), 1)), axes, 0.0).sum(axis=_kernel_axes(axes))
    mean: Array = total / inside
    return mean


def avg_unpool(value: Array, axes: tuple[Axis, ...]) -> Array:
    """Each pooled element at every position of its window; where windows overlap, the sum; zero under none.

    It is the vector-Jacobian product of the pooling that sums its windows.

    Source: Chainer's ``unpooling_2d``.
    """
    batch, *counts, channels = value.shape
    shape = (batch, *counts, *(axis.kernel for axis in axes), channels)
    pieces = np.broadcast_to(np.expand_dims(value, _kernel_axes(axes, at=1 + len(axes))), shape)
    return overlap_add(pieces, axes)


def _kernel_axes(axes: tuple[Axis, ...], at: int | None = None) -> tuple[int, ...]:
    """Where the axes of a window's elements stand: behind all others, or from ``at`` on."""
    start = len(axes) + 2 if at is None else at
    return tuple(range(start, start + len(axes)))


def _refuse_empty_windows(axes: tuple[Axis, ...]) -> None:
    """Only explicit padding of a kernel or more makes such a window: SAME adds kernel - 1 elements at most."""
    for number, axis in enumerate(axes):
        if axis.before >= axis.kernel or (axis.count - 1) * axis.stride - axis.before >= axis.image:
            msg = f"axis {number}: a window that holds padding alone has neither a maximum nor a mean"
            raise NotSupported(msg)
