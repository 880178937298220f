"""Pooling on paper: pad the image, and take the greatest element or the mean of each window."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cases.explain import sides
from cases.explain.canonical import formula, index, where
from cases.explain.ending import Answer, ending, one_step
from cases.explain.numbers import listed, number, total
from cases.explain.parts import Array, Kind, NoAnswerError, Picture, Step, apart, by, picture, pictured
from cases.explain.view import View
from cases.explain.windows import Cells, Place, cells, pad, spread, terms, under, windows
from cases.model import shapes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """A window: the place on the padded image where it begins, the places of its elements there, and these elements.

    ``divisor`` is what its mean divides by.
    """

    corner: Place
    spots: Array
    elements: Array
    divisor: int

    @property
    def best(self) -> int:
        """Return the number of the greatest element: of the first NaN, if any, else of the first of equal maxima."""
        return int(self.elements.argmax())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooling:
    """A padded image, and all windows on it by their places in the result."""

    seen: View
    padded: Cells
    taps: Cells
    windows: dict[Place, Window]

    @property
    def before(self) -> Place:
        """Return the number of cells of padding before the image, along each axis."""
        return tuple(axis.before for axis in self.seen.axes)

    def gathered(self, take: Callable[[Window], float]) -> Array:
        """Return a number of each window, in the shape of the result."""
        counts = tuple(axis.count for axis in self.seen.axes)
        return np.array([take(window) for window in self.windows.values()]).reshape(counts)

    def spot(self, window: Window) -> Place:
        """Return the place in the image of a window's greatest element."""
        return tuple((window.spots[window.best] - self.before).tolist())


Tell = Callable[[Pooling, Window], tuple[str, ...]]
"""A function that writes out one window."""


def max_pool(seen: View) -> Answer:
    """Take the greatest element of each window."""
    pooling = _pooling(seen)
    output = pooling.gathered(lambda window: float(window.elements[window.best]))
    steps = [*_beginning(pooling), *_ends(pooling, _greatest), *_chosen(pooling)]
    return (*steps, ending(seen, output, "The greatest of each window.")), {"output": output}


def max_pool_argmax(seen: View) -> Answer:
    """Take the greatest element of each window, and the mask: the canonical index of that element."""
    pooling = _pooling(seen)
    output = pooling.gathered(lambda window: float(window.elements[window.best]))
    mask = pooling.gathered(lambda window: index(seen, pooling.spot(window))).astype(np.int64)
    drawn = picture("indices", mask, Kind.INDEX)
    steps = [*_beginning(pooling), *_ends(pooling, _greatest_and_index), *_chosen(pooling)]
    last = ending(
        seen, output, "The greatest of each window, and the mask: where that element lies in the image.", drawn
    )
    return (*steps, last), {"output": output, "indices": mask}


def avg_pool(seen: View) -> Answer:
    """Take the mean of each window's elements: their sum over what the call divides by."""
    pooling = _pooling(seen)
    with np.errstate(over="ignore", invalid="ignore"):
        output = pooling.gathered(lambda window: float(window.elements.sum()) / window.divisor)
    divisors = pooling.gathered(lambda window: window.divisor).astype(np.float64)
    drawn = [picture("divisors", divisors, Kind.COUNT)] if np.unique(divisors).size > 1 else []
    text = "Each sum over its own divisor." if drawn else f"Each sum over {number(divisors.flat[0])}."
    return (*_beginning(pooling), *_ends(pooling, _mean), ending(seen, output, text, *drawn)), {"output": output}


def _pooling(seen: View) -> Pooling:
    strides = tuple(axis.stride for axis in seen.axes)
    taps = cells(np.zeros((*(axis.kernel for axis in seen.axes), 1)), Kind.TAP)
    taps = spread(taps, tuple(axis.dilation for axis in seen.axes))
    padded = pad(cells(seen.value, Kind.ELEMENT), tuple((axis.before, axis.after) for axis in seen.axes))
    padded = pad(padded, tuple((0, axis.overhang) for axis in seen.axes), Kind.BEYOND)
    found = {place: _read(seen, padded, taps, place, corner) for place, corner in windows(padded, taps, strides)}
    return Pooling(seen=seen, padded=padded, taps=taps, windows=found)


def _read(seen: View, padded: Cells, taps: Cells, place: Place, corner: Place) -> Window:
    numbers, _, held = terms(padded, taps, corner)
    divisor = _divisor(seen, place)
    if not (divisor if seen.case.operator == "avg_pool" else held.any()):
        msg = "a window that holds padding alone has neither a maximum nor a mean"
        raise NoAnswerError(msg)
    return Window(corner=corner, spots=np.argwhere(held) + corner, elements=numbers[held][:, 0], divisor=divisor)


def _divisor(seen: View, place: Place) -> int:
    said = seen.case.divisor
    if isinstance(said, int):
        return said
    return math.prod(shapes.counted(axis, said)[number] for axis, number in zip(seen.axes, place, strict=True))


