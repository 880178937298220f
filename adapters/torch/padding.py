"""Padding as PyTorch takes it: one size an axis, the same before and after. What differs, F.pad puts there first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.writing import windows
from adapters.writing.layout import cropped
from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis


def lead(case: Case) -> tuple[int, ...]:
    """Return how many elements of padding stand before each axis.

    Raises:
        ValueError: if the padding is an unknown word, or the case's sizes are not one an axis.
    """
    return tuple(before for before, _ in shapes.padding_pairs(case))


def symmetric(case: Case) -> bool:
    """Tell whether each axis has as much padding behind as before; raises as ``lead`` does."""
    return all(before == after for before, after in shapes.padding_pairs(case))


def argument(case: Case) -> Any:
    """Return the padding argument of any case: one number an axis, or an unknown word as it stands."""
    if case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str):
        return case.padding
    case = _windowed(case)
    sizes = (shapes.image_size(case), shapes.kernel_size(case), case.strides, shapes.dilations(case))
    if case.padding == "VALID" or min(case.strides) < 1 or len(set(map(len, sizes))) > 1:
        return (0,) * len(case.strides)  # what SAME would be follows from no sizes, or it is nothing
    return lead(case)


def _windowed(case: Case) -> Case:
    """Return the case with what is given of its windows, where SAME follows from it."""
    axes = len(case.strides)
    given = {name: case.given[name] for name in ("strides", "ksize", "dilations") if name in case.given}
    whole: dict[str, Any] = {
        name: sizes
        for name, sizes in given.items()
        if isinstance(sizes, tuple) and len(sizes) == axes and all(type(size) is int for size in sizes)
    }
    return replace(case, **whole)


def padded(case: Case, tensor: str, fill: str = "") -> str:
    """Return the expression that pads a tensor as the case says; ``fill`` is a further argument of F.pad."""
    sizes = tuple(size for pair in reversed(shapes.padding_pairs(case)) for size in pair)  # the last axis comes first
    return f"F.pad({tensor}, {sizes}{fill})"


def image_crop(axes: tuple[Axis, ...]) -> str:
    """Return the index that takes the image out of the padded one."""
    return cropped(map(windows.image, axes))
