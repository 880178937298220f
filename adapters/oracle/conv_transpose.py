"""``conv_transpose`` in three forms that share no line of arithmetic and must agree.

Each form takes ``value`` [batch, *count, in], ``filter`` [*kernel, out, in] and one ``Axis`` for each spatial axis, and
returns [batch, *image, out] in float64. The forms agree bit for bit on integers; on other data they differ by rounding.
On infinities and NaN only ``scatter`` is the definition: the other two forms multiply by zeros that are no elements.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from adapters.oracle.conv import contraction
from adapters.oracle.windows import Array, overlap_add
from cases.model.shapes import Axis

# ruff: noqa: A002 - "filter" is the field's word


def scatter(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:
    """Lay the filter, times each element of the value, over the image, and sum where the pieces overlap.

    The full result has the length (count - 1) * stride + (kernel - 1) * dilation + 1 along an axis. It is seen through
    the window (before, image), which crops it or extends it by zeros.
    """
    *kernel, outer, inner = filter.shape
    pieces = contraction(value, filter)(value, filter.reshape(math.prod(kernel) * outer, inner).T, 1)  # as in conv
    return overlap_add(pieces.reshape(*value.shape[:-1], *kernel, outer), axes)


def zero_insertion(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:
    """Insert stride - 1 zeros between the elements, pad, and correlate with the rotated filter at stride 1.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationship 14.
    """
    rotated = np.flip(filter, axis=tuple(range(len(axes))))
    return _correlate(_pad(_insert_zeros(value, axes), axes), rotated, axes)


def _insert_zeros(value: Array, axes: tuple[Axis, ...]) -> Array:
    batch, *_, channels = value.shape
    spread = np.zeros((batch, *((axis.count - 1) * axis.stride + 1 for axis in axes), channels))
    spread[(slice(None), *(slice(None, None, axis.stride) for axis in axes))] = value
    return spread


def _pad(spread: Array, axes: tuple[Axis, ...]) -> Array:
    """Pad each axis to image + extent - 1 elements, by extent - 1 - before at the front; a negative pad crops."""
    batch, *lengths, channels = spread.shape
    padded = np.zeros((batch, *(axis.image + axis.extent - 1 for axis in axes), channels))
    source, target = [slice(None)], [slice(None)]
    for axis, length in zip(axes, lengths, strict=True):
        front = axis.extent - 1 - axis.before
        # A crop may take more elements than there are. Then nothing is left, and the end lies before the start.
        start, stop = max(front, 0), max(min(front + length, axis.image + axis.extent - 1), 0)
        source.append(slice(start - front, stop - front))
        target.append(slice(start, stop))
    padded[tuple(target)] = spread[tuple(source)]
    return padded


def _correlate(padded: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:
    images = [axis.image for axis in axes]
    result = np.zeros((padded.shape[0], *images, filter.shape[-2]))
    for taps in np.ndindex(*(axis.kernel for axis in axes)):
        starts = (tap * axis.dilation for tap, axis in zip(taps, axes, strict=True))
        shifted = (slice(start, start + image) for start, image in zip(starts, images, strict=True))
        result += padded[(slice(None), *shifted)] @ filter[taps].T
    return result


def matrix(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:
    """Build the matrix of ``conv``, row by row from its definition, and multiply by its transpose.

    The matrix has prod(count) * in * prod(image) * out elements, so this form is slow. It follows the definition
    word for word: ``out[i] += in[i * stride + tap * dilation - before] * filter[tap]``.
    """
    outer, inner = filter.shape[-2:]
    counts, images = [axis.count for axis in axes], [axis.image for axis in axes]
    rows = np.zeros((*counts, inner, *images, outer))
    for window in np.ndindex(*counts):
        for taps in np.ndindex(*(axis.kernel for axis in axes)):
            place = tuple(
                i * axis.stride + tap * axis.dilation - axis.before
                for i, tap, axis in zip(window, taps, axes, strict=True)
            )
            if all(0 <= position < image for position, image in zip(place, images, strict=True)):
                rows[(*window, slice(None), *place)] += filter[taps].T
    product: Array = np.tensordot(value, rows, axes=len(axes) + 1)
    return product


FORMS: Final = {"eager": scatter, "zero_insertion": zero_insertion, "matrix": matrix}
"""Mode of the oracle -> form."""