def _beginning(pooling: Pooling) -> list[Step]:
    seen = pooling.seen
    loses = "it can't be chosen" if seen.case.operator.startswith("max") else _uncounted(seen)
    value = picture(f"channel {seen.channel}", seen.value[..., 0], Kind.ELEMENT, origin=(0,) * len(seen.axes))
    text = f"Padding holds no element: {loses}. Rows and columns are counted from the image."
    padded = (_drawn(pooling, "padded"),) if pooling.padded.sizes != seen.value.shape[:-1] else ()
    return [
        Step(heading="The image", pictures=(value,)),
        Step(heading="Padding around", text=(*sides.forward(seen), *([text] if padded else [])), pictures=padded),
    ]


def _uncounted(seen: View) -> str:
    """Say what padding is for a mean."""
    if isinstance(seen.case.divisor, int):
        return f"it adds nothing, and each sum is divided by {seen.case.divisor}"
    if seen.case.divisor != "padded":
        return "it isn't counted"
    beyond = ", but what the last window reaches beyond it isn't" if any(axis.overhang for axis in seen.axes) else ""
    return f"it adds nothing, and it is counted{beyond}"


def _drawn(pooling: Pooling, title: str, **more: Array) -> Picture:
    origin = tuple(-before for before in pooling.before)
    return pictured(title, pooling.padded.numbers[..., 0], pooling.padded.kinds, origin=origin, **more)


def _ends(pooling: Pooling, tell: Tell) -> list[Step]:
    """Write out the first and the last window."""
    places = list(pooling.windows)
    ends = {places[0]: "first", places[-1]: "last"} if len(places) > 1 else {places[0]: "only"}
    return one_step({which: _window(pooling, which, pooling.windows[place], tell) for place, which in ends.items()})


def _window(pooling: Pooling, which: str, window: Window, tell: Tell) -> Step:
    first, *others = tell(pooling, window)
    return Step(
        heading=f"The {which} window",
        text=(_ksize(pooling.seen),),
        pictures=(_marked(pooling, window, f"{which} window"),),
        sums=(f"{which} window: {first}", *(f"  {other}" for other in others)),
    )


def _ksize(seen: View) -> str:
    dilations, strides = zip(*((axis.dilation, axis.stride) for axis in seen.axes), strict=True)
    dilated = f", {apart(dilations)} apart" if max(dilations) > 1 else ""
    kernel = by(tuple(axis.kernel for axis in seen.axes))
    return f"A window reads the {kernel} cells in [ ]{dilated}; the next one lies {apart(strides)} further."


def _marked(pooling: Pooling, window: Window, title: str) -> Picture:
    marked = under(window.corner, pooling.taps, pooling.padded.sizes)
    if not pooling.seen.case.operator.startswith("max"):
        return _drawn(pooling, title, window=marked)
    return _drawn(pooling, title, window=marked, chosen=_flags(pooling, [window]))


def _flags(pooling: Pooling, found: list[Window]) -> Array:
    chosen = np.zeros(pooling.padded.sizes, dtype=np.bool_)
    for window in found:
        chosen[tuple(window.spots[window.best])] = True
    return chosen


def _greatest(pooling: Pooling, window: Window) -> tuple[str, ...]:
    best = float(window.elements[window.best])
    place = where(pooling.spot(window))
    alike = np.isnan(window.elements) if np.isnan(best) else window.elements == best
    times, nan = int(alike.sum()), ", for NaN counts as the greatest of all" if np.isnan(best) else ""
    ties = f" It stands there {times} times, and the first in reading order counts." if times > 1 else ""
    return (f"of {listed(window.elements)} the greatest is {number(best)}{nan}: {place}.{ties}",)


def _greatest_and_index(pooling: Pooling, window: Window) -> tuple[str, ...]:
    return (*_greatest(pooling, window), f"its index: {formula(pooling.seen, pooling.spot(window))}.")


def _chosen(pooling: Pooling) -> list[Step]:
    """Draw the elements that all windows choose, if there are more windows than those written out."""
    if len(pooling.windows) <= 2:  # noqa: PLR2004 - the first and the last
        return []
    counts = by(tuple(axis.count for axis in pooling.seen.axes))
    drawn = _drawn(pooling, "chosen", chosen=_flags(pooling, list(pooling.windows.values())))
    return [Step(heading="The chosen elements", text=(f"The same in all {counts} windows.",), pictures=(drawn,))]


def _mean(pooling: Pooling, window: Window) -> tuple[str, ...]:
    count, places = len(window.elements), "element lies" if len(window.elements) == 1 else "elements lie"
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(window.elements.sum()) / window.divisor
    divided = "" if window.divisor == count else f", and their sum is divided by {window.divisor}"
    if divided and pooling.seen.case.divisor == "padded":
        divided = f", and {window.divisor} of its cells lie in the padded image"
    sums = total(window.elements.tolist()) if count else "0"
    return (f"{count} {places} in it{divided}: ({sums}) / {window.divisor} = {number(mean)}.",)
