"""``conv``, of which ``conv_transpose`` is the transpose."""

from __future__ import annotations

import numpy as np

from adapters.oracle.windows import Array, cut
from cases.shapes import Axis


def conv(value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:  # noqa: A002 - the field's word
    """Convolution, without rotating the filter: ``out[i] += in[i * stride + tap - before] * filter[tap]``.

    ``value`` is [batch, *image, in], ``filter`` [*kernel, in, out], the result [batch, *count, out].

    Source: TensorFlow's ``tf.nn.convolution`` defines the same sum.
    """
    spatial = len(axes)
    windows = cut(value, axes, 0.0)
    product: Array = np.tensordot(
        windows, filter, axes=(range(1 + spatial, 2 + 2 * spatial), (spatial, *range(spatial)))
    )
    return product
