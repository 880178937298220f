"""A case as so many calls of a part of it, which a function makes that is vectorised over an axis.

A batch is so many images; groups are so many convolutions, each with its part of the filter; channels of the result
are so many convolutions with one filter each. So cases that are there ask vectorising over the value, over both tensors
and over the filter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from adapters.call import refuse
from cases.model.case import Case

Over = Literal["batch", "groups", "results"]
_OF_IMAGES: Final = ("value", "indices", "flat", "places", "columns")
"""The tensors with an entry for each image, and those of them that calls make of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a framework's tensors have their channels: ahead of the spatial axes or not.

    Of the filter, ``groups`` is the axis on which groups lie and ``results`` that of the result's channels.
    """

    ahead: bool
    groups: int
    results: int


def own_layout(case: Case) -> Layout:
    """Return the layout of a framework that has a case's tensors as the case has them, but for its data_format."""
    return Layout(ahead=case.channels_first, groups=-1, results=_channels_of_results(case))


def over(case: Case) -> Over:
    """Return what a case is vectorised over.

    Raises:
        NotSupported: if a tensor is empty.
    """
    refuse("there is nothing to vectorise over", when=any(0 in spec.shape for spec in case.inputs.values()))
    if case.groups > 1:
        return "groups"
    return "results" if "filter" in case.inputs and case.inputs["value"].shape[0] == 1 else "batch"


def parts(case: Case) -> int:
    """Return how many calls a case is.

    Raises:
        NotSupported: if it is not to be vectorised (see ``over``).
    """
    counts = {"batch": case.inputs["value"].shape[0], "groups": case.groups}
    return counts.get(over(case), 0) or case.inputs["filter"].shape[_channels_of_results(case)]


def part(case: Case) -> Case:
    """Return the case of one call.

    Raises:
        NotSupported: if it is not to be vectorised (see ``over``).
    """
    count, sizes = parts(case), {name: list(spec.shape) for name, spec in case.inputs.items()}
    if case.output_shape is not None:
        sizes["output"] = list(case.output_shape)
    for name, axis in _split(case):
        if name in sizes:
            sizes[name][axis] //= count
    inputs = {name: replace(spec, shape=tuple(sizes[name])) for name, spec in case.inputs.items()}
    shape = tuple(sizes["output"]) if "output" in sizes else None
    return replace(case, inputs=inputs, output_shape=shape, groups=1)


def axes(case: Case, layout: Layout) -> dict[str, int]:
    """Return the axis of each tensor of a call that is split, by the tensor's name; a result is an ``output``.

    Raises:
        NotSupported: if the case is not to be vectorised (see ``over``).
    """
    rank, what = len(case.strides) + 2, over(case)
    channels = 1 if layout.ahead else rank - 1
    own = {"filter": (layout.groups if what == "groups" else layout.results) % rank, "bias": 0}
    return {name: own.get(name, 0 if what == "batch" else channels) for name, _ in _split(case)}


def _split(case: Case) -> Iterator[tuple[str, int]]:
    """Yield each tensor that is split, with the axis in the case's own layout."""
    what = over(case)
    if what == "batch":
        yield from zip((*_OF_IMAGES, "output", "cotangent"), itertools.repeat(0))
        return
    yield from (("output", -1), ("cotangent", -1), ("bias", 0))
    yield "filter", -1 if what == "groups" else _channels_of_results(case)
    if what == "groups":
        yield "value", -1


def _channels_of_results(case: Case) -> int:
    return -2 if case.operator == "conv_transpose" else -1
