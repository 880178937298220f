"""The tutorial's recipe for a transposed convolution: each step is a function.

``value`` is [batch, rows, columns, in], ``filter`` [rows, columns, out, in]; the result is [batch, rows, columns, out]
in the value's dtype. Nothing is repaired: if the steps give another size than output_shape, the result has that size.

Source: the tutorial's four numbered steps under "the principle of deconvolution".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# ruff: noqa: A002 - "filter" is the field's word

Array = npt.NDArray[Any]
Sizes = tuple[int, ...]


def conv_transpose(value: Array, filter: Array, *, output_shape: Sizes, strides: Sizes, zeros: str = "after") -> Array:
    """Follow the whole recipe; ``zeros`` is the reading of step 2, ``after`` or ``between``.

    There is no argument for padding: step 3 has only one rule, which is followed for SAME and for VALID. Without step 3
    the tutorial's own example with VALID would give 3 x 3 instead of 4 x 4.

    Raises:
        ValueError: if the padded value is smaller than the filter.
    """
    image, kernel = output_shape[1:-1], filter.shape[:-2]
    padded = pad(ZEROS[zeros](value, strides), image, kernel)
    return convolve(padded, rotate(filter))


def rotate(filter: Array) -> Array:
    """Turn the filter by half a turn (step 1). This reverses its rows and its columns; it is no transposition."""
    return np.flip(filter, axis=(0, 1))


def after(value: Array, strides: Sizes) -> Array:
    """Put stride - 1 zeros behind every element along each axis, the last one included (step 2 to the letter)."""
    batch, *counts, channels = value.shape
    lengths = [count * stride for count, stride in zip(counts, strides, strict=True)]
    return _spread(value, strides, (batch, *lengths, channels))


def between(value: Array, strides: Sizes) -> Array:
    """Put stride - 1 zeros between neighbours, and none behind the last element (step 2 as it may be meant)."""
    batch, *counts, channels = value.shape
    lengths = [max((count - 1) * stride + 1, 0) for count, stride in zip(counts, strides, strict=True)]
    return _spread(value, strides, (batch, *lengths, channels))


ZEROS: Final[dict[str, Callable[[Array, Sizes], Array]]] = {"after": after, "between": between}
"""Mode of the adapter -> reading of step 2."""


def _spread(value: Array, strides: Sizes, shape: Sizes) -> Array:
    rows, columns = strides
    spread = np.zeros(shape, value.dtype)
    spread[:, ::rows, ::columns] = value
    return spread


def pad(expanded: Array, image: Sizes, kernel: Sizes) -> Array:
    """Pad for a convolution of stride 1 whose output is the image, and exchange the two ends of each axis (step 3)."""
    found = [padding(*sizes, stride=1) for sizes in zip(expanded.shape[1:-1], kernel, image, strict=True)]
    flipped = [(end, start) for start, end in found]
    return np.pad(expanded, ((0, 0), *flipped, (0, 0)))


def padding(length: int, kernel: int, result: int, *, stride: int) -> tuple[int, int]:
    """Return the zeros (before, after) by the convolution's rule, to which step 3 refers; the odd zero comes after.

    They are as many as ``result`` windows need that lie ``stride`` apart on ``length`` elements, and never below 0.
    """
    total = max((result - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def convolve(padded: Array, rotated: Array) -> Array:
    """Convolve with stride 1 and without padding (step 4), as in networks: the filter isn't turned once more.

    Raises:
        ValueError: if the padded value of step 3 is smaller than the filter.
    """
    kernel, found = rotated.shape[:-2], padded.shape[1:-1]
    rows, columns = (length - size + 1 for length, size in zip(found, kernel, strict=True))
    if min(rows, columns) < 1:
        msg = f"the padded value is {found[0]} x {found[1]}, smaller than the filter of {kernel[0]} x {kernel[1]}"
        raise ValueError(msg)
    result = np.zeros((len(padded), rows, columns, rotated.shape[-2]), padded.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # some cases test infinities and NaN
        for y, x in np.ndindex(*kernel):
            result += padded[:, y : y + rows, x : x + columns] @ rotated[y, x].T
    return result
