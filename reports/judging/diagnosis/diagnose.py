"""The search for the mistake that explains a difference.

Each explanation is a transform of the question or of the right answer. The oracle answers the changed question. The
transform is the diagnosis if this answer equals what the target returned, bit for bit or within the tolerance. So a
diagnosis is checked on every element and is never a guess from the look of the numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle import NotExact, Oracle
from adapters.oracle.pooling import divisors
from cases.model import shapes
from cases.model.case import POOLING, Case, Tier
from cases.model.dtypes import FLOATS
from cases.model.fill import fill
from cases.model.tolerance import Tolerance
from reports.judging.compare import compare, outputs
from reports.judging.diagnosis import special, unpooling, windows, zeros

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
Explanation = tuple[str, Callable[[], Arrays]]
_SAY_WHICH: Final = (zeros.OF_GROUPS, windows.MULTIPLIED)
"""The ends of names that say which zeros were multiplied, beside which ``zeros.MULTIPLIED`` says nothing more."""
_NARROWER: Final = {"float64": "float32", "int64": "int32"}


@np.errstate(all="ignore")
def diagnose(
    case: Case, expected: Arrays, actual: Arrays, tolerance: Tolerance, inputs: Arrays | None = None
) -> str | None:
    """Return the transform that turns the expected result into the actual one; None if no known transform does.

    A small case may not tell two transforms apart. Then both are named, joined by "or", and a larger case of the same
    group decides. ``inputs`` are the call's inputs where they are not those that the case fills.
    """
    inputs = fill(case) if inputs is None else inputs
    explanations = _explanations(case, inputs, expected, actual, tolerance)
    fitting = [name for name, answer in explanations if _fits(answer, actual, tolerance)]
    if case.dtype in _NARROWER and _has_shapes(expected, actual) and _is_in_32_bits(case, inputs, actual, tolerance):
        fitting.append("computed in 32 bits")
    if not fitting and case.operator == "avg_pool" and case.dtype in FLOATS:
        fitting += [NEARLY] if is_nearly(expected, actual, tolerance) else []
    says_which = any(name.endswith(_SAY_WHICH) for name in fitting)
    if not says_which and _has_shapes(expected, actual):
        near_zeros = zeros.with_products_of_zeros(case, inputs, expected, actual)
        fits = near_zeros is not None and compare(near_zeros, actual, tolerance) is None
        fitting += [zeros.MULTIPLIED] if fits else []
    return " or ".join(dict.fromkeys(fitting)) or None


def _fits(answer: Callable[[], Arrays], actual: Arrays, tolerance: Tolerance) -> bool:
    try:
        transformed = answer()
    except (ValueError, IndexError, NotSupported, NotExact):  # the changed question has no answer
        return False
    return compare(transformed, actual, tolerance) is None


def _explanations(
    case: Case, inputs: Arrays, expected: Arrays, actual: Arrays, tolerance: Tolerance
) -> Iterator[Explanation]:
    yield from windows.explanations(case, inputs, expected, actual, tolerance)
    yield from unpooling.explanations(case, inputs, actual)
    yield from _of_surplus(case, inputs)
    yield from _of_dilations(case, inputs)
    yield from _of_pooling(case, inputs)
    yield from _of_layout(expected)
    if _has_shapes(expected, actual):
        yield from _of_values(case, inputs, expected, actual)


def _has_shapes(expected: Arrays, actual: Arrays) -> bool:
    return all(actual[name].shape == expected[name].shape for name in outputs(expected))


def _of_values(case: Case, inputs: Arrays, expected: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """Yield the transforms that keep every shape, and so can't explain a wrong one."""
    yield from _of_dtype(expected, actual)
    yield from special.explanations(case, inputs, expected, actual)
    yield from _of_filter(case, inputs)
    yield from _of_channels(case, inputs, expected)
    yield from _of_indices(case, expected)
    yield from _of_average(case, inputs)


def _answer(case: Case, inputs: Arrays) -> Callable[[], Arrays]:
    """Return a function that asks the oracle.

    Its sums are not checked for exactness again, because every bit of the answer is compared.
    """
    return lambda: Oracle().unchecked(case, inputs)


def _outputs(expected: Arrays, change: Callable[[Array], Array]) -> Arrays:
    """Return the expected arrays with one change to the output, in the case's dtype and in the oracle's precision."""
    return {name: change(array) if name.startswith("output") else array for name, array in expected.items()}


