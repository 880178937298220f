"""Convolution and its transpose.

TensorFlow reads the number of groups off the filter's shape. Two axes have a function of their own for filters that
keep the channels apart; pairs of padding are arguments on two axes, and ``tf.pad`` or a slice on one and three.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from adapters.base import NotSupported
from adapters.call import refuse_given, said
from adapters.tensorflow.composition import (
    Composition,
    around,
    arranged,
    composed,
    dilated,
    options,
    padding,
    pairs,
    shape,
    single,
)
from cases.model import rules, shapes
from cases.model.case import Case

_PLANE: Final = 2
"""Two axes, on which padding in pairs is an argument."""


def conv(case: Case) -> Composition:
    """``tf.nn.conv1d``, ``conv2d`` or ``conv3d``; ``tf.nn.depthwise_conv2d`` where each channel is a group.

    Raises:
        NotSupported: if a wrong number of groups is given.
    """
    refuse_given(case, "groups")
    function = _depthwise(case) if _is_depthwise(case) else _conv(case)
    return _with_bias(case, function)


def conv_transpose(case: Case) -> Composition:
    """``tf.nn.conv1d_transpose`` and its like, or the gradient of the depthwise convolution, its transpose.

    Raises:
        NotSupported: if a wrong number of groups or output_padding is given.
    """
    refuse_given(case, "groups", "output_padding")
    _refuse_unsaid(case)
    if _is_depthwise_transpose(case):
        return _with_bias(case, _depthwise_transpose(case))
    return _with_bias(case, transposed(case, "value", "filter", case.output_shape or ()))


def _refuse_unsaid(case: Case) -> None:
    wrong = rules.broken(case)
    if wrong and wrong.argument == "output_padding" and not rules.broken(replace(case, output_padding=None)):
        msg = "TensorFlow takes no output_padding, and without it the call is right"
        raise NotSupported(msg)


def transposed(case: Case, value: str, filter: str, output_shape: tuple[int, ...]) -> str:  # noqa: A002 - the argument
    """A transposed convolution of the case's rank and sizes, but for batch and channels: those of ``output_shape``.

    That is channels-last; the text of ``value`` and ``filter`` is in the call's layout.
    """
    if len(case.strides) != _PLANE and composed(case):
        return _seen_through_window(case, value, filter, output_shape)
    return _transposed(case, f"{value}, {filter}, output_shape={_sizes(case, output_shape)}", padding(case))


def _sizes(case: Case, output_shape: tuple[int, ...]) -> str:
    return said(case, "output_shape", str(shape(case, output_shape)))


def _transposed(case: Case, first: str, pads: Any) -> str:
    arguments = f"{first}, strides={single(case, 'strides', case.strides)}, padding={pads!r}"
    return f"tf.nn.conv{len(case.strides)}d_transpose({arguments}{options(case)}{dilated(case)})"


def _with_bias(case: Case, call: str) -> Composition:
    if "bias" not in case.inputs:
        return Composition(takes=("value", "filter"), call=call)
    return Composition(takes=("value", "filter", "bias"), call=f"tf.nn.bias_add({call}, bias{options(case)})")


def _conv(case: Case) -> str:
    rank, value, pads = len(case.strides), "value", padding(case)
    if rank != _PLANE and composed(case):
        value, pads = f"tf.pad(value, {pads})", "VALID"
    word, sizes, dilations = "strides", single(case, "strides", case.strides), dilated(case)
    if rank == 1:
        word = "stride"
    if rank == 3:  # noqa: PLR2004 - its arguments have an entry for batch and channels, too
        sizes, dilations = _five(case), _five_dilations(case)
    return f"tf.nn.conv{rank}d({value}, filter, {word}={sizes}, padding={pads!r}{options(case)}{dilations})"


def _five(case: Case) -> str:
    """The strides with an entry for batch and channels, too."""
    return around(case, "strides", case.strides)


def _five_dilations(case: Case) -> str:
    if case.dilations is None and "dilations" not in case.given:
        return ""
    return f", dilations={around(case, 'dilations', case.dilations or ())}"


def _is_depthwise(case: Case) -> bool:
    """Whether ``tf.nn.depthwise_conv2d`` takes the case: it wants equal strides, of 1 under dilation."""
    groups, (*_, inner, outer) = case.groups, case.inputs["filter"].shape
    apart = groups > 1 and inner == 1 and outer % groups == 0 and case.inputs["value"].shape[-1] == groups
    strided = max(case.strides) > 1 and max(shapes.dilations(case)) > 1
    return apart and _is_plane(case) and not strided


def _is_depthwise_transpose(case: Case) -> bool:
    """Whether the case is the transpose of a convolution that ``tf.nn.depthwise_conv2d`` takes."""
    groups, (*_, outer, inner) = case.groups, case.inputs["filter"].shape
    return groups > 1 and outer == 1 and inner % groups == 0 and _is_plane(case)


def _is_plane(case: Case) -> bool:
    """Two axes of equal strides, the only ones that the depthwise functions take."""
    return (
        len(case.inputs["filter"].shape) == _PLANE + 2 and len(case.strides) == _PLANE and len(set(case.strides)) == 1
    )


def _depthwise(case: Case) -> str:
    arguments = f"strides={_five(case)}, padding={padding(case)!r}"
    return f"tf.nn.depthwise_conv2d(value, {_per_channel(case)}, {arguments}{options(case)}{dilated(case)})"


def _depthwise_transpose(case: Case) -> str:
    sizes = f"{_sizes(case, case.output_shape or ())}, {_per_channel(case)}, value"
    arguments = f"strides={_five(case)}, padding={padding(case)!r}"
    return f"tf.nn.depthwise_conv2d_backprop_input({sizes}, {arguments}{options(case)}{_five_dilations(case)})"


def _per_channel(case: Case) -> str:
    """The filter as depthwise convolution wants it: [height, width, channels, results a channel]."""
    *kernel, _, last = case.inputs["filter"].shape
    return f"tf.reshape(filter, {(*kernel, case.groups, last // case.groups)})"


def _seen_through_window(case: Case, value: str, filter: str, output_shape: tuple[int, ...]) -> str:  # noqa: A002
    """The full result, VALID's largest, cropped and extended by zeros to the window that the pairs mean."""
    axes = shapes.axes(case)
    full = (output_shape[0], *(axis.full for axis in axes), output_shape[-1])
    call = _transposed(case, f"{value}, {filter}, output_shape={shape(case, full)}", "VALID")
    cuts = (f"{min(axis.before, axis.full)}:{axis.before + axis.image}" for axis in axes)
    window = f"{call}[{', '.join(arranged(case, ':', cuts, ':'))}]"
    missing = [(0, min(max(axis.before + axis.image - axis.full, 0), axis.image)) for axis in axes]
    return f"tf.pad({window}, {pairs(case, missing)})" if any(rear for _, rear in missing) else window
