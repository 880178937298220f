"""The right values seen through another window: moved, shorter or longer.

A transposed convolution's full result is the same whatever the padding, so for it any window is searched for, at any
offset, cropping or extending by zeros. Other operators are asked again with their padding's parts moved a little.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from adapters.oracle import Oracle
from adapters.oracle.exactness import cast
from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis
from cases.model.tolerance import Tolerance
from reports.judging.compare import Array, Arrays, compare, outputs

Explanation = tuple[str, Callable[[], Arrays]]
Sizes = tuple[int, ...]
_REACH: Final = 2
"""How many elements a window may have moved along an axis where the operator is asked again."""
MULTIPLIED: Final = "inserted zeros multiplied"


def explanations(
    case: Case, inputs: Arrays, expected: Arrays, actual: Arrays, tolerance: Tolerance
) -> Iterator[Explanation]:
    """The windows through which the expected result may have been seen instead of its own."""
    is_full = case.operator == "conv_transpose" and not case.gradients
    found = list(_of_full_result(case, inputs, actual, tolerance)) if is_full else []
    yield from found
    if actual["output"].shape != expected["output"].shape:
        yield from () if found else _of_length(expected, actual)
    elif not is_full:
        yield from _of_padding(case, inputs)


def _of_full_result(case: Case, inputs: Arrays, actual: Arrays, tolerance: Tolerance) -> Iterator[Explanation]:
    """The nearest window on the full result, and on one of which inserted zeros are terms, where that is another."""
    right, seen, axes = shapes.output_shape(case), actual["output"], shapes.axes(case)
    if seen.ndim != len(right) or (seen.shape[0], seen.shape[-1]) != (right[0], right[-1]) or not all(seen.shape[1:-1]):
        return
    lengths, own = seen.shape[1:-1], tuple(axis.before for axis in axes)
    forms = ["eager"] if np.isfinite(inputs["filter"]).all() else ["eager", "zero_insertion"]
    for form in forms:
        wide = _wide(case, inputs, axes, lengths, form)
        found = _nearest(case, wide, actual, axes, tolerance)
        is_moved = found is not None and (found, lengths) != (own, right[1:-1])
        parts = [f"window {_text(found, lengths)} instead of {_text(own, right[1:-1])}"] if found and is_moved else []
        parts += [MULTIPLIED] if form != "eager" else []
        if found is not None and parts:
            start = tuple(offset + length for offset, length in zip(found, lengths, strict=True))
            yield ", ".join(parts), lambda wide=wide, start=start: _seen(case, wide, start, lengths)  # type: ignore[misc]


def _text(offsets: Sizes, lengths: Sizes) -> str:
    return " x ".join(f"({offset}, {length})" for offset, length in zip(offsets, lengths, strict=True))


def _wide(case: Case, inputs: Arrays, axes: tuple[Axis, ...], lengths: Sizes, form: str) -> Arrays:
    """The full result in float64 and, for the bounded tier, its magnitude, with zeros of a window's length around it.

    In the form that inserts zeros, these zeros are multiplied too.
    """
    reach = list(zip(axes, lengths, strict=True))
    around = ((0, 0), *((length, length) for length in lengths), (0, 0))
    bare = tuple(replace(axis, before=0, image=axis.full) for axis in axes)
    wider = tuple(replace(axis, before=-length, image=axis.full + 2 * length) for axis, length in reach)

    def answer(tensors: Arrays) -> Array:
        given = bare if form == "eager" else wider
        full = Oracle(form).grouped("conv_transpose", tensors["value"], tensors["filter"], given, case.groups)
        whole = np.pad(full, around) if form == "eager" else full
        return whole + tensors["bias"] if "bias" in tensors else whole

    exact = {name: tensor.astype(np.float64) for name, tensor in inputs.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        found = {"output_float64": answer(exact)}
        if case.tier == "bounded":
            found["output_magnitude"] = answer({name: np.abs(tensor) for name, tensor in exact.items()})
    return found


def _nearest(case: Case, wide: Arrays, actual: Arrays, axes: tuple[Axis, ...], tolerance: Tolerance) -> Sizes | None:
    """The offset nearest to the right one at which every element agrees; what one plane rules out isn't tried."""
    seen = actual["output"]
    lengths, own = seen.shape[1:-1], tuple(axis.before for axis in axes)
    starts = [tuple(map(int, start)) for start in _candidates(case, wide, seen, tolerance)]
    offsets = [tuple(at - length for at, length in zip(start, lengths, strict=True)) for start in starts]
    for offset in sorted(offsets, key=lambda offset: sum(abs(a - b) for a, b in zip(offset, own, strict=True))):
        start = tuple(at + length for at, length in zip(offset, lengths, strict=True))
        if compare(_seen(case, wide, start, lengths), {"output": seen}, tolerance) is None:
            return offset
    return None


