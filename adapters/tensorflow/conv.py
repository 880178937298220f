"""Convolution and its transpose.

TensorFlow reads the number of groups off the filter's shape. Two axes have a function of their own for filters that
keep the channels apart; pairs of padding are arguments on two axes, and ``tf.pad`` or a slice on one and three.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from adapters.call import Argument, Call, Function, Text, fault, refuse
from adapters.writing import windows
from adapters.writing.layout import arranged, pairs, shape
from cases.model import rules, shapes
from cases.model.case import Case

VALID: Final = Text(text="'VALID'")
"""The padding of what is padded by other means."""
_PLANE: Final = 2
"""Two axes, on which padding in pairs is an argument."""


def conv(case: Case) -> Call:
    """``tf.nn.conv1d``, ``conv2d`` or ``conv3d``; ``tf.nn.depthwise_conv2d`` where each channel is a group."""
    return Call(expression=_with_bias(case, _depthwise(case) if _is_depthwise(case) else _conv(case)))


def conv_transpose(case: Case) -> Call:
    """``tf.nn.conv1d_transpose`` and its like, or the gradient of the depthwise convolution, its transpose.

    Raises:
        NotSupported: if only the output_padding is wrong, which is no argument here.
    """
    wrong = fault(case)
    alone = wrong is not None and wrong.argument == "output_padding"
    alone = alone and rules.broken(replace(case, output_padding=None)) is None
    refuse("TensorFlow takes no output_padding, and without it the call is right", when=alone)
    sizes = case.output_shape or ()
    apart = _keeps_channels_apart(case)
    call = _depthwise_transpose(case, sizes) if apart else transposed(case, "value", "filter", sizes)
    return Call(expression=_with_bias(case, call))


def composed(case: Case) -> bool:
    """Tell whether padding is in pairs that make a valid call, so that an operator without pairs can be composed."""
    return not isinstance(case.given.get("padding", case.padding), str) and fault(case) is None


def padded(case: Case, **fill: Any) -> Function:
    """Return the image, padded as the case says."""
    return Function(name="tf.pad", operands=("value", Argument(name="padding", own=case.padding)), arguments=fill)


def single(sizes: tuple[int, ...] | None) -> Any:
    """Return sizes of the spatial axes; the only size of one axis stands alone."""
    return sizes[0] if sizes is not None and len(sizes) == 1 else sizes


def transposed(case: Case, value: str, filter: str, sizes: tuple[int, ...]) -> Any:  # noqa: A002 - the argument
    """Return a transposed convolution of the case's rank and sizes, but for batch and channels: those of ``sizes``.

    ``sizes`` is channels-last; the tensors ``value`` and ``filter`` are in the call's layout.
    """
    if len(case.strides) != _PLANE and composed(case):
        return _seen_through_window(case, value, filter, sizes)
    return _transposed(case, (value, filter), shape(case, sizes), case.padding)


def _conv(case: Case) -> Function:
    value: Any = "value"
    pads: Any = case.padding
    if len(case.strides) != _PLANE and composed(case):
        value, pads = padded(case), VALID
    return Function(name="tf.nn.conv{}d", operands=(value, "filter"), arguments=_window(case, pads))


def _depthwise(case: Case) -> Function:
    operands = ("value", _per_channel(case))
    return Function(name="tf.nn.depthwise_conv2d", operands=operands, arguments=_window(case, case.padding))


def _depthwise_transpose(case: Case, sizes: tuple[int, ...]) -> Function:
    operands = (Argument(name="output_shape", own=shape(case, sizes)), _per_channel(case), "value")
    name = "tf.nn.depthwise_conv2d_backprop_input"
    return Function(name=name, operands=operands, arguments=_window(case, case.padding))


def _transposed(case: Case, operands: tuple[str, str], sizes: Any, pads: Any) -> Function:
    arguments = {"output_shape": sizes, **_window(case, pads)}
    return Function(name="tf.nn.conv{}d_transpose", operands=operands, arguments=arguments)


def _window(case: Case, pads: Any) -> dict[str, Any]:
    windows = {"strides": single(case.strides), "padding": pads}
    return {**windows, "data_format": case.data_format, "dilations": single(case.dilations)}


def _with_bias(case: Case, call: Any) -> Any:
    if "bias" not in case.inputs:
        return call
    return Function(name="tf.nn.bias_add", operands=(call, "bias"), arguments={"data_format": case.data_format})


def _is_depthwise(case: Case) -> bool:
    """Tell whether ``tf.nn.depthwise_conv2d`` takes the case, which has to have no strides under dilation."""
    strided = max(case.strides) > 1 and max(shapes.dilations(case)) > 1
    return _keeps_channels_apart(case) and case.inputs["value"].shape[-1] == case.groups and not strided


def _keeps_channels_apart(case: Case) -> bool:
    """Tell whether the filter is one of depthwise functions, which take two axes of equal strides."""
    *kernel, middle, last = case.inputs["filter"].shape
    apart = case.groups > 1 and middle == 1 and last % case.groups == 0
    return apart and len(kernel) == len(case.strides) == _PLANE and len(set(case.strides)) == 1


def _per_channel(case: Case) -> str:
    """Return the filter as depthwise convolution wants it: [height, width, channels, results a channel]."""
    *kernel, _, last = case.inputs["filter"].shape
    return f"tf.reshape(filter, {(*kernel, case.groups, last // case.groups)})"


def _seen_through_window(case: Case, value: str, filter: str, sizes: tuple[int, ...]) -> Any:  # noqa: A002
    """Return the full result, VALID's largest, cropped and extended by zeros to the window that the pairs mean."""
    axes = shapes.axes(case)
    full = shape(case, (sizes[0], *(axis.full for axis in axes), sizes[-1]))
    call = _transposed(case, (value, filter), Text(text=str(full)), VALID)
    cuts, missing = zip(*map(windows.of_full, axes), strict=True)
    window = (call, f"[{', '.join(arranged(case, ':', cuts, ':'))}]")
    zeros = [list(pair) for pair in pairs(case, tuple((0, rear) for rear in missing))]
    return Function(name="tf.pad", operands=(window, str(zeros))) if any(missing) else window
