"""Slips with arguments: one is read for the wrong axis, forgotten, or computed from the wrong size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from cases.model import shapes
from cases.model.shapes import Axis

Pair = tuple[int, int]


def swapped(call: Call, argument: str) -> Tensors:
    """Read the entries of an argument from the last axis to the first."""
    return call.said(**{argument: _entries(call, argument)[::-1]})


def first_for_all(call: Call, argument: str) -> Tensors:
    """Use the first axis' entry of an argument for every axis."""
    entries = _entries(call, argument)
    return call.said(**{argument: entries[:1] * len(entries)})


def replaced(call: Call, **arguments: Any) -> Tensors:
    """Use fixed values for arguments, whatever the call says; a number is used for every axis."""
    axes = len(call.case.strides)
    return call.said(**{name: (value,) * axes if type(value) is int else value for name, value in arguments.items()})


def added(call: Call, argument: str, number: int) -> Tensors:
    """Add a number to each entry of an argument that is above 1."""
    return call.said(**{argument: tuple(entry + number * (entry > 1) for entry in _entries(call, argument))})


def told_in_pairs(call: Call) -> Tensors:
    """Give the padding as the pairs that its word stands for."""
    return call.said(padding=_entries(call, "padding"))


def smallest_image(call: Call) -> Tensors:
    """Make the smallest image that convolves to the value, and put zeros behind it up to output_shape."""
    batch, *_, channels = call.right["output"].shape
    sizes = [_least(axis, is_same=call.case.padding == "SAME") for axis in call.axes]
    array = np.zeros_like(call.right["output"])
    at = (slice(None), *map(slice, sizes))
    array[at] = call.said(output_shape=(batch, *sizes, channels), gradients=())["output"]
    return call.edited("output", lambda _: array)


def _least(axis: Axis, *, is_same: bool) -> int:
    """Return the size of the smallest image with as many windows. SAME then pads for that size."""
    least = (axis.count - 1) * axis.stride + 1 if is_same else axis.full - axis.before - axis.after
    return min(max(least, 0), axis.image)


def mistaken(call: Call, argument: str, for_: str) -> Tensors:
    """Use the entries of one argument for another, such as those of ksize for the strides."""
    return call.said(**{argument: _entries(call, for_)})


def undilated_padding(call: Call) -> Tensors:
    """Pad as if windows were not dilated, and then dilate them."""
    case = call.case
    pads = shapes.pads(case.padding, shapes.image_size(case), shapes.kernel_size(case), case.strides)
    return call.said(padding=pads)


def padded(call: Call, rule: str) -> Tensors:
    """Pad each axis by a wrong rule of ``RULES``."""
    return call.said(padding=tuple(RULES[rule](axis) for axis in call.axes))


def same_padded(call: Call, rule: str) -> Tensors:
    """Pad by a wrong rule of ``RULES`` if the padding is SAME."""
    return padded(call, rule) if call.case.padding == "SAME" else call.right


def _same(image: int, axis: Axis) -> Pair:
    return shapes.same_padding(image, axis.extent, axis.stride)


RULES: Final[dict[str, Callable[[Axis], Pair]]] = {
    "sides swapped": lambda axis: (axis.after, axis.before),
    "all before": lambda axis: (axis.before + axis.after, 0),
    "all after": lambda axis: (0, axis.before + axis.after),
    "one too many before": lambda axis: (axis.before + 1, max(axis.after - 1, 0)),
    "one too few before": lambda axis: (max(axis.before - 1, 0), axis.after + (axis.before > 0)),
    "half the window": lambda axis: (axis.extent // 2, axis.extent // 2),
    "as for stride 1": lambda axis: ((axis.extent - 1) // 2, axis.extent - 1 - (axis.extent - 1) // 2),
    "window less stride": lambda axis: (
        max(axis.extent - axis.stride, 0) // 2,
        max(axis.extent - axis.stride, 0) - max(axis.extent - axis.stride, 0) // 2,
    ),
    "from the count": lambda axis: _same(axis.count, axis),
    "from the next image": lambda axis: _same(axis.image + 1, axis),
    "from count x stride": lambda axis: _same(axis.count * axis.stride, axis),
    "whole strides before": lambda axis: (
        -(-axis.before // axis.stride) * axis.stride,
        axis.before + axis.after - -(-axis.before // axis.stride) * axis.stride,
    ),
    "none": lambda _: (0, 0),
    "front only": lambda axis: (axis.before, axis.before),
    "back only": lambda axis: (axis.after, axis.after),
}
"""Name of a wrong rule -> its padding (before, after) of an axis."""


def _entries(call: Call, argument: str) -> tuple[Any, ...]:
    case = call.case
    if argument == "padding":
        return shapes.padding_pairs(case)
    if argument == "dilations":
        return shapes.dilations(case)
    if argument == "ksize":
        return shapes.kernel_size(case)
    entries: tuple[Any, ...] = getattr(case, argument) or (0,) * len(case.strides)
    return entries


def output_padding_in_front(call: Call) -> Tensors:
    """Put the rows that output_padding adds before the image instead of behind it."""
    extra = _entries(call, "output_padding")
    pads = [(axis.before + more, max(axis.after - more, 0)) for axis, more in zip(call.axes, extra, strict=True)]
    return call.said(padding=tuple(pads))


def output_padding_emptied(call: Call) -> Tensors:
    """Leave zeros in the rows that output_padding adds."""

    def emptied(array: Array) -> Array:
        image = array.copy()
        for axis, more in zip(call.spatial, _entries(call, "output_padding"), strict=True):
            np.moveaxis(image, axis, 0)[image.shape[axis] - more :] = 0
        return image

    return call.edited("output", emptied)


def output_padding_exchanged(call: Call) -> Tensors:
    """Use the entries of output_padding from the last axis to the first."""
    extra = _entries(call, "output_padding")
    batch, *sizes, channels = call.right["output"].shape
    wrong = [size - more + other for size, more, other in zip(sizes, extra, extra[::-1], strict=True)]
    return call.said(output_shape=(batch, *wrong, channels), gradients=())