def _candidates(case: Case, wide: Arrays, seen: Array, tolerance: Tolerance) -> Array:
    """Where the first channel of the first image may be a window, as far as equality or the tolerance tells."""
    lengths = seen.shape[1:-1]
    if not seen.size:
        return np.array([lengths])
    plane, inner = seen[0, ..., 0].astype(np.float64), tuple(range(-len(lengths), 0))
    exact = wide["output_float64"][0, ..., 0]
    nearest = exact if case.tier == "bounded" else cast(case, "output", exact).astype(np.float64)
    limit = tolerance.fails_beyond(wide.get("output_magnitude", wide["output_float64"])[0, ..., 0], exact)
    views = [np.lib.stride_tricks.sliding_window_view(array, lengths) for array in (nearest, limit)]
    with np.errstate(invalid="ignore"):
        alike = (views[0] == plane) | (np.isnan(views[0]) & np.isnan(plane)) | (np.abs(views[0] - plane) <= views[1])
    return np.argwhere(alike.all(axis=inner))


def _seen(case: Case, wide: Arrays, start: Sizes, lengths: Sizes) -> Arrays:
    """What stands in a window, in the case's dtype and in the oracle's precision."""
    place = (slice(None), *(slice(at, at + length) for at, length in zip(start, lengths, strict=True)))
    found = {name: array[place] for name, array in wide.items()}
    with np.errstate(over="ignore"):
        return found | {"output": cast(case, "output", found["output_float64"])}


def _of_length(expected: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """The right values through a shorter or longer window that starts at the same place."""
    right, wrong = expected["output"], actual["output"]
    if right.ndim != wrong.ndim or right.shape[1:-1] == wrong.shape[1:-1] or len(expected) > 1:
        return

    def window(array: Array) -> Array:
        seen = np.zeros(wrong.shape, array.dtype)
        common = tuple(slice(min(pair)) for pair in zip(right.shape, wrong.shape, strict=True))
        seen[common] = array[common]
        return seen

    changed = {name: window(expected[name]) if name == "output" else expected[name] for name in outputs(expected)}
    yield f"size {wrong.shape[1:-1]} instead of {right.shape[1:-1]}, same offset", lambda: changed


def _of_padding(case: Case, inputs: Arrays) -> Iterator[Explanation]:
    """The same window at another offset: the padding's parts before and after are other ones."""
    axes = shapes.axes(case)
    shifts = itertools.product(range(-_REACH, _REACH + 1), repeat=len(axes))
    for shift in sorted(shifts, key=lambda shift: sum(map(abs, shift))):
        pairs = tuple((axis.before + step, axis.after - step) for axis, step in zip(axes, shift, strict=True))
        if any(shift) and min(min(pair) for pair in pairs) >= 0:
            moved = replace(case, padding=pairs, output_padding=None)
            yield f"window shifted by {shift}", lambda moved=moved: Oracle().run(moved, inputs)  # type: ignore[misc]
