"""The rules that a valid call keeps, in the order in which they are checked.

The loader refuses a case that breaks one without saying so, or that is marked invalid and breaks none; the oracle
refuses the call. Both therefore mean the same by "invalid", and it is written down once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cases import shapes
from cases.case import DATA_FORMATS, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A broken rule, the argument of the call that breaks it, and both sides of the conflict in one line."""

    rule: str
    argument: str
    reason: str


def broken(case: Case, indices: npt.NDArray[np.int64] | None = None) -> Broken | None:
    """The first rule that a case breaks, or None for a valid case.

    ``indices`` are the materialised indices of a max_unpool case; without them their range is not checked.
    """
    return next(_broken(case, indices), None)


def _broken(case: Case, indices: npt.NDArray[np.int64] | None) -> Iterator[Broken]:
    yield from _rank(case)
    yield from _positive("stride", "strides", case.strides)
    yield from _positive("dilation", "dilations", shapes.dilations(case))
    yield from _positive("size", "kernel", shapes.kernel_size(case))
    yield from _data_format(case)
    yield from _padding(case)
    yield from _channels(case)
    yield from _shape(case)
    if indices is not None:
        yield from _index(case, indices)


def _rank(case: Case) -> Iterator[Broken]:
    rank = len(case.strides) + 2
    for name, spec in case.inputs.items():
        expected = 1 if name == "bias" else rank
        if len(spec.shape) != expected:
            yield Broken(rule="rank", argument=name, reason=f"{name} has rank {len(spec.shape)}, not {expected}")
    for name, sizes, wanted in (
        ("output_shape", case.output_shape, rank),
        ("ksize", case.ksize, rank - 2),
        ("output_padding", case.output_padding, rank - 2),
        ("dilations", case.dilations, rank - 2),
    ):
        if sizes is not None and len(sizes) != wanted:
            yield Broken(rule="rank", argument=name, reason=f"{name} has {len(sizes)} entries, not {wanted}")
    if len(case.strides) not in DATA_FORMATS:
        reason = f"value has {len(case.strides)} spatial axes, not one to three"
        yield Broken(rule="rank", argument="value", reason=reason)


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
            yield Broken(
                rule="padding",
                argument="output_padding",
                reason=f"output_padding {extra} is not in [0, {stride}), the stride",
            )


def _channels(case: Case) -> Iterator[Broken]:
    value = case.inputs["value"].shape
    out = shapes.out_channels(case)
    if "filter" in case.inputs:
        *_, first, last = case.inputs["filter"].shape
        if case.groups < 1 or last % case.groups:
            reason = f"{case.groups} groups do not divide the filter's {last} channels"
            yield Broken(rule="groups", argument="groups", reason=reason)
            return  # how many channels the filter takes does not follow
        wanted = last if case.operator == "conv_transpose" else first * case.groups
        if case.operator == "conv" and value[-1] % case.groups:
            reason = f"{case.groups} groups do not divide the value's {value[-1]} channels"
            yield Broken(rule="groups", argument="groups", reason=reason)
        elif value[-1] != wanted:
            yield Broken(
                rule="channels", argument="filter", reason=f"value has {value[-1]} channels, the filter takes {wanted}"
            )
    if "bias" in case.inputs and case.inputs["bias"].shape != (out,):
        reason = f"bias has {case.inputs['bias'].shape[0]} entries, the result {out} channels"
        yield Broken(rule="channels", argument="bias", reason=reason)
    if case.output_shape is not None and case.output_shape[-1] != out:
        groups = f" in {case.groups} groups" if case.groups > 1 else ""
        reason = f"output_shape has {case.output_shape[-1]} channels, the result {out}{groups}"
        yield Broken(rule="channels", argument="output_shape", reason=reason)


def _shape(case: Case) -> Iterator[Broken]:
    value = case.inputs["value"].shape
    if "indices" in case.inputs and case.inputs["indices"].shape != value:
        yield Broken(
            rule="shape", argument="indices", reason=f"indices are {case.inputs['indices'].shape}, the value {value}"
        )
    if case.output_shape is not None and case.output_shape[0] != value[0]:
        yield Broken(
            rule="shape",
            argument="output_shape",
            reason=f"output_shape has batch {case.output_shape[0]}, the value {value[0]}",
        )
    argument = "value" if case.output_shape is None else "output_shape"
    for number, axis in enumerate(shapes.axes(case)):
        fits = shapes.window_count(axis.image, axis.extent, axis.stride, (axis.before, axis.after))
        if fits < 1:
            yield Broken(
                rule="size", argument=argument, reason=f"axis {number}: no window of {axis.extent} fits on {axis.image}"
            )
        if fits != axis.count:
            reason = f"axis {number}: an image of {axis.image} has {fits} windows, the value {axis.count}"
            yield Broken(rule="shape", argument=argument, reason=reason)
    if "cotangent" in case.inputs and case.inputs["cotangent"].shape != shapes.output_shape(case):
        reason = f"cotangent is {case.inputs['cotangent'].shape}, the output {shapes.output_shape(case)}"
        yield Broken(rule="shape", argument="cotangent", reason=reason)
    for name, spec in case.inputs.items():
        if min(spec.shape) < 0:
            yield Broken(rule="size", argument=name, reason=f"{name} {spec.shape} has an entry below 0")


def _index(case: Case, indices: npt.NDArray[np.int64]) -> Iterator[Broken]:
    _, *image, channels = case.output_shape or ()
    if channels == 0:
        return  # no index, and none to be right
    outside = (indices < 0) | (indices >= math.prod(image) * channels)
    if outside.any():
        size = " x ".join(map(str, (*image, channels)))
        yield Broken(
            rule="index", argument="indices", reason=f"index {indices[outside][0]} lies outside the image of {size}"
        )
    elif (indices % channels != np.arange(channels)).any():
        yield Broken(rule="index", argument="indices", reason="an index points into another channel than its own")
