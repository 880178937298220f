"""Convolution and its transpose.

TensorFlow reads the number of groups off the filter's shape. Two axes have a function of their own for filters that
keep the channels apart; pairs of padding are arguments on two axes, and ``tf.pad`` or a slice on one and three.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from adapters.call import Argument, Call, Function, Text, composes, errs, function, refuse
from adapters.writing.forms import arranged, lists, shape, single
from adapters.writing.windows import of_full
from cases.model import rules, shapes
from cases.model.case import Case

VALID: Final = Text(text="'VALID'")
"""The padding of what is padded by other means."""
_PLANE: Final = 2
"""Two axes, on which padding in pairs is an argument."""


def conv(case: Case) -> Call:
    """Call ``tf.nn.conv1d``, ``conv2d`` or ``conv3d``; ``tf.nn.depthwise_conv2d`` where each channel is a group."""
    name = "tf.nn.conv{}d"
    operands: tuple[Any, ...] = ("value", "filter")
    if is_depthwise(case):
        name, operands = "tf.nn.depthwise_conv2d", ("value", per_channel(case))
    elif len(case.strides) != _PLANE and composes(case):
        return with_bias(case, function(name, padded(case), "filter", **_windows(case, VALID)))
    return with_bias(case, function(name, *operands, **_windows(case, case.padding)))


def conv_transpose(case: Case) -> Call:
    """Call ``tf.nn.conv1d_transpose`` or its like, or the gradient of the depthwise convolution, its transpose."""
    refuse_output_padding(case)
    if not keeps_channels_apart(case):
        return with_bias(case, transposed(case, "value", "filter", case.output_shape or ()))
    sizes = Argument(name="output_shape", own=shape(case, case.output_shape))
    name, windows = "tf.nn.depthwise_conv2d_backprop_input", _windows(case, case.padding)
    return with_bias(case, function(name, sizes, per_channel(case), "value", **windows))


def refuse_output_padding(case: Case) -> None:
    """Refuse a transposed convolution whose only fault is its output_padding.

    Raises:
        NotSupported: if so.
    """
    alone = errs(case, "output_padding") and rules.broken(replace(case, output_padding=None)) is None
    refuse("TensorFlow takes no output_padding, and without it the call is right", when=alone)


def padded(case: Case, **fill: Any) -> Function:
    """Return the image, padded as the case says."""
    return function("tf.pad", "value", Argument(name="padding", own=case.padding), **fill)


def transposed(case: Case, value: str, filter: str, sizes: tuple[int, ...]) -> Any:  # noqa: A002 - the argument
    """Return a transposed convolution of the case's rank and sizes, but for batch and channels: those of ``sizes``.

    ``sizes`` is channels-last; the tensors ``value`` and ``filter`` are in the call's layout. Pairs of padding that are
    no argument are said by the full result, VALID's largest, cropped and extended by zeros to the pairs' window.
    """
    name = "tf.nn.conv{}d_transpose"
    if len(case.strides) == _PLANE or not composes(case):
        return function(name, value, filter, output_shape=shape(case, sizes), **_windows(case, case.padding))
    axes = shapes.axes(case)
    full = shape(case, (sizes[0], *(axis.full for axis in axes), sizes[-1]))
    call = function(name, value, filter, output_shape=Text(text=str(full)), **_windows(case, VALID))
    cuts, missing = zip(*map(of_full, axes), strict=True)
    window = (call, f"[{', '.join(arranged(case, ':', cuts, ':'))}]")
    zeros = lists(case, tuple((0, rear) for rear in missing))
    return function("tf.pad", window, str(zeros)) if any(missing) else window


def _windows(case: Case, pads: Any) -> dict[str, Any]:
    strides, dilations = single(case.strides), single(case.dilations)
    return {"strides": strides, "padding": pads, "data_format": case.data_format, "dilations": dilations}


def with_bias(case: Case, call: Any) -> Call:
    """Return the call of an expression, with the case's bias added if it has one."""
    biased = function("tf.nn.bias_add", call, "bias", data_format=case.data_format)
    return Call(expression=biased if "bias" in case.inputs else call)


def is_depthwise(case: Case) -> bool:
    """Tell whether ``tf.nn.depthwise_conv2d`` takes the case, which has to have no strides under dilation."""
    strided = max(case.strides) > 1 and max(shapes.dilations(case)) > 1
    return keeps_channels_apart(case) and case.inputs["value"].shape[-1] == case.groups and not strided


def keeps_channels_apart(case: Case) -> bool:
    """Tell whether the filter is one of depthwise functions, which take two axes of equal strides."""
    *kernel, middle, last = case.inputs["filter"].shape
    apart = case.groups > 1 and middle == 1 and last % case.groups == 0
    return apart and len(kernel) == len(case.strides) == _PLANE and len(set(case.strides)) == 1


def per_channel(case: Case) -> str:
    """Return the filter as depthwise convolution wants it."""
    return f"tf.reshape(filter, {per_channel_shape(case)})"


def per_channel_shape(case: Case) -> tuple[int, ...]:
    """Return the shape of a depthwise convolution's filter: [height, width, channels, results a channel]."""
    *kernel, _, last = case.inputs["filter"].shape
    return (*kernel, case.groups, last // case.groups)
