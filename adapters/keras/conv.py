"""Convolution, and the transposed one.

``keras.ops.conv`` reads the number of groups off the filter's shape. ``keras.ops.conv_transpose`` has no groups: it is
called for each group, and the results are joined. It takes no output_shape; its output_padding says a size, and what
it counts from depends on the word for padding (see ``_window``).
"""

from __future__ import annotations

from typing import Any, Final

from adapters.call import Argument, Call, Expression, Text, errs, fault, function, refuse, refuse_given
from adapters.writing import windows
from adapters.writing.forms import arranged
from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis

VALID: Final = Text(text="'valid'")
"""The padding of what is padded or cropped by other means."""
_OF_SIZE: Final = {"output_shape", "output_padding"}
"""Arguments of which a wrong one still has a word in Keras, which is its output_padding."""


def conv(case: Case) -> Call:
    """Call ``keras.ops.conv``, on an image that is padded first where padding is in pairs."""
    image, pads = padded(case)
    window = {"strides": case.strides, "padding": pads, **_options(case)}
    return Call(expression=_with_bias(case, function("keras.ops.conv", image, "filter", **window)))


def conv_transpose(case: Case) -> Call:
    """Call ``keras.ops.conv_transpose``, once for each group."""
    refuse_given(case, "groups")
    why = "keras.ops.conv_transpose has no groups, so a wrong number of them can't be said"
    refuse(why, when=errs(case, "groups"))
    if case.groups == 1:
        return Call(expression=_with_bias(case, transposed(case, "value", "filter")))
    axis = 1 if case.channels_first else -1
    parts = f"zip(keras.ops.split(value, {case.groups}, axis={axis}), keras.ops.split(filter, {case.groups}, axis=-1))"
    each = ("[", transposed(case, "image", "kernel"), f" for image, kernel in {parts}]")
    return Call(expression=_with_bias(case, function("keras.ops.concatenate", each, f"axis={axis}")))


def padded(case: Case, fill: str | None = None) -> tuple[Expression, Any]:
    """Return the image and the word for its padding: padding in pairs comes first, with ``fill`` if it is not zero."""
    if isinstance(case.padding, str) or "padding" in case.given:
        return "value", case.padding
    if not any(map(any, case.padding)):
        return "value", VALID
    by = {} if fill is None else {"constant_values": Text(text=fill)}
    return function("keras.ops.pad", "value", Argument(name="padding", own=case.padding), **by), VALID


def transposed(case: Case, value: str, filter: Expression) -> Expression:  # noqa: A002 - the argument
    """Return a transposed convolution whose result has the case's spatial sizes, cropped where no word gives them."""
    whole = errs(case, "output_shape") and (found := fault(case)) is not None and found.axis is None
    refuse("Keras takes no batch or channels of the output, so a wrong one can't be said", when=whole)
    padding, extra, cuts = _window(case)
    sizes = {"strides": case.strides, "padding": padding, "output_padding": extra}
    call = function("keras.ops.conv_transpose", value, filter, **sizes, **_options(case))
    return (call, f"[{', '.join(arranged(case, ':', cuts, ':'))}]") if cuts else call


def _window(case: Case) -> tuple[Any, tuple[int, ...] | None, tuple[str, ...]]:
    """Return the word for padding, the output_padding if it has to be said, and slices of the result.

    With (n - 1) * stride = m and an extent of e elements, valid gives m + max(e, stride) elements of the full result
    from its first on, and m + e + output_padding if told so. Same gives m + stride elements, and
    m + e % 2 + output_padding if told so, with the padding before that SAME has for an image of that size.
    """
    wrong = fault(case)
    own = isinstance(case.padding, str) or "padding" in case.given
    if wrong is not None and wrong.argument not in _OF_SIZE:
        refuse("Keras has no padding in pairs, so a wrong one can't be said", when=_errs_in_pairs(case))
        return (case.padding if own else VALID), None, ()
    if "output_padding" in case.given or errs(case, "output_padding"):
        return (case.padding if own else VALID), case.output_padding, ()
    axes = shapes.axes(case)
    if isinstance(case.padding, str):
        extra = tuple(_extra(axis, case.padding) for axis in axes)
        if all(axis.image == windows.own_size(axis, case.padding) for axis in axes):
            return case.padding, None, ()
        if wrong is not None or all(size < axis.stride for size, axis in zip(extra, axes, strict=True)):
            return case.padding, extra, ()
    return _cropped(axes, sound=wrong is None)


def _errs_in_pairs(case: Case) -> bool:
    return errs(case, "padding") and not isinstance(case.padding, str)


def _extra(axis: Axis, padding: str) -> int:
    """Return the output_padding with which a word gives the size of the image."""
    return axis.image - (axis.full if padding == "VALID" else (axis.count - 1) * axis.stride + axis.extent % 2)


def _cropped(axes: tuple[Axis, ...], *, sound: bool) -> tuple[Any, tuple[int, ...] | None, tuple[str, ...]]:
    """Return valid, which gives the full result from its first element on, and the slices that are the image."""
    starts = all(axis.before == 0 for axis in axes)
    why = "Keras has no padding in pairs, so which sizes don't fit them can't be said"
    refuse(why, when=not sound and not starts)
    if starts:
        extra = tuple(axis.image - axis.full for axis in axes)
        if not sound or min(extra) >= 0:
            return VALID, extra, ()
    extra = tuple(max(axis.before + axis.image - axis.full, 0) for axis in axes)
    return VALID, extra, tuple(map(windows.image, axes))


def _options(case: Case) -> dict[str, Any]:
    return {"data_format": case.data_format, "dilations": case.dilations}


def _with_bias(case: Case, call: Expression) -> Expression:
    if "bias" not in case.inputs:
        return call
    ahead = f"keras.ops.reshape(bias, {(1, -1, *(1,) * len(case.strides))})"
    return function("keras.ops.add", call, ahead if case.channels_first else "bias")
