"""The dimensions of size: how many channels, elements, groups or images a call has, and where its axes differ.

Kernels have limits of size and blocks of a size. So each of these values stands together with each value of a few other
dimensions (``WITH``) and with each other one of size, but where ``why_never`` says that no call has both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from cases.model import shapes
from cases.model.case import POOLING, Case
from cases.model.shapes import Axis

Value = tuple[str, str]

ODD_AXIS: Final = "axis that differs"
BELOW: Final = "image below the window"
WINDOW: Final = "elements of a window"
REST: Final = "rest behind the last window"
CHANNELS: Final = "channels a group"
LARGEST: Final = "largest axis"
NUMBER: Final = "number of groups"
IMAGES: Final = "images"
VALUES: Final[dict[str, tuple[str, ...]]] = {
    CHANNELS: ("1", "to 8", "to 16", "more"),
    LARGEST: ("to 32", "to 64", "to 128", "to 256", "more"),
    WINDOW: ("1", "to 9", "to 49", "to 256", "more"),
    NUMBER: ("1", "2", "3", "more"),
    IMAGES: ("1", "2", "more"),
    REST: ("0", "1", "more"),
    ODD_AXIS: ("none", "first", "middle", "last", "each"),
    BELOW: ("on no axis", "on some", "on each"),
}
WITH: Final = ("strides", "padding", "dilations", "spatial axes", "layout", "dtype", "gradients")
"""The other dimensions with which those of size are paired."""


def _up_to(number: int, words: Sequence[str]) -> str:
    """Return the first of the words that holds a number: ``7`` and ``to 7`` hold 7 and less; the last holds all."""
    return next((word for word in words[:-1] if number <= int(word.removeprefix("to "))), words[-1])


def _channels(case: Case) -> int:
    """Return the channels of the value that one group takes."""
    return case.inputs["value"].shape[-1] // case.groups


def _rest(case: Case) -> int:
    """Return the most elements of an axis, padded, that lie behind its last window."""
    return max(0, *(axis.image + axis.before + axis.after - axis.full for axis in shapes.axes(case)))


def _odd_axis(case: Case) -> str | None:
    """Name the one of three axes that differs in anything but its image; None for a call of fewer axes."""
    first, *rest = (_kind(axis) for axis in shapes.axes(case))
    if len(rest) < 2:  # noqa: PLR2004 - three axes
        return None
    middle, last = rest
    if first == middle == last:
        return "none"
    same = {"first": middle == last, "middle": first == last, "last": first == middle}
    return next((name for name, others_are_alike in same.items() if others_are_alike), "each")


def _kind(axis: Axis) -> tuple[int, ...]:
    return axis.kernel, axis.stride, axis.dilation if axis.kernel > 1 else 1, axis.before, axis.after


def _below(case: Case) -> str:
    found = {axis.image < axis.extent for axis in shapes.axes(case)}
    return "on some" if len(found) > 1 else "on each" if True in found else "on no axis"


_COUNTS: Final[dict[str, Callable[[Case], int]]] = {
    CHANNELS: _channels,
    LARGEST: lambda case: max(shapes.image_size(case)),
    WINDOW: lambda case: math.prod(shapes.kernel_size(case)),
    NUMBER: lambda case: case.groups,
    IMAGES: lambda case: case.inputs["value"].shape[0],
    REST: _rest,
}


def value(case: Case, dimension: str) -> str | None:
    """Return the value of a case in a dimension of size; None if the case has none, as one without elements."""
    if 0 in (*case.inputs["value"].shape, *shapes.image_size(case)):
        return None
    if dimension == ODD_AXIS:
        return _odd_axis(case)
    return _below(case) if dimension == BELOW else _up_to(_COUNTS[dimension](case), VALUES[dimension])


def is_of_size(pair: tuple[Value, Value]) -> bool:
    """Tell whether one of a pair's values is of size."""
    return any(name in VALUES for name, _ in pair)


_SINGLE: Final = "a window of one element is not dilated"
_NO_PADDING: Final = "SAME pads nothing where the kernel is not larger than the stride"
_ALIKE: Final = "all axes have the same stride and dilation"
_FITS: Final = "without padding a window lies in the image"
_NEVER: Final[dict[tuple[Value, Value], str]] = {
    ((WINDOW, "1"), ("dilations", "equal")): _SINGLE,
    ((WINDOW, "1"), ("dilations", "unequal")): _SINGLE,
    ((WINDOW, "1"), ("padding", "SAME, even")): _NO_PADDING,
    ((WINDOW, "1"), ("padding", "SAME, odd")): _NO_PADDING,
    ((WINDOW, "1"), (BELOW, "on some")): "an image has an element",
    ((WINDOW, "1"), (BELOW, "on each")): "an image has an element",
    ((REST, "1"), ("strides", "1")): "a window more would fit",
    ((REST, "more"), ("strides", "1")): "a window more would fit",
    ((ODD_AXIS, "none"), ("strides", "unequal")): _ALIKE,
    ((ODD_AXIS, "none"), ("dilations", "unequal")): _ALIKE,
    ((BELOW, "on some"), ("spatial axes", "1")): "there is one axis",
    **{
        ((BELOW, word), ("padding", padding)): _FITS
        for word in ("on some", "on each")
        for padding in ("VALID", "SAME, none", "explicit, zeros")
    },
    **{
        ((ODD_AXIS, word), ("spatial axes", axes)): "there are not three axes"
        for word in VALUES[ODD_AXIS]
        for axes in "12"
    },
}


_REACHES: Final = ("padding", "VALID"), ("padding", "explicit, zeros")
"""A pooling may take a window that reaches beyond the image without padding."""
_ALONE: Final = (WINDOW, "1"), ("padding", "explicit, symmetric")


def why_never(operator: str, one: Value, other: Value) -> str:
    """Return why no call with a right answer has both values, one of them of size; empty if a call can have both."""
    if {one, other} == {*_ALONE} and operator in {"max_pool", "max_pool_argmax"}:
        return "the first window holds padding alone"
    if operator in POOLING and BELOW in {one[0], other[0]} and not {one, other}.isdisjoint(_REACHES):
        return ""
    return _NEVER.get((one, other)) or _NEVER.get((other, one)) or ""
