"""Convolution and its transpose.

TensorFlow reads the number of groups off the filter's shape. Two axes have a function of their own for filters that
keep the channels apart; pairs of padding are arguments on two axes, and ``tf.pad`` or a slice on one and three.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from adapters.base import NotSupported
from adapters.call import Argument, Call, Function, Text, fault
from adapters.tensorflow.dialect import pairs
from adapters.writing.layout import arranged, shape
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
    if wrong and wrong.argument == "output_padding" and not rules.broken(replace(case, output_padding=None)):
        msg = "TensorFlow takes no output_padding, and without it the call is right"
        raise NotSupported(msg)
    sizes = case.output_shape or ()
    apart = _is_depthwise_transpose(case)
    call = _depthwise_transpose(case, sizes) if apart else transposed(case, "value", "filter", sizes)
    return Call(expression=_with_bias(case, call))


def composed(case: Case) -> bool:
    """Tell whether padding is in pairs that make a valid call, so that an operator without pairs can be composed."""
    return not isinstance(case.given.get("padding", case.padding), str) and fault(case) is None


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
        value, pads = Function(name="tf.pad", operands=("value", Argument(name="padding", own=pads))), VALID
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
    """Tell whether ``tf.nn.depthwise_conv2d`` takes the case: it wants equal strides, of 1 under dilation."""
    groups, (*_, inner, outer) = case.groups, case.inputs["filter"].shape
    apart = groups > 1 and inner == 1 and outer % groups == 0 and case.inputs["value"].shape[-1] == groups
    strided = max(case.strides) > 1 and max(shapes.dilations(case)) > 1
    return apart and _is_plane(case) and not strided


def _is_depthwise_transpose(case: Case) -> bool:
    """Tell whether the case is the transpose of a convolution that ``tf.nn.depthwise_conv2d`` takes."""
    groups, (*_, outer, inner) = case.groups, case.inputs["filter"].shape
    return groups > 1 and outer == 1 and inner % groups == 0 and _is_plane(case)


def _is_plane(case: Case) -> bool:
    """Tell whether there are two axes of equal strides, the only ones that the depthwise functions take."""
    ranks = (len(case.inputs["filter"].shape) - 2, len(case.strides))
    return ranks == (_PLANE, _PLANE) and len(set(case.strides)) == 1


def _per_channel(case: Case) -> str:
    """Return the filter as depthwise convolution wants it: [height, width, channels, results a channel]."""
    *kernel, _, last = case.inputs["filter"].shape
    return f"tf.reshape(filter, {(*kernel, case.groups, last // case.groups)})"


def _seen_through_window(case: Case, value: str, filter: str, sizes: tuple[int, ...]) -> Any:  # noqa: A002
    """Return the full result, VALID's largest, cropped and extended by zeros to the window that the pairs mean."""
    axes = shapes.axes(case)
    full = shape(case, (sizes[0], *(axis.full for axis in axes), sizes[-1]))
    call = _transposed(case, (value, filter), Text(text=str(full)), VALID)
    cuts = (f"{min(axis.before, axis.full)}:{axis.before + axis.image}" for axis in axes)
    window = (call, f"[{', '.join(arranged(case, ':', cuts, ':'))}]")
    missing = tuple((0, min(max(axis.before + axis.image - axis.full, 0), axis.image)) for axis in axes)
    extended = Function(name="tf.pad", operands=(window, str(pairs(case, missing))))
    return extended if any(rear for _, rear in missing) else window
