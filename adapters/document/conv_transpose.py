"""The tutorial's recipe for a transposed convolution, step by step, each step a function of its own.

``value`` is [batch, rows, columns, in], ``filter`` [rows, columns, out, in]; the result is [batch, rows, columns, out]
in the value's dtype. Nothing is repaired: where a step gives another size than was asked for, that is what returns.

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
    """The recipe as a whole; ``zeros`` says how step 2 is read, ``after`` or ``between``.

    There is no padding among the arguments, because step 3 speaks of one rule only and is followed for SAME and VALID
    alike. Without it the tutorial's own example with VALID would come out as 3 x 3 instead of 4 x 4.

    Raises:
        ValueError: if the padded value is smaller than the filter.
    """
    image, kernel = output_shape[1:-1], filter.shape[:-2]
    padded = pad(ZEROS[zeros](value, strides), image, kernel)
    return convolve(padded, rotate(filter))


def rotate(filter: Array) -> Array:
    """Step 1: the filter is turned by half a turn, which reverses its rows and its columns and is no transposition."""
    return np.flip(filter, axis=(0, 1))


def after(value: Array, strides: Sizes) -> Array:
    """Step 2 to the letter: every element, the last one too, is followed by stride - 1 zeros along an axis."""
    batch, *counts, channels = value.shape
    lengths = [count * stride for count, stride in zip(counts, strides, strict=True)]
    return _spread(value, strides, (batch, *lengths, channels))


def between(value: Array, strides: Sizes) -> Array:
    """Step 2 as it may be meant: stride - 1 zeros separate neighbours, so that none follows the last element."""
    batch, *counts, channels = value.shape
    lengths = [max((count - 1) * stride + 1, 0) for count, stride in zip(counts, strides, strict=True)]
    return _spread(value, strides, (batch, *lengths, channels))


ZEROS: Final[dict[str, Callable[[Array, Sizes], Array]]] = {"after": after, "between": between}
"""The readings of step 2, by the adapter's modes."""


def _spread(value: Array, strides: Sizes, shape: Sizes) -> Array:
    rows, columns = strides
    spread = np.zeros(shape, value.dtype)
    spread[:, ::rows, ::columns] = value
    return spread


def pad(expanded: Array, image: Sizes, kernel: Sizes) -> Array:
    """Step 3: pad for a convolution of stride 1 whose output is the image, and exchange the two ends of each axis."""
    found = [padding(*sizes, stride=1) for sizes in zip(expanded.shape[1:-1], kernel, image, strict=True)]
    flipped = [(end, start) for start, end in found]
    return np.pad(expanded, ((0, 0), *flipped, (0, 0)))


def padding(length: int, kernel: int, result: int, *, stride: int) -> tuple[int, int]:
    """The convolution's rule, to which step 3 refers: zeros before and after, the odd one after.

    There are as many as ``result`` windows need, ``stride`` apart on ``length`` elements, and never fewer than none.
    """
    total = max((result - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def convolve(padded: Array, rotated: Array) -> Array:
    """Step 4: a convolution of stride 1 without padding, as networks have it: the filter isn't turned once more.

    Raises:
        ValueError: if what is left after step 3 is smaller than the filter.
    """
    kernel, found = rotated.shape[:-2], padded.shape[1:-1]
    rows, columns = (length - size + 1 for length, size in zip(found, kernel, strict=True))
    if min(rows, columns) < 1:
        msg = f"the padded value is {found[0]} x {found[1]}, smaller than the filter of {kernel[0]} x {kernel[1]}"
        raise ValueError(msg)
    result = np.zeros((len(padded), rows, columns, rotated.shape[-2]), padded.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities and NaN are what some cases are about
        for y, x in np.ndindex(*kernel):
            result += padded[:, y : y + rows, x : x + columns] @ rotated[y, x].T
    return result
