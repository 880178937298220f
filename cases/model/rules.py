"""The rules that a valid call keeps, in the order in which they are checked.

The loader refuses a case that breaks a rule and is not marked invalid, and a case that is marked invalid and breaks no
rule. The oracle refuses a call that breaks a rule. Both use these rules, so "invalid" has one meaning.
What SAME means is in ``cases.model.shapes``.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import argument_types, shapes
from cases.model.case import DATA_FORMATS, INPUTS, POOLING, Broken, Case

FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What it may raise to reckon with a wrong call, whose arguments may be of any type and size."""


def effective(case: Case) -> Case:
    """Return the case with its ``given`` arguments in place of the others. Its fields may then be of any type."""
    tensors = {*INPUTS[case.operator], *case.inputs} & case.given.keys()
    arguments: dict[str, Any] = {name: value for name, value in case.given.items() if name not in tensors}
    return replace(case, **arguments, inputs=case.inputs | {name: case.given[name] for name in tensors})


def broken(case: Case, indices: npt.NDArray[np.int64] | None = None) -> Broken | None:
    """Return the first rule that a case breaks, or None for a valid case.

    ``indices`` are the index values of a max_unpool case. Without them the range of the indices is not checked.
    """
    return next(_broken(effective(case) if case.given else case, indices), None)


def all_broken(case: Case) -> list[Broken]:
    """Return every rule that a call breaks, as far as the later ones can still be reckoned beside an earlier one.

    The range of the indices is not checked. A pipeline breaks none itself.
    """
    found: list[Broken] = []
    with contextlib.suppress(*FAULTS):
        found.extend(_broken(effective(case), None))
    return found


def _broken(case: Case, indices: npt.NDArray[np.int64] | None) -> Iterator[Broken]:
    yield from argument_types.faults(case)
    yield from _rank(case)
    yield from _positive("stride", "strides", case.strides)
    yield from _positive("dilation", "dilations", shapes.dilations(case))
    yield from _positive("size", "kernel", shapes.kernel_size(case))
    if case.operator == "avg_pool" and isinstance(case.divisor, int) and case.divisor < 1:
        yield Broken(rule="size", argument="divisor", reason=f"divisor {case.divisor} is below 1")
    yield from _data_format(case)
    yield from _padding(case)
    yield from _channels(case)
    yield from _shape(case)
    if indices is not None:
        yield from _index(case, indices)


def _rank(case: Case) -> Iterator[Broken]:
    axes = _axes(case)
    rank = axes + 2
    for name, spec in case.inputs.items():
        expected = 1 if name == "bias" else rank
        if (found := len(spec.shape)) != expected:
            reason = f"{name} has rank {found}, not {expected}"
            yield Broken(rule="rank", argument=name, reason=reason, sides=(found, expected))
    for name, sizes, wanted in (
        ("strides", case.strides, axes),
        ("output_shape", case.output_shape, rank),
        ("ksize", case.ksize, axes),
        ("output_padding", case.output_padding, axes),
        ("dilations", case.dilations, axes),
    ):
        if sizes is not None and len(sizes) != wanted:
            reason = f"{name} has {len(sizes)} {'entry' if len(sizes) == 1 else 'entries'}, not {wanted}"
            yield Broken(rule="rank", argument=name, reason=reason, sides=(len(sizes), wanted))
    if axes not in DATA_FORMATS:
        yield Broken(rule="rank", argument="value", reason=f"value has {axes} spatial axes, not one to three")


def _axes(case: Case) -> int:
    """Return the number of spatial axes that most arguments imply. A tie is settled by strides."""
    implied = [len(case.strides), *(len(spec.shape) - 2 for name, spec in case.inputs.items() if name != "bias")]
    implied += [] if case.ksize is None else [len(case.ksize)]
    return Counter(implied).most_common(1)[0][0]


def _positive(rule: str, name: str, sizes: tuple[int, ...]) -> Iterator[Broken]:
    if min(sizes) < 1:
        yield Broken(rule=rule, argument=name, reason=f"{name} {sizes} has an entry below 1")


def _data_format(case: Case) -> Iterator[Broken]:
    words = DATA_FORMATS.get(len(case.strides), ())
    if case.data_format is not None and case.data_format not in words:
        reason = f"data_format is {case.data_format!r}, not one of {', '.join(words)}"
        yield Broken(rule="data_format", argument="data_format", reason=reason)


def _padding(case: Case) -> Iterator[Broken]:
    if isinstance(case.padding, str):
        if case.padding not in ("SAME", "VALID"):
            yield Broken(
                rule="padding", argument="padding", reason=f"padding is {case.padding!r}, neither SAME nor VALID"
            )
    elif len(case.padding) != len(case.strides):
        yield Broken(
            rule="padding", argument="padding", reason=f"padding has {len(case.padding)} pairs, not {len(case.strides)}"
        )
    elif min(min(pair) for pair in case.padding) < 0:
        yield Broken(rule="padding", argument="padding", reason=f"padding {case.padding} has an entry below 0")
    for extra, stride in zip(case.output_padding or (), case.strides, strict=False):
        if not 0 <= extra < stride:
            reason = f"output_padding {extra} is not in [0, {stride}), the stride"
            yield Broken(rule="padding", argument="output_padding", reason=reason, sides=(extra, stride))


