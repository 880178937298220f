"""Mistakes with special values: NaN, infinities, subnormal numbers and the signs of zeros.

Like every diagnosis, each is a transform that must explain every element of the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.oracle import Oracle
from adapters.oracle.exactness import cast
from adapters.oracle.gradients import added_at
from adapters.oracle.pooling import with_batch
from adapters.oracle.windows import cut
from cases.model import shapes
from cases.model.case import Case
from cases.model.dtypes import FLOATS, special
from reports.judging.compare import outputs

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
Explanation = tuple[str, Callable[[], Arrays]]
_MAX: Final = ("max_pool", "max_pool_argmax")


def explanations(case: Case, inputs: Arrays, expected: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """Yield the transforms that special values may have gone through."""
    if case.dtype not in FLOATS:
        return
    yield "only the signs of zeros", lambda: _with_signs(expected, actual)
    yield "subnormal results written as zeros", lambda: {n: _flushed(case, array) for n, array in expected.items()}
    if case.tier != "special":
        return
    flushed = {name: _flushed(case, tensor) for name, tensor in inputs.items()}
    yield "subnormal inputs read as zeros", lambda: Oracle().unchecked(case, flushed)
    yield "NaN instead of infinity", lambda: {n: _undefined(array, actual[n]) for n, array in expected.items()}
    if case.operator == "avg_pool" and np.isnan(inputs["value"]).any():
        yield "NaN left out of the mean", lambda: _left_out(case, inputs, expected, actual)
    if case.operator in _MAX:
        yield from _of_maxima(case, inputs, expected)


def _undefined(array: Array, actual: Array) -> Array:
    """Return an array with the actual NaN in place of infinities, as a product of an infinity with a zero gives."""
    return np.where(np.isinf(array.astype(np.float64)) & np.isnan(actual.astype(np.float64)), actual, array)


def _left_out(case: Case, inputs: Arrays, expected: Arrays, actual: Arrays) -> Arrays:
    """Return a mean of the numbers of a window, as if its NaN were padding, where the actual mean is no NaN."""
    exact, nan = replace(case, tier="bounded", gradients=()), np.isnan(inputs["value"])

    def mean(value: Array) -> Array:
        return Oracle().unchecked(exact, inputs | {"value": value.astype(inputs["value"].dtype)})["output_float64"]

    rest = cast(case, "output", mean(np.where(nan, 0, inputs["value"])) / mean(~nan))
    return expected | {"output": np.where(np.isnan(actual["output"]), expected["output"], rest)}


def _of_maxima(case: Case, inputs: Arrays, expected: Arrays) -> Iterator[Explanation]:
    value, lowest = inputs["value"], -special("largest", case.dtype)
    if np.isnan(value).any():
        ignoring = _run(
            case, inputs | {"value": np.where(np.isnan(value), -np.inf, value).astype(value.dtype)}, expected
        )
        yield "NaN ignored, as if it were less than all", lambda: ignoring
        yield "NaN kept only where it comes first in its window", lambda: _first(case, inputs, ignoring)
        if np.isneginf(ignoring["output"].astype(np.float64)).any():
            yield "NaN ignored, and the lowest number where nothing is left", lambda: _begun(ignoring, lowest)
    if np.isneginf(expected["output"].astype(np.float64)).any():
        yield "minus infinity replaced by the lowest number", lambda: _begun(expected, lowest)
    yield from _of_indices(case, inputs, expected)


def _run(case: Case, inputs: Arrays, expected: Arrays) -> Arrays:
    return {name: array.astype(expected[name].dtype) for name, array in Oracle().unchecked(case, inputs).items()}


def _begun(answer: Arrays, lowest: float) -> Arrays:
    """Return the result of a search for maxima that begins with the lowest number instead of minus infinity."""
    output = answer["output"].astype(np.float64)
    return answer | {"output": np.where(np.isneginf(output), lowest, output).astype(answer["output"].dtype)}


def _first(case: Case, inputs: Arrays, ignoring: Arrays) -> Arrays:
    """Return the result of a search for maxima that begins with a window's first element.

    Every other element replaces the maximum only if it is greater, so NaN stays only where it comes first.
    """
    axes, value = shapes.axes(case), inputs["value"]
    channels = value.shape[-1]
    places = _places(case).min(axis=tuple(range(-len(axes), 0))) * channels + np.arange(channels)
    flat = value.reshape(len(value), math.prod(value.shape[1:]))
    first = np.take_along_axis(flat, np.broadcast_to(places, ignoring["output"].shape).reshape(len(value), -1), axis=1)
    nan = np.isnan(first.reshape(ignoring["output"].shape))
    changed = ignoring | {"output": np.where(nan, np.nan, ignoring["output"]).astype(ignoring["output"].dtype)}
    if "indices" not in ignoring:
        return changed
    return _at(case, changed, np.where(nan, places, _in_image(ignoring, inputs)), inputs)


def _in_image(answer: Arrays, inputs: Arrays) -> Array:
    """Return an answer's indices as they count within one image of the batch."""
    return answer["indices"] % math.prod(inputs["value"].shape[1:])


def _at(case: Case, answer: Arrays, indices: Array, inputs: Arrays) -> Arrays:
    """Return an answer with other indices, to which its gradient goes as well if it has one.

    The indices given count within one image; the answer's count through the batch if the case says so.
    """
    size = math.prod(inputs["value"].shape[1:])
    changed = answer | {"indices": with_batch(indices, size) if case.include_batch_in_index else indices}
    if "value_gradient" in answer:
        gradient = added_at(inputs["cotangent"].astype(np.float64), indices, inputs["value"].shape)
        changed["value_gradient"] = gradient.astype(answer["value_gradient"].dtype)
    return changed


def _places(case: Case, outside: int = np.iinfo(np.int64).max) -> Array:
    """Return the place of each window's elements on one plane of the image: [1, *count, 1, *kernel]."""
    images = case.inputs["value"].shape[1:-1]
    return cut(np.arange(math.prod(images)).reshape(1, *images, 1), shapes.axes(case), outside)


def _with_signs(expected: Arrays, actual: Arrays) -> Arrays:
    """Return the expected arrays, in which each zero has the sign of the actual element."""
    signed = dict(expected)
    for name in outputs(expected):
        right, wrong = expected[name].astype(np.float64), actual[name].astype(np.float64)
        if right.shape == wrong.shape:
            signed[name] = np.where(right == 0, np.copysign(0.0, wrong), right).astype(expected[name].dtype)
    return signed


def _flushed(case: Case, array: Array) -> Array:
    """Return an array with zeros of the same sign in place of the subnormal numbers of the case's dtype."""
    smallest = special("smallest_normal", case.dtype)
    wide = array.astype(np.float64)
    tiny = (np.abs(wide) < smallest) & (array.dtype.kind != "i")
    return np.where(tiny, np.copysign(0.0, wide), wide).astype(array.dtype)


def _of_indices(case: Case, inputs: Arrays, expected: Arrays) -> Iterator[Explanation]:
    """Yield the index of the last NaN of a window where a window holds several."""
    if "indices" not in expected:
        return
    axes = shapes.axes(case)
    channels = inputs["value"].shape[-1]
    nans = cut(np.isnan(inputs["value"]).astype(np.float64), axes, 0.0) > 0
    last = np.where(nans, _places(case, -1), -1).max(axis=tuple(range(-len(axes), 0)))
    changed = np.where(last < 0, _in_image(expected, inputs), last * channels + np.arange(channels))
    yield "the last NaN of a window instead of the first", lambda: _at(case, expected, changed, inputs)
