"""Convolution, and the transposed one.

``lax.conv_transpose`` takes neither an output_shape nor groups. Its SAME and VALID give one size each; for another the
case's window is said as padding of the dilated value: (extent - 1 - before) in front, and what the size then needs
behind. Groups are said to ``lax.conv_general_dilated``, of which it is the form with ``lhs_dilation``.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.call import Argument, Call, errs, fault, function, refuse
from adapters.writing import windows
from adapters.writing.forms import layout_word
from cases.model import shapes
from cases.model.case import Broken, Case

_LATE: Final = {"bias", "cotangent"}
"""Arguments that may be wrong while the convolution itself is right."""
_LEAVE_SIZES: Final = {"channels", "groups", "data_format"}
"""Broken rules under which a case's sizes, and so its padding, mean what they always do."""


def conv(case: Case) -> Call:
    """Call ``lax.conv_general_dilated``, which doesn't rotate the filter either."""
    window = {"strides": case.strides, "padding": case.padding}
    call = function("lax.conv_general_dilated", "value", "filter", **window, **_options(case))
    return Call(expression=(call, _bias(case)))


def conv_transpose(case: Case) -> Call:
    """Call ``lax.conv_transpose``, and for groups the convolution that it stands for."""
    reason = case.broken.reason if case.broken is not None else ""
    why = f"lax.conv_transpose takes no output_shape or output_padding, so this can't be said: {reason}"
    refuse(why, when=errs(case, "output_shape", "output_padding"))
    grouped = case.groups != 1 or "groups" in case.given
    padding = padding_of_dilated(case, grouped=grouped)
    if not grouped:
        window = {"strides": case.strides, "padding": padding, "dilations": case.dilations}
        last = {"data_format": case.data_format, "transpose_kernel": True}
        return Call(expression=(function("lax.conv_transpose", "value", "filter", **window, **last), _bias(case)))
    steps = (str((1,) * len(case.strides)), Argument(name="padding", own=padding))
    dilated = Argument(name="strides", own=case.strides, word="lhs_dilation")
    call = function("lax.conv_general_dilated", "value", "regrouped(filter)", *steps, dilated, **_options(case))
    return Call(functions=(_regrouped(case),), expression=(call, _bias(case)))


def _options(case: Case) -> dict[str, Any]:
    groups = None if case.groups == 1 else case.groups
    return {"data_format": layout_word(case), "dilations": case.dilations, "groups": groups}


def _regrouped(case: Case) -> str:
    """Return a function that rotates the filter [*kernel, out / groups, in] and makes it [*kernel, in / groups, out].

    Where the groups don't divide the channels, the function only swaps them, and leaves it to the call to say so.
    """
    *kernel, outs, ins = case.inputs["filter"].shape
    groups, regrouped = case.given.get("groups", case.groups), ".swapaxes(-2, -1)"
    if isinstance(groups, int) and groups > 0 and ins % groups == 0:
        split, joined = (groups, ins // groups), (ins // groups, groups * outs)
        regrouped = f".reshape{(*kernel, outs, *split)}.swapaxes(-3, -1).reshape{(*kernel, *joined)}"
    rotated = f"    rotated = jnp.flip(filter, {tuple(range(len(kernel)))})"
    return f"def regrouped(filter):\n{rotated}\n    return rotated{regrouped}\n"


def _bias(case: Case) -> str:
    if "bias" not in case.inputs:
        return ""
    return f" + bias.reshape(-1{', 1' * len(case.strides)})" if case.channels_first else " + bias"


def padding_of_dilated(case: Case, *, grouped: bool) -> Any:
    """Return a transposed convolution's window as padding of the dilated value, or JAX's word if it gives the size.

    A convolution that stands for a grouped one has no such word. A case that breaks a rule of sizes says its own.
    """
    wrong = fault(case)
    late = wrong is None or wrong.argument in _LATE or (grouped and wrong.rule in _LEAVE_SIZES)
    if wrong is not None and not late and not _leaves_window(case, wrong):
        return case.padding
    axes, padding = shapes.axes(case), case.padding
    if not grouped and isinstance(padding, str) and all(windows.own_size(axis, padding) == axis.image for axis in axes):
        return padding
    return [windows.of_dilated(axis) for axis in axes]


def _leaves_window(case: Case, wrong: Broken) -> bool:
    """Tell whether padding still fixes a window: the only fault is a given argument, or a negative pad."""
    pairs = not isinstance(case.padding, str) and len(case.padding) == len(case.strides)
    return wrong.argument in case.given or (wrong.rule == "padding" and pairs)
