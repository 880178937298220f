"""The canonical index of an element of an image, ``(y * width + x) * channels + c``, worked out in both directions."""

from __future__ import annotations

import math
from typing import Final

from cases.explain.view import View
from cases.explain.windows import Place

_LETTERS: Final = {1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}
_LENGTHS: Final = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}
_NAMES: Final = {1: ("column",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def where(place: Place) -> str:
    """Name a place: ``row 1, column 0``."""
    return ", ".join(f"{name} {number}" for name, number in zip(_NAMES[len(place)], place, strict=True))


def index(seen: View, place: Place) -> int:
    """Return the canonical index of an element, in the drawn batch element and channel."""
    flat = 0
    for number, axis in zip(place, seen.axes, strict=True):
        flat = flat * axis.image + number
    return flat * _channels(seen) + seen.channel + _of_batch(seen)


def formula(seen: View, place: Place) -> str:
    """Write out how a place gives an index: ``(y * width + x) * channels + c = (1 * 4 + 0) * 2 + 0 = 8``."""
    lengths = [axis.image for axis in seen.axes]
    words = _nested(_LETTERS[len(place)], _LENGTHS[len(place)], "channels", "c")
    numbers = _nested(tuple(map(str, place)), tuple(map(str, lengths)), str(_channels(seen)), str(seen.channel))
    if not seen.case.include_batch_in_index:
        return f"{words} = {numbers} = {index(seen, place)}"
    size = math.prod(lengths) * _channels(seen)
    return f"batch * size + {words} = {seen.batch} * {size} + {numbers} = {index(seen, place)}"


def place_of(seen: View, flat: int) -> Place:
    """Return the place in the image that an index points at."""
    rest = flat // _channels(seen)
    place: list[int] = []
    for axis in reversed(seen.axes):
        place.insert(0, rest % axis.image)
        rest //= axis.image
    return tuple(place)


def backward(seen: View, flat: int) -> str:
    """Write out how an index gives a place: ``8 = (1 * 4 + 0) * 2 + 0: row 1, column 0, channel 0``."""
    place = place_of(seen, flat)
    lengths = tuple(str(axis.image) for axis in seen.axes)
    numbers = _nested(tuple(map(str, place)), lengths, str(_channels(seen)), str(seen.channel))
    return f"{flat} = {numbers}: {where(place)}, channel {seen.channel}"


def _nested(numbers: tuple[str, ...], lengths: tuple[str, ...], channels: str, channel: str) -> str:
    text = numbers[0]
    for number, length in zip(numbers[1:], lengths[1:], strict=True):
        text = f"({text} * {length} + {number})"
    return f"{text} * {channels} + {channel}"


def _channels(seen: View) -> int:
    return int(seen.tensors["value"].shape[-1])


def _of_batch(seen: View) -> int:
    size = math.prod(axis.image for axis in seen.axes) * _channels(seen)
    return seen.batch * size if seen.case.include_batch_in_index else 0
