"""Mistakes of unpooling: an index read over an image of another size, a value overwritten by another one."""

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
    """Yield the mistakes that an unpooling may have made; none for its gradients."""
    if case.gradients:
        return
    if case.operator == "max_unpool":
        yield from _of_size(case, inputs, actual["output"].shape)
    elif case.operator == "avg_unpool":
        yield "the last value stays where windows overlap", lambda: _overwritten(case, inputs["value"])


def _of_size(case: Case, inputs: Arrays, wrong: tuple[int, ...]) -> Iterator[Explanation]:
    """Yield the result of the same flat indices in an image of another size, where they name other places."""
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
    """Give every place the last value whose window begins at that place or before it.

    A place that this window does not reach gets zero.
    """
    image, covered = value, np.ones((), dtype=np.bool_)
    for number, axis in enumerate(shapes.axes(case)):
        last, reached = _last(axis)
        image = np.take(image, last, axis=1 + number)
        covered = covered[..., np.newaxis] & reached
    return {"output": np.where(covered[..., np.newaxis], image, np.zeros((), value.dtype))}


def _last(axis: Axis) -> tuple[Array, Array]:
    """Return for each place of an image's axis the last window that begins there or before.

    The second array tells whether that window covers the place.
    """
    places = np.arange(axis.image) + axis.before
    last = np.minimum(places // axis.stride, axis.count - 1)
    return last, places - last * axis.stride < axis.kernel
