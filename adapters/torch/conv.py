"""``conv`` and ``conv_transpose``, which PyTorch has with groups, dilations and a bias for one to three axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.base import NotSupported
from adapters.call import option, refuse_given, said
from adapters.torch import padding
from adapters.torch.text import Call
from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.shapes import Axis


def conv(case: Case) -> Call:
    """``F.conv1d`` and its likes; stride 1 has a word for SAME, other padding that differs is put there first."""
    image, pads = "value", _padding(case)
    window = {"padding", "strides", "dilations"} & case.given.keys()  # beside wrong ones the word says something else
    if not window and case.padding == "SAME" and set(case.strides) == {1}:
        pads = "padding='same'"
    elif rules.broken(case) is None and not padding.symmetric(case):
        image, pads = padding.padded(case, "value"), "padding=0"
    name = f"F.conv{len(case.strides)}d"
    return Call(
        expression=f"{name}({_tensors(case, image)}, {_sizes(case, pads)})",
        arguments=_arguments(case),
    )


def conv_transpose(case: Case) -> Call:
    """``F.conv_transpose1d`` and its likes, with the output_padding and the crop that the case's window needs.

    Raises:
        NotSupported: if a wrong output_shape is given, which is no argument here.
    """
    refuse_given(case, "output_shape")
    pads, extra, crop = window(case)
    name = f"F.conv_transpose{len(case.strides)}d"
    more = f"output_padding={said(case, 'output_padding', str(extra))}"
    sizes = _sizes(case, f"padding={padding.text(case, pads)}, {more}")
    return Call(
        expression=f"{name}({_tensors(case, 'value')}, {sizes}){crop}",
        arguments=_arguments(case),
    )


def _arguments(case: Case) -> tuple[str, ...]:
    return ("value", "filter", *(["bias"] if "bias" in case.inputs else []))


def _tensors(case: Case, value: str) -> str:
    return ", ".join((value, *_arguments(case)[1:]))


def _sizes(case: Case, pads: str) -> str:
    groups = option(case, "groups", "groups", None if case.groups == 1 else str(case.groups))
    dilation = option(case, "dilations", "dilation", None if case.dilations is None else str(case.dilations))
    return f"stride={said(case, 'strides', str(case.strides))}, {pads}{groups}{dilation}"


def _padding(case: Case) -> str:
    return f"padding={padding.text(case, padding.argument(case))}"


def window(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """padding, output_padding and a crop of a transposed convolution that together give the case's window."""
    broken = rules.broken(replace(case, given={}))  # what is given replaces no more than itself
    word = case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str)
    if word or (broken is not None and broken.rule != "padding" and broken.argument != "output_shape"):
        return padding.argument(case), (0,) * len(case.strides), ""
    choices = [_axis(axis) for axis in shapes.axes(case)]
    crop = padding.crop(tuple(cut for _, _, cut in choices))
    wrong = case.output_padding if broken is not None and broken.argument == "output_padding" else None
    return (
        tuple(pad for pad, _, _ in choices),
        wrong or tuple(extra for _, extra, _ in choices),
        crop,
    )


def _axis(axis: Axis) -> tuple[int, int, str]:
    """(padding, output_padding, crop) of one axis: padding p gives the window (p, full - 2 p + output_padding).

    Raises:
        NotSupported: if the image is wrong, and its padding differs before and after.
    """
    extra = axis.image - (axis.full - 2 * axis.before)
    if shapes.window_count(axis.image, axis.extent, axis.stride, (axis.before, axis.after)) != axis.count:
        if axis.before != axis.after:
            msg = "torch pads both sides alike, so which sizes don't fit other padding can't be said"
            raise NotSupported(msg)
        return axis.before, extra, ""
    if 0 <= extra < axis.stride:
        return axis.before, extra, ""
    if extra < 0:
        return axis.before, 0, f":{axis.image}"
    extra = max(axis.before + axis.image - axis.full, 0)
    return 0, extra, f"{axis.before}:{axis.before + axis.image}"
