"""Sizes of a call by which a draw keeps or rejects it. No tensor is made."""

from __future__ import annotations

import math
from typing import Final

from cases.model import shapes
from cases.model.case import Case

_SPARSE: Final = 8
"""The most elements of an image for each window that shows something."""


def products(case: Case) -> int:
    """Return the number of products or terms of a call: its windows, times their elements, times channels."""
    batch, *_, channels = case.inputs["value"].shape
    counts = math.prod(axis.count * axis.kernel for axis in shapes.axes(case))
    return (
        batch * counts * (channels // case.groups * shapes.out_channels(case) if "filter" in case.inputs else channels)
    )


def elements(case: Case) -> int:
    """Return the number of elements of the largest tensor of a call."""
    inputs = [spec.shape for spec in case.inputs.values()]
    return max(math.prod(shape) for shape in [*inputs, shapes.output_shape(case)])


def least_elements(case: Case) -> int:
    """Return the number of elements of the value or of the output, whichever is less."""
    return min(math.prod(case.inputs["value"].shape), math.prod(shapes.output_shape(case)))


def is_sparse(case: Case) -> bool:
    """Tell whether windows are so few that a tensor with one element for each of them is nearly all zeros."""
    return math.prod(shapes.window_counts(case)) * _SPARSE < math.prod(shapes.image_size(case))
