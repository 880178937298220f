"""Convolution and its transpose on paper: both end with windows, sums of products and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cases.explain import sides
from cases.explain.canonical import where
from cases.explain.ending import Answer, ending, one_step
from cases.explain.numbers import products
from cases.explain.parts import Flags, Kind, Picture, Step, apart, by, pictured
from cases.explain.view import DRAWN, View
from cases.explain.windows import Cells, Place, cells, correlate, pad, rotate, spread, terms, under

_READ: Final = "The taps of the {} lie on the cells in [ ]; only a tap on an element gives a product."
_FULLEST: Final = "The fullest window is the first that has the most products."
_AROUND: Final = "So many cells that windows of the filter's extent, 1 apart, give the output_shape and no more."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """A filter and the cells on which it is laid: the padded cells, the taps, and the strides of the windows."""

    seen: View
    padded: Cells
    taps: Cells
    strides: Place
    name: str


def conv_transpose(seen: View) -> Answer:
    """Rotate the filter, insert zeros into the value, pad it, and lay the filter on it with stride 1."""
    strides = tuple(axis.stride for axis in seen.axes)
    value, rotated = cells(seen.value, Kind.ELEMENT), rotate(cells(seen.filter, Kind.TAP))
    taps, inserted = spread(rotated, _dilations(seen)), spread(value, strides)
    padded = pad(inserted, sides.pairs(seen))
    laid = Laid(seen=seen, padded=padded, taps=taps, strides=(1,) * len(strides), name="rotated filter")
    steps = [
        Step(heading="The value", text=(_source(seen),), pictures=_channels(seen, value)),
        _rotation(seen, rotated),
        *_dilation(seen, rotated, taps),
        _insertion(seen, value, inserted, strides),
        Step(
            heading="Padding around",
            text=(_AROUND, *sides.transposed(seen)),
            pictures=_channels(seen, padded),
        ),
    ]
    return _with_windows(steps, laid)


def conv(seen: View) -> Answer:
    """Pad the image, and lay the filter on it without rotation."""
    value, tight = cells(seen.value, Kind.ELEMENT), cells(seen.filter, Kind.TAP)
    taps = spread(tight, _dilations(seen))
    padded = pad(value, tuple((axis.before, axis.after) for axis in seen.axes))
    strides = tuple(axis.stride for axis in seen.axes)
    laid = Laid(seen=seen, padded=padded, taps=taps, strides=strides, name="filter")
    steps = [
        Step(heading="The image", pictures=_channels(seen, value)),
        Step(
            heading="The filter",
            text=("It is laid on the image as it is, neither rotated nor transposed.",),
            pictures=_channels(seen, tight),
        ),
        *_dilation(seen, tight, taps),
        Step(
            heading="Padding around",
            text=sides.forward(seen),
            pictures=_channels(seen, padded) if padded.sizes != value.sizes else (),
        ),
    ]
    return _with_windows(steps, laid)


def _dilations(seen: View) -> Place:
    return tuple(axis.dilation for axis in seen.axes)


def _source(seen: View) -> str:
    if not seen.inputs:
        return "It has no channel, so there is nothing to draw."
    return f"What a convolution makes of an image of {sides.sizes(seen)}; to be spread over such an image again."


def _channels(seen: View, given: Cells, window: Flags | None = None, what: str = "") -> tuple[Picture, ...]:
    """Draw the first ``DRAWN`` input channels; ``what`` names a picture if a step has several of a channel."""
    return tuple(
        pictured(_title(seen, channel, what), given.numbers[..., number], given.kinds, window=window)
        for number, channel in enumerate(seen.inputs[:DRAWN])
    )


def _title(seen: View, channel: int, what: str) -> str:
    named = [f"channel {channel}"] if len(seen.inputs) > 1 or not what else []
    return ", ".join([*named, *([what] if what else [])])


def _rotation(seen: View, rotated: Cells) -> Step:
    before = _channels(seen, rotate(rotated))
    after = _channels(seen, rotated, what="rotated")
    axes = "every spatial axis is" if len(seen.axes) > 1 else "the spatial axis is"
    text = f"Rotated, not transposed: {axes} reversed; the channels keep their places."
    return Step(
        heading="The filter, rotated",
        text=(text,),
        pictures=tuple(one for pair in zip(before, after, strict=True) for one in pair),
    )


def _dilation(seen: View, tight: Cells, taps: Cells) -> list[Step]:
    if tight.sizes == taps.sizes:
        return []
    lines = sides.between(_dilations(seen), tight.sizes, seen, "dilation")
    text = ("The taps lie apart; the zeros between them multiply nothing.", *lines)
    return [Step(heading="Zeros between the taps", text=text, pictures=_channels(seen, taps))]


def _insertion(seen: View, value: Cells, inserted: Cells, strides: Place) -> Step:
    heading = "Zeros between the elements"
    if max(strides) == 1:
        return Step(heading=heading, text=("Stride 1 puts 1 - 1 = 0 zeros between neighbours: nothing changes.",))
    text = (
        "stride - 1 zeros between neighbours and none after the last: what comes there is padding.",
        *sides.between(strides, value.sizes, seen, "stride"),
    )
    return Step(heading=heading, text=text, pictures=_channels(seen, inserted))


def _with_windows(steps: list[Step], laid: Laid) -> Answer:
    """Append the steps that write out some windows, and the step with the result of all windows."""
    result = correlate(laid.padded, laid.taps, laid.strides) + laid.seen.bias
    steps += one_step(
        {which: _window(laid, which, place, float(result[place])) for which, place in _ends(laid).items()}
    )
    text = f"So for all {by(result.shape)} windows, {apart(laid.strides)} apart."
    return (*steps, ending(laid.seen, result, text)), {"output": result}


def _ends(laid: Laid) -> dict[str, Place]:
    """Return the windows to write out: the first, the last, and the first with the most products if both have fewer."""
    padded, taps = (Cells(numbers=np.ones((*part.sizes, 1)), kinds=part.kinds) for part in (laid.padded, laid.taps))
    counts = correlate(padded, taps, laid.strides)
    first, last = (0,) * counts.ndim, tuple(size - 1 for size in counts.shape)
    fullest = tuple(int(number) for number in np.unravel_index(counts.argmax(), counts.shape))
    if counts.size == 1:
        return {"only": first}
    more = counts[fullest] > max(counts[first], counts[last])
    return {"first": first, **({"fullest": fullest} if more else {}), "last": last}


def _window(laid: Laid, which: str, place: Place, result: float) -> Step:
    corner = tuple(number * stride for number, stride in zip(place, laid.strides, strict=True))
    return Step(
        heading=f"The {which} window",
        text=(_READ.format(laid.name), *([_FULLEST] if which == "fullest" else [])),
        pictures=_channels(laid.seen, laid.padded, under(corner, laid.taps, laid.padded.sizes), f"{which} window"),
        sums=products(laid.seen, terms(laid.padded, laid.taps, corner), f"result, {where(place)}", result),
    )
