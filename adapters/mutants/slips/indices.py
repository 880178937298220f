"""Slips with indices: the index of another maximum, or an index counted by another rule."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from adapters.mutants.slips.counting import RULES, flat, starts
from adapters.oracle.pooling import with_batch
from adapters.oracle.windows import cut
from cases.model.dtypes import rounded

_NOWHERE: Final = -1


def last_maximum(call: Call) -> Tensors:
    """Return the last of several equal maxima, and its index."""
    chosen = last_places(call)
    flat = call.inputs["value"].reshape(len(chosen), -1 if chosen.size else 0)
    output = np.take_along_axis(flat, chosen.reshape(len(chosen), -1 if chosen.size else 0), 1).reshape(chosen.shape)
    return call.right | {"output": output} | _placed(call, chosen)


def last_places(call: Call) -> Array:
    """Return the canonical index of the last of each window's maxima."""
    axes = call.axes
    images = [axis.image for axis in axes]
    channels = call.inputs["value"].shape[-1]
    windows, taps = cut(call.inputs["value"], axes, -np.inf), tuple(range(-len(axes), 0))
    greatest = windows.max(axis=taps, keepdims=True)
    places = cut(np.arange(math.prod(images)).reshape(1, *images, 1), axes, _NOWHERE)
    last = np.where((windows == greatest) | np.isnan(windows), places, _NOWHERE).max(axis=taps)
    places_of_last: Array = last * channels + np.arange(channels)
    return places_of_last


def _placed(call: Call, indices: Array) -> Tensors:
    if "indices" not in call.right:
        return {}
    size = math.prod(call.inputs["value"].shape[1:])
    return {"indices": with_batch(indices, size) if call.case.include_batch_in_index else indices}


def counted(call: Call, rule: str) -> Tensors:
    """Return indices that count by a wrong rule of ``counting.RULES``."""
    return call.right | {"indices": _by_rule(call, call.right["indices"], rule)}


def understood(call: Call, rule: str) -> Tensors:
    """Read indices by a wrong rule of ``counting.RULES``.

    An element whose place then lies outside the image is dropped. Where several elements meet, the last one stays.
    """
    image = np.zeros(call.case.output_shape or ())
    if not image.size:
        return call.right
    indices = _by_rule(call, call.inputs["indices"], rule)
    flat = image.reshape(len(image), -1)
    for row, places, values in zip(flat, indices, call.inputs["value"], strict=True):
        fits = (places >= 0) & (places < row.size)
        row[places[fits]] = values[fits]
    return call.right | {"output": image}


def _by_rule(call: Call, indices: Array, rule: str) -> Array:
    """Count canonical indices by the rule. The batch's part of an index is taken off first and added again later."""
    images = [axis.image for axis in call.axes]
    channels = call.inputs["value"].shape[-1]
    if not indices.size:
        return indices
    size = math.prod(images) * channels
    whole = indices // size * size
    *places, channel = np.unravel_index(indices % size, (*images, channels))
    counted: Array = whole + RULES[rule](call, list(places), channel)
    return counted


def batch_forgotten(call: Call) -> Tensors:
    """Leave the batch out of indices, even if the call asks for it."""
    size = math.prod(call.inputs["value"].shape[1:])
    return call.right | {"indices": call.right["indices"] % max(size, 1)}


def batch_ignored(call: Call) -> Tensors:
    """Put every element into the first image of the batch; the other images stay zero."""
    image = np.zeros_like(call.right["output"])
    image[:1] = call.right["output"].sum(axis=0, keepdims=True)
    return call.right | {"output": image}


def through(call: Call, dtype: str) -> Tensors:
    """Carry indices in a float type, which holds only the smaller ones exactly."""
    return call.edited("indices", lambda array: rounded(array.astype(np.float64), dtype).astype(np.int64))


def batch_without_depth(call: Call) -> Tensors:
    """Count the batch by the sizes of the last two spatial axes only, which is right for images."""
    if not call.case.include_batch_in_index:
        return call.right
    whole = math.prod(call.inputs["value"].shape[1:])
    images = math.prod(call.inputs["value"].shape[-3:])
    return call.edited("indices", lambda array: with_batch(array, images - whole))


def in_a_byte(call: Call) -> Tensors:
    """Keep the place within the window in a byte, which overflows for large windows."""
    if not call.right["indices"].size:
        return call.right
    channels, images = call.inputs["value"].shape[-1], [axis.image for axis in call.axes]
    size = math.prod(images) * channels
    places = list(np.unravel_index(call.right["indices"] % size // channels, images))
    tap = RULES["within the window"](call, places, places[0])
    taps = np.unravel_index(tap % 256, [axis.kernel for axis in call.axes])
    moved = [start + tap * axis.dilation for start, tap, axis in zip(starts(call), taps, call.axes, strict=True)]
    return call.edited("indices", lambda array: array + (flat(moved, images) - flat(places, images)) * channels)


def in_sixteen_bits(call: Call) -> Tensors:
    """Keep indices in sixteen bits, which overflow for large images."""
    return call.edited("indices", lambda array: array.astype(np.int16).astype(np.int64))
