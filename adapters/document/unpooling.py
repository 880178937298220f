"""The tutorial's unpooling: what its program does for maxima, and what its sentence says for averages.

``value`` and ``mask`` are [batch, rows, columns, channels], and so is the result, in the value's dtype.

Source: the tutorial's sections "the principle of unpooling" and "the unpooling operation".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.document.conv_transpose import padding as conv_padding

Array = npt.NDArray[Any]
Sizes = tuple[int, ...]


def max_unpool(value: Array, mask: Array, *, stride: int) -> Array:
    """Every maximum goes back to where the mask says it was, all else is zero; values for one place add up.

    The program is told one number. The image is ``stride`` times the pooled size, whatever it was before pooling, and
    the mask is read over that image: by division for the row, by remainders for the column. Batch and channel aren't
    read off the mask: they are the element's own.

    Raises:
        IndexError: if a place lies outside the image.
    """
    batch, rows, columns, channels = value.shape
    shape = (batch, rows * stride, columns * stride, channels)
    line = shape[2] * channels
    y, x = mask // line, mask % line // channels
    outside = y[(y < 0) | (y >= shape[1])]
    if outside.size:
        msg = f"the mask names row {outside[0]} of an image of {shape[1]} rows, {stride} times the {rows} pooled ones"
        raise IndexError(msg)
    b, f = np.arange(batch).reshape(-1, 1, 1, 1), np.arange(channels)
    image = np.zeros(shape, value.dtype)
    np.add.at(image, (b, y, x, f), value)
    return image


def avg_unpool(value: Array, *, output_shape: Sizes, ksize: Sizes, strides: Sizes, padding: str) -> Array:
    """Back to the original size, then every average fills the region that it was taken from.

    The regions are filled in the order in which the value is read, so that where they overlap the later one stays: the
    tutorial speaks of filling in, not of adding.
    """
    image = np.zeros(output_shape, value.dtype)
    counts = value.shape[1:-1]
    axes = zip(output_shape[1:-1], ksize, strides, counts, strict=True)
    all_rows, all_columns = (regions(*sizes, padding) for sizes in axes)
    for row, at_rows in enumerate(all_rows):
        for column, at_columns in enumerate(all_columns):
            image[:, at_rows, at_columns] = value[:, row : row + 1, column : column + 1]
    return image


def regions(image: int, kernel: int, stride: int, count: int, padding: str) -> list[slice]:
    """Where along an axis each average was taken, cut at the image's ends; VALID pads nothing."""
    before = conv_padding(image, kernel, count, stride=stride)[0] if padding == "SAME" else 0
    starts = [number * stride - before for number in range(count)]
    return [slice(max(start, 0), max(min(start + kernel, image), 0)) for start in starts]
