"""Slips of pooling: the wrong elements in a window, the wrong maximum, the wrong divisor of a mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from adapters.mutants.slips.counting import starts
from adapters.oracle.pooling import divisors, window_sum
from adapters.oracle.windows import cut
from cases.model.dtypes import FLOATS, special


def _taps(call: Call) -> tuple[int, ...]:
    """Return the array axes of a window's elements in the result of ``cut``."""
    return tuple(range(-len(call.axes), 0))


def _windows(call: Call, outside: float = -np.inf) -> Array:
    return cut(call.inputs["value"], call.axes, outside)


def begun_with(call: Call, word: str) -> Tensors:
    """Begin the search for a maximum with zero, or with the lowest number of the dtype; padding has that value too."""
    lowest = -special("largest", call.case.dtype) if call.case.dtype in FLOATS else np.iinfo(call.case.dtype).min
    least = 0.0 if word == "zero" else float(lowest)
    output = call.right["output"]
    return call.right | {"output": np.where(output < least, least, output)}


def padded_with_zeros(call: Call) -> Tensors:
    """Pad with zeros, which win if all elements are below zero."""
    greatest = _windows(call, 0.0).max(axis=_taps(call))
    return call.right | {"output": greatest}


def without_nan(call: Call) -> Tensors:
    """Take a NaN to be less than any number, so that it is lost."""
    value = call.inputs["value"]
    return call.with_tensor("value", np.where(np.isnan(value), -np.inf, value))


def nan_if_first(call: Call) -> Tensors:
    """Keep a NaN only if it comes first in its window, because comparisons with NaN are false."""
    taps = math.prod(axis.kernel for axis in call.axes)
    first = _windows(call).reshape(*call.right["output"].shape, taps)[..., 0]
    lost = without_nan(call)
    return lost | {"output": np.where(np.isnan(first), first, lost["output"])}


def padded_with_minus_infinity(call: Call) -> Tensors:
    """Pad with minus infinity."""
    return call.edited("output", lambda _: _windows(call).max(axis=_taps(call)))


def meant(call: Call) -> Tensors:
    """Return the mean of a window's elements."""
    mean = window_sum(call.inputs["value"], call.axes) / divisors(call.axes, call.case.divisor)
    return call.edited("output", lambda _: mean)


def divided_first(call: Call) -> Tensors:
    """Divide each element before the sum."""
    shares = _windows(call, 0.0) / divisors(call.axes, call.case.divisor).reshape(
        1, *(axis.count for axis in call.axes), 1, *(1,) * len(call.axes)
    )
    return call.edited("output", lambda _: shares.sum(axis=_taps(call)))


def by_magnitude(call: Call) -> Tensors:
    """Choose the element furthest from zero."""
    windows = _windows(call, 0.0)
    greatest, least = windows.max(axis=_taps(call)), windows.min(axis=_taps(call))
    return call.right | {"output": np.where(-least > greatest, least, greatest)}


def least(call: Call) -> Tensors:
    """Choose the minimum."""
    turned = call.with_tensor("value", -call.inputs["value"])
    return turned | {"output": -turned["output"]}


def over_channels(call: Call) -> Tensors:
    """Take the maximum over all channels."""
    output = call.right["output"]
    return call.right | {"output": np.broadcast_to(output.max(axis=-1, keepdims=True, initial=-np.inf), output.shape)}


def without_tap(call: Call, which: str) -> Tensors:
    """Leave out one element of each window: the last or the first, unless a window has one element only.

    Padding is no element, so a window may have no element left: then the right answer stays.
    """
    taps = math.prod(axis.kernel for axis in call.axes)
    if taps == 1:
        return call.right
    windows = _windows(call, np.nan).reshape(*call.right["output"].shape, taps)
    rest = windows[..., :-1] if which == "last" else windows[..., 1:]
    counts = (~np.isnan(rest)).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        if call.case.operator == "avg_pool":
            found = np.nansum(rest, axis=-1) / np.maximum(counts, 1)
        else:
            found = np.where(np.isnan(rest), -np.inf, rest).max(axis=-1)
    return call.right | {"output": np.where(counts > 0, found, call.right["output"])}


def pushed_back(call: Call) -> Tensors:
    """Let the last window along each axis end with the padding: what it would reach beyond, it begins earlier."""
    found = dict(call.right)
    for number, axis in enumerate(call.axes):
        if axis.overhang and axis.count > 1:
            pairs = [(each.before, each.after + each.overhang) for each in call.axes]
            pairs[number] = (axis.before + axis.overhang, axis.after)
            moved = call.said(padding=tuple(pairs), ceil_mode=None, gradients=())
            last = (*(slice(None),) * (number + 1), slice(-1, None))
            for name in moved:
                found[name] = found[name].copy()
                found[name][last] = moved[name][last]
    return found


def kept(call: Call) -> Tensors:
    """Keep a window that begins behind the image, if its mean may divide by something."""
    counts = call.case.divisor not in {None, "inside"}
    return call.said(ceil_mode="keep") if call.case.ceil_mode == "drop" and counts else call.right


def divided_by(call: Call, what: str) -> Tensors:
    """Divide a window's sum by a wrong number of ``DIVISORS``."""
    total = window_sum(call.inputs["value"], call.axes)
    return call.right | {"output": total / DIVISORS[what](call)}


def _part(call: Call) -> Array:
    """Return the share of the call's number that the elements inside the image are of a whole window."""
    area, number = math.prod(axis.kernel for axis in call.axes), call.case.divisor
    return divisors(call.axes) * (number if isinstance(number, int) else 1) / area


def _padded_behind(call: Call) -> Array:
    return divisors(tuple(replace(axis, image=axis.image + axis.after, after=0) for axis in call.axes))


def _range(call: Call) -> Array:
    """Return the number of steps of the dilation between a window's ends, which are cut off at the image's ends."""
    total: Array = np.ones((1,) * (len(call.axes) + 2))
    for axis, start in zip(call.axes, starts(call), strict=True):
        length = np.minimum(start + axis.extent, axis.image) - np.maximum(start, 0)
        total = total * np.maximum(-(-length // axis.dilation), 1)
    return total


DIVISORS: Final[dict[str, Callable[[Call], float | Array]]] = {
    "whole window": lambda call: math.prod(axis.kernel for axis in call.axes),
    "span of the window": lambda call: math.prod(axis.extent for axis in call.axes),
    "strides": lambda call: math.prod(axis.stride for axis in call.axes),
    "one": lambda _: 1.0,
    "elements less one": lambda call: np.maximum(divisors(call.axes, call.case.divisor) - 1, 1),
    "first window's": lambda call: divisors(call.axes, call.case.divisor).flat[0],
    "steps between the ends": _range,
    "part of the number": _part,
    "elements behind the image too": _padded_behind,
}
"""Name -> a number by which a wrong mean divides."""


def floored(call: Call) -> Tensors:
    """Round down, as a division of integers does."""
    return call.right | {"output": np.floor(call.right["output"])}


def positive_zero(call: Call) -> Tensors:
    """Take a positive zero to be greater than a negative zero."""
    zeros = (_windows(call) == 0) & ~np.signbit(_windows(call))
    positive = zeros.any(axis=_taps(call))
    return call.edited("output", lambda array: np.where((array == 0) & positive, 0.0, array))
