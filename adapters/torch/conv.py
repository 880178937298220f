"""``conv`` and ``conv_transpose``, which PyTorch has with groups, dilations and a bias for one to three axes."""

from __future__ import annotations

from typing import Any

from adapters.call import Call, Function, function
from adapters.torch import padding
from cases.model.case import Case


def conv(case: Case) -> Call:
    """Call ``F.conv1d`` or its like, over an image that may be padded first."""
    image, pads = padding.of_conv(case)
    return Call(expression=_function(case, "F.conv{}d", image, {"padding": pads}))


def conv_transpose(case: Case) -> Call:
    """Call ``F.conv_transpose1d`` or its like, with the output_padding and the crop that the case's window needs."""
    pads, extra, crop = padding.of_transposed(case)
    sizes = {"padding": pads, "output_padding": extra}
    return Call(expression=(_function(case, "F.conv_transpose{}d", "value", sizes), crop))


def _function(case: Case, name: str, image: str, sizes: dict[str, Any]) -> Function:
    operands = (image, "filter", *(["bias"] if "bias" in case.inputs else []))
    groups = None if case.groups == 1 else case.groups
    return function(name, *operands, strides=case.strides, **sizes, groups=groups, dilations=case.dilations)
