"""``conv``, whose transpose is ``conv_transpose``."""

from __future__ import annotations

import numpy as np

from adapters.oracle.windows import Array, under
from cases.model.shapes import Axis


def conv(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:  # noqa: A002 - the field's word
    """Convolve the value with the filter, which is not rotated.

    ``out[i] += in[i * stride + tap * dilation - before] * filter[tap]``. ``value`` is [batch, *image, in], ``filter``
    [*kernel, in, out], the result [batch, *count, out].

    Source: TensorFlow's ``tf.nn.convolution`` defines the same sum.
    """
    output = np.zeros((len(value), *(axis.count for axis in axes), filter.shape[-1]))
    for taps in np.ndindex(*(axis.kernel for axis in axes)):
        elements, windows = under(axes, taps)
        # One product of two matrices. matmul would make one for each row, and the threads of BLAS wait for each other
        # every time.
        output[windows] += np.tensordot(value[elements], filter[taps], axes=1)
    return output
