"""Slips of unpooling: wrong places, wrong values around them, and several values at one place."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.mutants.call import Call, Tensors
from adapters.mutants.slips.counting import starts


def filled_with(call: Call, number: float) -> Tensors:
    """Put a number other than zero where no value goes."""
    marks = {name: np.ones_like(a) if name == "value" else a for name, a in call.inputs.items() if name != "cotangent"}
    taken = call.output(marks) > 0
    return call.right | {"output": np.where(taken, call.right["output"], number)}


def at_window_start(call: Call) -> Tensors:
    """Ignore the indices, and put each value at its window's first place in the image."""
    image = np.zeros(call.case.output_shape or ())
    image[first_places(call)] = call.inputs["value"]
    return call.right | {"output": image}


def first_places(call: Call) -> Any:
    """Return the index, into [batch, *image, channels], of each window's first place in the image."""
    return (slice(None), *np.ix_(*(np.maximum(start, 0).ravel() for start in starts(call))))


def spread(call: Call) -> Tensors:
    """Divide each value among the places of its window."""
    return call.right | {"output": call.right["output"] / math.prod(axis.kernel for axis in call.axes)}


def overwritten(call: Call) -> Tensors:
    """Keep the last value where windows overlap, instead of adding."""
    return _each_written(call, keep=False)


def kept(call: Call) -> Tensors:
    """Keep the first value where windows overlap, instead of adding."""
    return _each_written(call, keep=True)


def _each_written(call: Call, *, keep: bool) -> Tensors:
    image, taken = np.zeros(call.case.output_shape or ()), np.zeros(call.case.output_shape or (), dtype=bool)
    for window in np.ndindex(*(axis.count for axis in call.axes)):
        # This slip ignores dilations: it lays every window without gaps.
        reach = [replace(axis, dilation=1).inside(number) for number, axis in zip(window, call.axes, strict=True)]
        at: Any = (slice(None), *np.ix_(*reach))
        value = call.inputs["value"][(slice(None), *window)].reshape(len(image), *(1,) * len(reach), image.shape[-1])
        image[at] = np.where(taken[at], image[at], value) if keep else value
        taken[at] = True
    return call.right | {"output": image}


def averaged(call: Call) -> Tensors:
    """Take the mean where windows overlap, instead of adding."""
    ones = {"value": np.ones_like(call.inputs["value"])}
    count = call.output(ones)
    return call.right | {"output": call.right["output"] / np.maximum(count, 1)}


def remainder_filled(call: Call) -> Tensors:
    """Repeat the last row and column in the part that no window reaches, as for an enlarged image."""
    image = call.right["output"].copy()
    for number, axis in enumerate(call.axes):
        if 0 < axis.covered < axis.image:
            moved = np.moveaxis(image, 1 + number, 0)
            moved[axis.covered :] = moved[axis.covered - 1]
    return call.right | {"output": image}


def first_of_duplicates(call: Call) -> Tensors:
    """Keep the first of several values with the same index."""
    image = np.zeros(call.case.output_shape or ())
    for row, places, values in zip(image, call.inputs["indices"], call.inputs["value"], strict=True):
        row.reshape(-1)[places.ravel()[::-1]] = values.ravel()[::-1]
    return call.edited("output", lambda _: image)


def duplicates_summed(call: Call) -> Tensors:
    """Add up values with the same index."""
    image = np.zeros(call.case.output_shape or ())
    flat = image.reshape(len(image), math.prod(image.shape[1:]))
    rows = np.arange(len(image)).reshape(-1, *(1,) * (call.inputs["indices"].ndim - 1))
    np.add.at(flat, (rows, call.inputs["indices"]), call.inputs["value"])
    return call.edited("output", lambda _: image)


def within_windows(call: Call) -> Tensors:
    """Look for each element of the image only in the windows that cover it: other indices are lost."""
    channels = call.inputs["value"].shape[-1]
    near = np.ones(call.inputs["indices"].shape, dtype=bool)
    images = [axis.image for axis in call.axes]
    places = np.unravel_index(call.inputs["indices"] // max(channels, 1), images)
    for axis, place, start in zip(call.axes, places, starts(call), strict=True):
        near &= (place >= start) & (place < start + axis.extent)
    return call.with_tensor("value", np.where(near, call.inputs["value"], 0.0))
