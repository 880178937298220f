"""The tutorial's unpooling: of maxima as its program does, and of averages as its text says.

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
    """Put every maximum back where the mask says it was, and zeros elsewhere; values for one place add up.

    The program has one number, ``stride``. It makes an image of ``stride`` times the pooled size, whatever the size was
    before pooling. It reads the mask as an index into that image: a division gives the row, remainders give the column.
    Batch and channel don't come from the mask: they are the element's own.

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
    """Make an image of the original size, and fill the region of every average with the average.

    The regions are filled in the order of the value's elements, so where regions overlap the later average stays: the
    tutorial's word is to fill, not to add.
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
    """Return the region of each average along an axis, cut at the image's ends; VALID pads nothing."""
    before = conv_padding(image, kernel, count, stride=stride)[0] if padding == "SAME" else 0
    starts = [number * stride - before for number in range(count)]
    return [slice(max(start, 0), max(min(start + kernel, image), 0)) for start in starts]
