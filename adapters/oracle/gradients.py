"""The vector-Jacobian products of the operators: the gradient of each input for a cotangent of the output.

Each function takes the cotangent [batch, *image or *count, channels] of the output, and float64 tensors and axes like
the operator itself. It returns input's name -> gradient. Linear operators come in pairs: each is the other's transpose.
Max pooling and max unpooling are undone by the same indices; the indices have no gradient.
"""

from __future__ import annotations

import math

import numpy as np

from adapters.oracle.conv import contraction, conv
from adapters.oracle.conv_transpose import scatter
from adapters.oracle.pooling import Indices, avg_unpool, divisors, max_pool_argmax, window_sum
from adapters.oracle.windows import Array, under
from cases.model.case import Divisor
from cases.model.shapes import Axis

# ruff: noqa: A002 - "filter" is the field's word

Gradients = dict[str, Array]


def conv_gradients(cotangent: Array, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Return the gradients of ``conv``: the cotangent's transposed convolution, and the value's windows times it."""
    return {"value": scatter(cotangent, filter, axes), "filter": _correlate(value, cotangent, axes)}


def conv_transpose_gradients(cotangent: Array, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Return the gradients of ``conv_transpose``: the cotangent's convolution, and its windows times the value."""
    return {"value": conv(cotangent, filter, axes), "filter": _correlate(cotangent, value, axes)}


def _correlate(image: Array, counted: Array, axes: tuple[Axis, ...]) -> Array:
    """Sum, for each tap, the products of the image's elements under the tap and the elements at their windows."""
    kernel = tuple(axis.kernel for axis in axes)
    gradient = np.empty((*kernel, image.shape[-1], counted.shape[-1]))
    summed, contract = tuple(range(1 + len(axes))), contraction(image, counted)
    for taps in np.ndindex(*kernel):
        elements, windows = under(axes, taps)
        gradient[taps] = contract(image[elements], counted[windows], (summed, summed))
    return gradient


def max_pool_gradients(cotangent: Array, value: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Return the gradient of max pooling: each window's cotangent goes to its first maximum; several are summed."""
    _, indices = max_pool_argmax(value, axes)
    return {"value": added_at(cotangent, indices, value.shape)}


def added_at(cotangent: Array, indices: Indices, shape: tuple[int, ...]) -> Array:
    """Return an image [batch, *image, channels] of this shape: the sum of the cotangents at each canonical index."""
    image = np.zeros((shape[0], math.prod(shape[1:])))
    np.add.at(image, (_rows(indices), indices), cotangent)
    return image.reshape(shape)


def max_unpool_gradients(cotangent: Array, value: Array, indices: Indices, axes: tuple[Axis, ...]) -> Gradients:
    """Return the gradient of max unpooling: the cotangent at each index."""
    del value, axes  # the indices suffice
    picked: Array = cotangent.reshape(len(cotangent), math.prod(cotangent.shape[1:]))[_rows(indices), indices]
    return {"value": picked}


def _rows(indices: Indices) -> Indices:
    """Return the batch element of each index, for broadcasting."""
    return np.arange(len(indices)).reshape(-1, *(1,) * (indices.ndim - 1))


def avg_pool_gradients(
    cotangent: Array, value: Array, axes: tuple[Axis, ...], divisor: Divisor | None = None
) -> Gradients:
    """Return the gradient of average pooling: each window's cotangent, over its divisor, goes to its elements."""
    del value
    return {"value": avg_unpool(cotangent / divisors(axes, divisor), axes)}


def avg_unpool_gradients(cotangent: Array, value: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Return the gradient of average unpooling: the sum of each window of the cotangent."""
    del value
    return {"value": window_sum(cotangent, axes)}
