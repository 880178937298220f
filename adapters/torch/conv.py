"""``conv`` and ``conv_transpose``, which PyTorch has with groups, dilations and a bias for one to three axes."""

from __future__ import annotations

from typing import Any

from adapters.call import Call, Function, Text, fault, function, refuse
from adapters.writing import windows
from adapters.writing.forms import cropped
from cases.model import shapes
from cases.model.case import Case


def conv(case: Case) -> Call:
    """Call ``F.conv1d`` or its like; stride 1 has a word for SAME, other padding that differs is put there first."""
    image, pads = "value", windows.one_number(case)
    window = {"padding", "strides", "dilations"} & case.given.keys()  # beside wrong ones the word says something else
    if not window and case.padding == "SAME" and set(case.strides) == {1}:
        pads = "same"
    elif fault(case) is None and not windows.alike(case):
        image, pads = padded(case, "value"), Text(text="0")
    return Call(expression=_function(case, "F.conv{}d", image, {"padding": pads}))


def conv_transpose(case: Case) -> Call:
    """Call ``F.conv_transpose1d`` or its like, with the output_padding and the crop that the case's window needs."""
    pads, extra, crop = window(case)
    sizes = {"padding": pads, "output_padding": extra}
    return Call(expression=(_function(case, "F.conv_transpose{}d", "value", sizes), crop))


def padded(case: Case, tensor: str, fill: str = "") -> str:
    """Return the text that pads a tensor as the case says; ``fill`` is a further argument of F.pad."""
    sizes = tuple(size for pair in reversed(shapes.padding_pairs(case)) for size in pair)  # the last axis comes first
    return f"F.pad({tensor}, {sizes}{fill})"


def _function(case: Case, name: str, image: str, sizes: dict[str, Any]) -> Function:
    operands = (image, "filter", *(["bias"] if "bias" in case.inputs else []))
    groups = None if case.groups == 1 else case.groups
    return function(name, *operands, strides=case.strides, **sizes, groups=groups, dilations=case.dilations)


def window(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """Return padding, output_padding and a crop of a transposed convolution that together give the case's window."""
    found = windows.of_transposed(case)
    refuse("torch pads both sides alike, so which sizes don't fit other padding can't be said", when=found is None)
    pads, extra, cuts = found or ((), (), ())
    return pads, extra, cropped(cuts)
