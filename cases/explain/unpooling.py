"""Unpooling on paper: each value goes back to the place of its index, or to every place of its window."""

from __future__ import annotations

from typing import Final

import numpy as np

from cases.explain import sides
from cases.explain.canonical import backward, place_of, where
from cases.explain.ending import Answer, ending
from cases.explain.numbers import number, total
from cases.explain.parts import Array, Kind, NoAnswerError, Picture, Step, picture, pictured
from cases.explain.view import View
from cases.explain.windows import Place

_WORKED: Final = 6
"""The number of indices that are worked out on the page."""


def max_unpool(seen: View) -> Answer:
    """Put each element at its canonical index, and zeros elsewhere."""
    value, mask = seen.value[..., 0], seen.tensors["indices"][seen.batch, ..., seen.channel]
    images = tuple(axis.image for axis in seen.axes)
    output, kinds = np.zeros(images), np.full(images, Kind.ZERO, dtype=np.int8)
    for number_, flat in zip(value.ravel().tolist(), mask.ravel().tolist(), strict=True):
        place = place_of(seen, flat)
        if kinds[place] != Kind.ZERO:
            msg = "unpooling with duplicate indices has no canonical answer"
            raise NoAnswerError(msg)
        output[place], kinds[place] = number_, Kind.ELEMENT
    steps = (
        Step(heading="The value and its indices", text=(_paired(),), pictures=_value(seen, mask)),
        Step(heading="Where the indices point", text=(_law(),), sums=_worked(seen, value, mask)),
        ending(
            seen, output, "Each value at its place; nothing is put anywhere else.", kinds=kinds, origin=_origin(seen)
        ),
    )
    return steps, {"output": output}


def _origin(seen: View) -> Place:
    """Return the index of the image's first cell: 0 along every axis."""
    return (0,) * len(seen.axes)


def _paired() -> str:
    return "Each value belongs to the index at the same place, which says where in the image the maximum was."


def _law() -> str:
    return (
        "An index counts all elements of the image, channels included, the last axis fastest. Division gives the place."
    )


def _value(seen: View, *mask: Array) -> tuple[Picture, ...]:
    return (
        picture("value", seen.value[..., 0], Kind.ELEMENT),
        *(picture("indices", array, Kind.INDEX) for array in mask),
    )


def _worked(seen: View, value: Array, mask: Array) -> tuple[str, ...]:
    pairs = list(zip(value.ravel().tolist(), mask.ravel().tolist(), strict=True))
    lines = [f"{number(element)}: {backward(seen, flat)}" for element, flat in pairs[:_WORKED]]
    rest = len(pairs) - _WORKED
    return (*lines, f"and so on, {rest} more") if rest > 0 else tuple(lines)


def avg_unpool(seen: View) -> Answer:
    """Put each element at every place of its window and add overlaps; zeros stay where no window lies."""
    value = seen.value[..., 0]
    with np.errstate(over="ignore", invalid="ignore"):
        output = _laid(seen, value)
    over = _laid(seen, np.ones_like(value))
    kinds = np.where(over > 0, Kind.RESULT, Kind.ZERO).astype(np.int8)
    busiest = tuple(int(number_) for number_ in np.unravel_index(over.argmax(), over.shape))
    counts = np.where(over > 0, Kind.COUNT, Kind.ZERO).astype(np.int8)
    count = pictured("windows over each place", over, counts, origin=_origin(seen))
    steps = (
        Step(heading="The value", pictures=_value(seen)),
        Step(heading="The windows", text=(_every(), *sides.laid(seen)), pictures=(count,)),
        Step(heading="The place under the most windows", sums=(_overlap(seen, value, output, busiest),)),
        ending(seen, output, "Likewise at every place.", kinds=kinds, origin=_origin(seen)),
    )
    return steps, {"output": output}


def _every() -> str:
    return "Each value is written to every place of its window; where windows overlap, it is added."


def _laid(seen: View, value: Array) -> Array:
    """Return the image after each value is added at every place of its window."""
    image = np.zeros([axis.image for axis in seen.axes])
    for window in np.ndindex(value.shape):
        image[np.ix_(*_places(seen, window))] += value[window]
    return image


def _places(seen: View, window: Place) -> list[range]:
    """Return the positions of one window's elements in the image, along each axis."""
    return [axis.inside(number_) for number_, axis in zip(window, seen.axes, strict=True)]


def _overlap(seen: View, value: Array, output: Array, busiest: Place) -> str:
    found = [float(value[window]) for window in np.ndindex(value.shape) if _covers(_places(seen, window), busiest)]
    count = f"{len(found)} window{'s' if len(found) != 1 else ''}"
    return f"{where(busiest)} lies under {count}: {total(found)} = {number(float(output[busiest]))}"


def _covers(places: list[range], spot: Place) -> bool:
    return all(number_ in along for number_, along in zip(spot, places, strict=True))
