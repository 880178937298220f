"""The right values seen through another window: moved, shorter or longer.

A transposed convolution's full result does not depend on the padding. So it is searched for any window, at any offset,
that crops the full result or extends it by zeros. Other operators are asked again with their padding moved a little.
"""

from __future__ import annotations

import functools
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
"""The most elements by which a window may have moved along an axis where the operator is asked again."""
MULTIPLIED: Final = "inserted zeros multiplied"


def explanations(
    case: Case, inputs: Arrays, expected: Arrays, actual: Arrays, tolerance: Tolerance
) -> Iterator[Explanation]:
    """Yield the windows through which the target may have seen the result, instead of the right one."""
    is_full = case.operator == "conv_transpose" and not case.gradients
    found = list(_of_full_result(case, inputs, actual, tolerance)) if is_full else []
    yield from found
    if actual["output"].shape != expected["output"].shape:
        yield from () if found else _of_length(expected, actual)
    elif not is_full:
        yield from _of_padding(case, inputs, actual, tolerance)


def _of_full_result(case: Case, inputs: Arrays, actual: Arrays, tolerance: Tolerance) -> Iterator[Explanation]:
    """Yield the nearest window on the full result.

    Where the filter holds a NaN or an infinity, also yield the nearest window on the result that multiplies the
    inserted zeros, since zero times these is NaN.
    """
    right, seen, axes = shapes.output_shape(case), actual["output"].shape, shapes.axes(case)
    if not _may_be_windowed(right, seen):
        return
    lengths, own = seen[1:-1], tuple(axis.before for axis in axes)
    forms = ["eager"] if np.isfinite(inputs["filter"]).all() else ["eager", "zero_insertion"]
    for form in forms:
        wide = _wide(case, inputs, axes, lengths, form)
        found = _nearest(case, wide, actual, axes, tolerance)
        if found is None:
            continue
        is_moved = (found, lengths) != (own, right[1:-1])
        parts = [f"window {_text(found, lengths)} instead of {_text(own, right[1:-1])}"] if is_moved else []
        parts += [MULTIPLIED] if form != "eager" else []
        if parts:
            start = tuple(offset + length for offset, length in zip(found, lengths, strict=True))
            yield ", ".join(parts), lambda wide=wide, start=start: _seen(case, wide, start, lengths)  # type: ignore[misc]


def _may_be_windowed(right: Sizes, seen: Sizes) -> bool:
    """Tell whether a shape can come from another window: its batch and channels are right, and it is not empty."""
    return len(seen) == len(right) and (seen[0], seen[-1]) == (right[0], right[-1]) and all(seen[1:-1])


def _text(offsets: Sizes, lengths: Sizes) -> str:
    return " x ".join(f"({offset}, {length})" for offset, length in zip(offsets, lengths, strict=True))


def _wide(case: Case, inputs: Arrays, axes: tuple[Axis, ...], lengths: Sizes, form: str) -> Arrays:
    """Return the full result in float64, with zeros of a window's length around it.

    In the bounded tier its magnitude comes with it. In the form that inserts zeros, these zeros are multiplied too.
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
    found = {"output_float64": answer(exact)}
    if case.tier == "bounded":
        found["output_magnitude"] = answer({name: np.abs(tensor) for name, tensor in exact.items()})
    return found


def _nearest(case: Case, wide: Arrays, actual: Arrays, axes: tuple[Axis, ...], tolerance: Tolerance) -> Sizes | None:
    """Return the offset nearest to the right one at which every element agrees; None if there is none.

    Only offsets at which the first plane agrees are tried.
    """
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
    """Return the starts of the windows that agree with the first channel of the first image.

    Elements agree if they are equal or within the tolerance. Windows fall out element by element: all elements of all
    windows at once would need the memory of an image for each of its elements.
    """
    lengths = seen.shape[1:-1]
    if not seen.size:
        return np.array([lengths])
    plane = seen[0, ..., 0].astype(np.float64)
    exact = wide["output_float64"][0, ..., 0]
    nearest = exact if case.tier == "bounded" else cast(case, "output", exact).astype(np.float64)
    limit = tolerance.fails_beyond(wide.get("output_magnitude", wide["output_float64"])[0, ..., 0], exact)
    starts = np.argwhere(np.ones([size - length + 1 for size, length in zip(exact.shape, lengths, strict=True)]))
    for place in np.ndindex(*lengths):
        wanted, at = plane[place], tuple((starts + place).T)
        alike = (nearest[at] == wanted) | (np.isnan(nearest[at]) & np.isnan(wanted))
        starts = starts[alike | (np.abs(nearest[at] - wanted) <= limit[at])]
        if len(starts) <= 1:
            break  # whoever asks compares the rest
    return starts


def _seen(case: Case, wide: Arrays, start: Sizes, lengths: Sizes) -> Arrays:
    """Return the elements of a window, in the case's dtype and in the oracle's precision."""
    place = (slice(None), *(slice(at, at + length) for at, length in zip(start, lengths, strict=True)))
    found = {name: array[place] for name, array in wide.items()}
    return found | {"output": cast(case, "output", found["output_float64"])}


def _of_length(expected: Arrays, actual: Arrays) -> Iterator[Explanation]:
    """Yield the right values through a shorter or longer window that starts at the same place."""
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


def _of_padding(case: Case, inputs: Arrays, actual: Arrays, tolerance: Tolerance) -> Iterator[Explanation]:
    """Yield windows of the same size at other offsets: elements of padding move from one side to the other."""
    axes = shapes.axes(case)
    shifts = itertools.product(range(-_REACH, _REACH + 1), repeat=len(axes))
    for shift in sorted(shifts, key=lambda shift: sum(map(abs, shift))):
        pairs = tuple((axis.before + step, axis.after - step) for axis, step in zip(axes, shift, strict=True))
        if any(shift) and min(min(pair) for pair in pairs) >= 0:
            moved = replace(case, padding=pairs, output_padding=None)
            answer = functools.partial(_moved, moved, inputs, actual, tolerance)
            yield f"window shifted by {shift}", answer


def _moved(case: Case, inputs: Arrays, actual: Arrays, tolerance: Tolerance) -> Arrays:
    """Return the answer to a moved call; without its gradients where its output is not the actual one already."""
    forward = Oracle().unchecked(replace(case, gradients=()), inputs)
    seen = {name: actual[name] for name in outputs(forward)}
    return Oracle().unchecked(case, inputs) if case.gradients and compare(forward, seen, tolerance) is None else forward
