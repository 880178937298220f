"""The slips of unpooling: an index read over another image, a value that another one overwrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from adapters.oracle import pooling
from adapters.oracle.exactness import cast
from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis
from reports.judging.compare import Array, Arrays

Explanation = tuple[str, Callable[[], Arrays]]


def explanations(case: Case, inputs: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """What an unpooling may have done instead; gradients of it have no names here."""
    if case.gradients:
        return
    if case.operator == "max_unpool":
        yield from _of_size(case, inputs, actual["output"].shape)
    elif case.operator == "avg_unpool":
        yield "the last value stays where windows overlap", lambda: _overwritten(case, inputs["value"])


def _of_size(case: Case, inputs: Arrays, wrong: tuple[int, ...]) -> Iterator[Explanation]:
    """The same flat index put into an image of another size, where it names another place."""
    right = shapes.output_shape(case)
    if len(wrong) != len(right) or wrong == right or (wrong[0], wrong[-1]) != (right[0], right[-1]):
        return
    resized = zip(shapes.axes(case), wrong[1:-1], strict=True)
    axes = tuple(replace(axis, image=length) for axis, length in resized)

    def put() -> Arrays:
        return {"output": cast(case, "output", pooling.max_unpool(inputs["value"], inputs["indices"], axes))}

    yield f"indices read over {_size(wrong)} instead of {_size(right)}", put


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape[1:-1]))


def _overwritten(case: Case, value: Array) -> Arrays:
    """Every place gets the last value whose window begins at it or before it, and zero if that one doesn't reach it."""
    image, covered = value, np.ones((), dtype=np.bool_)
    for number, axis in enumerate(shapes.axes(case)):
        last, reached = _last(axis)
        image = np.take(image, last, axis=1 + number)
        covered = covered[..., np.newaxis] & reached
    return {"output": np.where(covered[..., np.newaxis], image, np.zeros((), value.dtype))}


def _last(axis: Axis) -> tuple[Array, Array]:
    """For each place of an image's axis, the last window that begins there or before, and whether it covers it."""
    places = np.arange(axis.image) + axis.before
    last = np.minimum(places // axis.stride, axis.count - 1)
    return last, places - last * axis.stride < axis.kernel
