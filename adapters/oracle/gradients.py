"""The vector-Jacobian products of the operators: what a cotangent of the output gives back to each input.

Each takes float64 tensors and axes like the operator itself, and the cotangent [batch, *image or *count, channels] of
its output. Linear operators come in pairs that are each other's transposes; choosing and placing go the other way by
the same indices, which carry no gradient themselves.
"""

from __future__ import annotations

import math

import numpy as np

from adapters.oracle.conv import conv
from adapters.oracle.conv_transpose import scatter
from adapters.oracle.pooling import Indices, avg_unpool, inside, max_pool_argmax, refuse_empty_windows, window_sum
from adapters.oracle.windows import Array, under
from cases.model.shapes import Axis

# ruff: noqa: A002 - "filter" is the field's word

Gradients = dict[str, Array]


def conv_gradients(cotangent: Array, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Of ``conv``: the transposed convolution of the cotangent, and the value's windows times it."""
    return {"value": scatter(cotangent, filter, axes), "filter": _correlate(value, cotangent, axes)}


def conv_transpose_gradients(cotangent: Array, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Of ``conv_transpose``: the convolution of the cotangent, and the cotangent's windows times the value."""
    return {"value": conv(cotangent, filter, axes), "filter": _correlate(cotangent, value, axes)}


def _correlate(image: Array, counted: Array, axes: tuple[Axis, ...]) -> Array:
    """For each tap the products of the image's elements under it and what stands at their windows, summed."""
    kernel = tuple(axis.kernel for axis in axes)
    gradient = np.empty((*kernel, image.shape[-1], counted.shape[-1]))
    summed = tuple(range(1 + len(axes)))
    for taps in np.ndindex(*kernel):
        elements, windows = under(axes, taps)
        gradient[taps] = np.tensordot(image[elements], counted[windows], axes=(summed, summed))
    return gradient


def max_pool_gradients(cotangent: Array, value: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Of max pooling: the cotangent of each window goes to its first maximum, where several meet, summed."""
    _, indices = max_pool_argmax(value, axes)
    gradient = np.zeros((len(value), math.prod(value.shape[1:])))
    np.add.at(gradient, (_rows(indices), indices), cotangent)
    return {"value": gradient.reshape(value.shape)}


def max_unpool_gradients(cotangent: Array, value: Array, indices: Indices, axes: tuple[Axis, ...]) -> Gradients:
    """Of max unpooling: what the cotangent holds at each index."""
    del value, axes  # the indices say it all
    picked: Array = cotangent.reshape(len(cotangent), math.prod(cotangent.shape[1:]))[_rows(indices), indices]
    return {"value": picked}


def _rows(indices: Indices) -> Indices:
    """The batch element of each index."""
    return np.arange(len(indices)).reshape(-1, *(1,) * (indices.ndim - 1))


def avg_pool_gradients(cotangent: Array, value: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Of average pooling: each window's share of its cotangent, at each of its elements."""
    del value
    refuse_empty_windows(axes)
    return {"value": avg_unpool(cotangent / inside(axes), axes)}


def avg_unpool_gradients(cotangent: Array, value: Array, axes: tuple[Axis, ...]) -> Gradients:
    """Of average unpooling: the sums of the cotangent's windows."""
    del value
    return {"value": window_sum(cotangent, axes)}