def _of_dtype(expected: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """Yield the right values in the dtypes that came back."""
    changed = {name: actual[name].dtype for name in outputs(expected) if actual[name].dtype != expected[name].dtype}

    def converted() -> Arrays:
        return expected | {name: expected[name].astype(dtype) for name, dtype in changed.items()}

    if changed:
        yield f"returned as {', '.join(sorted({dtype.name for dtype in changed.values()}))}", converted


def _is_in_32_bits(case: Case, inputs: Arrays, actual: Arrays, tolerance: Tolerance) -> bool:
    """Tell whether this is the right answer to the same question asked in 32 bits, within the tolerance of 32 bits."""
    narrow = _NARROWER[case.dtype]
    dtypes = {name: spec.dtype if name == "indices" else narrow for name, spec in case.inputs.items()}
    specs = {name: replace(spec, dtype=dtypes[name]) for name, spec in case.inputs.items()}
    given = {name: array.astype(dtypes[name]) for name, array in inputs.items()}
    try:
        right, tier = _answer_and_tier(replace(case, inputs=specs), given)
    except (NotSupported, NotExact):
        return False
    return compare(right, actual, replace(tolerance, tier=tier, dtype=narrow, result=narrow)) is None


def _answer_and_tier(case: Case, inputs: Arrays) -> tuple[Arrays, Tier]:
    """Return the right answer and the tier by which to compare it.

    Floats that can't hold every sum of an exact case round, so such an answer is compared in the bounded tier.
    """
    try:
        return Oracle().run(case, inputs), case.tier
    except NotExact:
        if case.dtype not in FLOATS:
            raise
    return Oracle().run(replace(case, tier="bounded"), inputs), "bounded"


def _of_filter(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    if "filter" not in inputs:
        return
    spatial = tuple(range(len(case.strides)))
    tensor = inputs["filter"]
    changes: list[tuple[str, Array]] = [("filter not rotated", np.flip(tensor, spatial))]
    changes += [(f"filter flipped along axis {axis}", np.flip(tensor, axis)) for axis in spatial]
    changes += [("filter transposed in space", np.swapaxes(tensor, 0, 1))] if len(spatial) > 1 else []
    changes += [
        ("filter's channels swapped", np.swapaxes(tensor, -1, -2)),
        ("filter's channels reversed", np.flip(tensor, -2)),
    ]
    for name, changed in changes:
        if changed.shape == tensor.shape:
            yield name, _answer(case, inputs | {"filter": np.ascontiguousarray(changed)})


def _of_channels(case: Case, inputs: Arrays, expected: Arrays) -> Iterator[Explanation]:
    """Yield mistakes of bias and groups: ignored, reversed, or not kept apart."""
    if "bias" in inputs:
        yield "bias ignored", _answer(case, inputs | {"bias": np.zeros_like(inputs["bias"])})
        yield "bias reversed", _answer(case, inputs | {"bias": inputs["bias"][::-1].copy()})
    if case.groups > 1:
        parts = np.split(inputs["filter"], case.groups, axis=-1)
        yield "groups reversed", _answer(case, inputs | {"filter": np.concatenate(parts[::-1], axis=-1)})
        yield zeros.OF_GROUPS, lambda: _ungrouped(case, inputs)
        if case.gradients:
            yield zeros.OF_GROUPS, lambda: expected | {"output": _ungrouped(case, inputs)["output"]}


def _ungrouped(case: Case, inputs: Arrays) -> Arrays:
    """Return the answer of one filter over all channels, with zeros between the groups.

    An infinity that meets one of these zeros makes NaN.
    """
    *kernel, first, last = inputs["filter"].shape
    width = last // case.groups
    blocks = [(slice(g * first, (g + 1) * first), slice(g * width, (g + 1) * width)) for g in range(case.groups)]
    dense = np.zeros((*kernel, first * case.groups, last), inputs["filter"].dtype)
    for block, part in zip(blocks, np.split(inputs["filter"], case.groups, axis=-1), strict=True):
        dense[(..., *block)] = part
    specs = case.inputs | {"filter": replace(case.inputs["filter"], shape=dense.shape)}
    answer = _answer(replace(case, groups=1, inputs=specs), inputs | {"filter": dense})()
    if "filter_gradient" in answer:
        gradient = answer["filter_gradient"]
        answer["filter_gradient"] = np.concatenate([gradient[(..., *block)] for block in blocks], axis=-1)
    return answer


def _of_surplus(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    """Yield SAME with its surplus cut on both sides, for cases whose windows leave elements out.

    A target that takes the surplus for padding below zero cuts half of it in front.
    """
    if case.padding != "SAME" or case.output_shape is not None or case.gradients:
        return
    axes = shapes.axes(case)
    surplus = [axis.image - axis.full for axis in axes]
    if max(surplus) <= 1:
        return
    starts = [max(extra, 0) // 2 for extra in surplus]
    value = inputs["value"][(slice(None), *(slice(start, None) for start in starts))]
    pairs = tuple((axis.before, max(axis.after, 0)) for axis in axes)
    specs = case.inputs | {"value": replace(case.inputs["value"], shape=value.shape)}
    cut = replace(case, padding=pairs, inputs=specs)
    yield "SAME's surplus cut on both sides", _answer(cut, inputs | {"value": value})


def _of_dilations(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    if case.dilations is not None and max(case.dilations) > 1:
        yield "dilations ignored", _answer(replace(case, dilations=None), inputs)


def _of_pooling(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    """Yield a pooling without the further window or the divisor that the call says, or with one that it doesn't say."""
    if case.operator not in POOLING:
        return
    if case.ceil_mode is not None and not case.gradients:
        yield "ceil_mode ignored", _answer(replace(case, ceil_mode=None), inputs)
    elif case.ceil_mode is None and not case.gradients and any(axis.padded > axis.full for axis in shapes.axes(case)):
        yield "a further window, as with ceil_mode", _answer(replace(case, ceil_mode="drop"), inputs)
    if case.divisor is not None:
        yield "divisor ignored", _answer(replace(case, divisor=None), inputs)


def _of_indices(case: Case, expected: Arrays) -> Iterator[Explanation]:
    if "indices" not in expected:
        return
    value, right = case.inputs["value"].shape, expected["indices"]
    size, channels = int(np.prod(value[1:])), value[-1]
    batch = np.arange(value[0]).reshape(-1, *(1,) * (len(value) - 1))
    for name, wrong in (
        ("indices count the batch too", right + batch * size),
        ("indices over one plane, without channels", right // channels),
    ):
        yield name, lambda wrong=wrong: expected | {"indices": wrong}  # type: ignore[misc]


def _of_average(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    if case.operator != "avg_pool" or case.tier != "exact":
        return
    counts = divisors(shapes.axes(case), case.divisor)
    exact = Oracle().run(replace(case, tier="bounded"), inputs)["output_float64"]
    sums = exact * counts
    whole = float(np.prod(shapes.kernel_size(case)))
    reciprocal = (1 / counts).astype(case.dtype)
    if np.unique(counts).size > 1:
        yield "divided by the whole window at the border", lambda: {"output": (sums / whole).astype(case.dtype)}
    yield "multiplied by the rounded reciprocal", lambda: {"output": sums.round().astype(case.dtype) * reciprocal}


NEARLY: Final = "off by two units in the last place of the largest element at most"


def is_nearly(expected: Arrays, actual: Arrays, tolerance: Tolerance) -> bool:
    """Tell whether an answer of the right shapes is off by no more than ``NEARLY`` says."""
    if not _has_shapes(expected, actual):
        return False
    near = {name: _nearly(expected[name], actual[name]) for name in outputs(expected)}
    return compare(near, actual, tolerance) is None


def _nearly(expected: Array, actual: Array) -> Array:
    """Return the actual elements where they are that near to the expected ones, and the expected ones elsewhere."""
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    near = np.abs(actual.astype(np.float64) - expected) <= 2 * np.spacing(largest)
    return np.where(near, actual, expected)


def _of_layout(expected: Arrays) -> Iterator[Explanation]:
    changes: list[tuple[str, Callable[[Array], Array]]] = [
        ("batch reversed", lambda array: np.flip(array, 0)),
        ("channels reversed", lambda array: np.flip(array, -1)),
    ]
    if expected["output"].ndim > 3:  # noqa: PLR2004 - batch, two spatial axes at least, channels
        changes.append(("height and width swapped", lambda array: np.swapaxes(array, 1, 2)))
    for name, change in changes:
        yield name, functools.partial(_outputs, expected, change)