def _channels(case: Case) -> Iterator[Broken]:
    if "filter" in case.inputs:
        channels = case.inputs["filter"].shape[-1]
        if case.groups < 1 or channels % case.groups:
            reason = f"{case.groups} groups do not divide the filter's {channels} channels"
            yield Broken(rule="groups", argument="groups", reason=reason, sides=(case.groups, channels))
            return  # the number of channels that the filter takes does not follow
        yield from _value_channels(case)
    yield from _result_channels(case)


def _value_channels(case: Case) -> Iterator[Broken]:
    channels = case.inputs["value"].shape[-1]
    *_, first, last = case.inputs["filter"].shape
    wanted = last if case.operator == "conv_transpose" else first * case.groups
    if case.operator == "conv" and channels % case.groups:
        reason = f"{case.groups} groups do not divide the value's {channels} channels"
        yield Broken(rule="groups", argument="groups", reason=reason, sides=(case.groups, channels))
    elif channels != wanted:
        reason = f"value has {channels} channels, the filter takes {wanted}"
        yield Broken(rule="channels", argument="filter", reason=reason, sides=(channels, wanted))


def _result_channels(case: Case) -> Iterator[Broken]:
    out = shapes.out_channels(case)
    if "bias" in case.inputs and case.inputs["bias"].shape != (out,):
        entries = case.inputs["bias"].shape[0]
        reason = f"bias has {entries} entries, the result {out} channels"
        yield Broken(rule="channels", argument="bias", reason=reason, sides=(entries, out))
    if case.output_shape is not None and case.output_shape[-1] != out:
        groups = f" in {case.groups} groups" if case.groups > 1 else ""
        asked = case.output_shape[-1]
        reason = f"output_shape has {asked} channels, the result {out}{groups}"
        yield Broken(rule="channels", argument="output_shape", reason=reason, sides=(asked, out))


def _shape(case: Case) -> Iterator[Broken]:
    value = case.inputs["value"].shape
    if "indices" in case.inputs and case.inputs["indices"].shape != value:
        reason = f"indices are {case.inputs['indices'].shape}, the value {value}"
        yield Broken(rule="shape", argument="indices", reason=reason)
    if case.output_shape is not None and case.output_shape[0] != value[0]:
        reason = f"output_shape has batch {case.output_shape[0]}, the value {value[0]}"
        sides = (case.output_shape[0], value[0])
        yield Broken(rule="shape", argument="output_shape", reason=reason, sides=sides)
    yield from _windows(case)
    if "cotangent" in case.inputs and case.inputs["cotangent"].shape != shapes.output_shape(case):
        reason = f"cotangent is {case.inputs['cotangent'].shape}, the output {shapes.output_shape(case)}"
        yield Broken(rule="shape", argument="cotangent", reason=reason)
    for name, spec in case.inputs.items():
        if min(spec.shape) < 0:
            yield Broken(rule="size", argument=name, reason=f"{name} {spec.shape} has an entry below 0")


def _windows(case: Case) -> Iterator[Broken]:
    argument = "value" if case.output_shape is None else "output_shape"
    for number, axis in enumerate(shapes.axes(case)):
        if axis.extent < 1:
            continue  # an earlier rule refuses such a window, and the number that fits is not a second fault
        mode = case.ceil_mode if case.operator in POOLING else None
        fits = shapes.window_count(axis.image, axis.extent, axis.stride, (axis.before, axis.after), mode)
        if fits < 1:
            reason, sides = f"axis {number}: no window of {axis.extent} fits on {axis.image}", (axis.extent, axis.image)
            yield Broken(rule="size", argument=argument, reason=reason, sides=sides, axis=number)
        if fits != axis.count:
            reason = f"axis {number}: an image of {axis.image} has {fits} windows, the value {axis.count}"
            yield Broken(rule="shape", argument=argument, reason=reason, sides=(fits, axis.count), axis=number)


def _index(case: Case, indices: npt.NDArray[np.int64]) -> Iterator[Broken]:
    _, *image, channels = case.output_shape or ()
    if channels == 0:
        return  # there are no indices to check
    outside = (indices < 0) | (indices >= math.prod(image) * channels)
    if outside.any():
        size = " x ".join(map(str, (*image, channels)))
        yield Broken(
            rule="index", argument="indices", reason=f"index {indices[outside][0]} lies outside the image of {size}"
        )
    elif (indices % channels != np.arange(channels)).any():
        yield Broken(rule="index", argument="indices", reason="an index points into another channel than its own")
