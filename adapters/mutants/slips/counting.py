"""Wrong ways to count the elements of an image: over one plane, through the batch, over an image of another size.

Each rule takes the call, the places of elements (an array for each axis) and their channels, and returns their indices.
The canonical index is ``(y * width + x) * channels + c``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from adapters.mutants.call import Array, Call
from adapters.oracle.pooling import with_batch

Count = Callable[[Call, list[Array], Array], Array]


def flat(places: Iterable[Array], sizes: Iterable[int]) -> Array:
    """Return the flat indices of places in a grid, the last axis fastest; places may lie outside."""
    flat: Array = np.zeros((), dtype=np.int64)
    for place, size in zip(places, sizes, strict=True):
        flat = flat * size + place
    return flat


def starts(call: Call) -> list[Array]:
    """Return the positions where windows begin: for each axis an array that broadcasts to [batch, *count, channels]."""
    axes = call.axes
    return [
        np.array(axis.starts, dtype=np.int64).reshape(-1, *(1,) * (len(axes) - number))
        for number, axis in enumerate(axes)
    ]


def _channels(call: Call) -> int:
    return call.case.inputs["value"].shape[-1]


def _images(call: Call) -> list[int]:
    return [axis.image for axis in call.axes]


def _through(sizes: Callable[[Call], list[int]]) -> Count:
    """Make a rule that counts through a grid of these sizes, channels last."""
    return lambda call, places, channel: flat(places, sizes(call)) * _channels(call) + channel


_canonical: Final = _through(_images)


def _padded(call: Call, places: list[Array], channel: Array) -> Array:
    moved = [place + axis.before for place, axis in zip(places, call.axes, strict=True)]
    sizes = [axis.padded for axis in call.axes]
    return flat(moved, sizes) * _channels(call) + channel


def _in_window(call: Call, places: list[Array], channel: Array) -> Array:
    del channel
    taps = [
        (place - start) // axis.dilation for place, start, axis in zip(places, starts(call), call.axes, strict=True)
    ]
    return flat(taps, [axis.kernel for axis in call.axes])


def _through_batch(call: Call, places: list[Array], channel: Array) -> Array:
    return with_batch(_canonical(call, places, channel), math.prod(_images(call)) * _channels(call))


RULES: Final[dict[str, Count]] = {
    "over one plane": lambda call, places, _: flat(places, _images(call)),
    "channels first": lambda call, places, channel: channel * math.prod(_images(call)) + flat(places, _images(call)),
    "without the channel": lambda call, places, _: flat(places, _images(call)) * _channels(call),
    "over the padded image": _padded,
    "columns first": lambda call, places, channel: flat(places[::-1], _images(call)[::-1]) * _channels(call) + channel,
    "within the window": _in_window,
    "through the batch": _through_batch,
    "one place on": lambda call, places, channel: _canonical(call, places, channel) + _channels(call),
    "from one": lambda call, places, channel: _canonical(call, places, channel) + 1,
    "width from the count": _through(lambda call: [axis.count * axis.stride for axis in call.axes]),
    "width of the pooled": _through(lambda call: [axis.count for axis in call.axes]),
    "width of the rows": _through(lambda call: [call.axes[0].image for _ in call.axes]),
}
"""Name -> rule."""
