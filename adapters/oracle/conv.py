"""``conv``, whose transpose is ``conv_transpose``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_letters

import numpy as np

from adapters.oracle.windows import Array, under
from cases.model.shapes import Axis

_Axes = Sequence[int]


def conv(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:  # noqa: A002 - the field's word
    """Convolve the value with the filter, which is not rotated.

    ``out[i] += in[i * stride + tap * dilation - before] * filter[tap]``. ``value`` is [batch, *image, in], ``filter``
    [*kernel, in, out], the result [batch, *count, out].

    Source: TensorFlow's ``tf.nn.convolution`` defines the same sum.
    """
    output = np.zeros((len(value), *(axis.count for axis in axes), filter.shape[-1]))
    contract = contraction(value, filter)
    for taps in np.ndindex(*(axis.kernel for axis in axes)):
        elements, windows = under(axes, taps)
        # One product of two matrices. matmul would make one for each row, and the threads of BLAS wait for each other
        # every time.
        output[windows] += contract(value[elements], filter[taps], 1)
    return output


def contraction(first: Array, second: Array) -> Callable[[Array, Array, int | tuple[_Axes, _Axes]], Array]:
    """Return the function that sums products of parts of two arrays over axes, as ``np.tensordot`` does.

    BLAS leaves products by zero out where a matrix has one row or one column. An infinity times zero is NaN, so beside
    an element that is not finite einsum makes the products, in loops of its own.
    """
    return np.tensordot if np.isfinite(first).all() and np.isfinite(second).all() else _every_product


def _every_product(first: Array, second: Array, axes: int | tuple[_Axes, _Axes]) -> Array:
    if isinstance(axes, int):
        axes = (range(first.ndim - axes, first.ndim), range(axes))
    ours, others = ascii_letters[: first.ndim], list(ascii_letters[first.ndim : first.ndim + second.ndim])
    for one, other in zip(*axes, strict=True):
        others[other] = ours[one]
    left = [letter for letter in (*ours, *others) if (letter in ours) != (letter in others)]
    return np.asarray(np.einsum(f"{ours},{''.join(others)}->{''.join(left)}", first, second))
