"""Convolution, and the transposed one.

``lax.conv_transpose`` takes neither an output_shape nor groups. Its SAME and VALID give one size each; for another the
case's window is said as padding of the dilated value: (extent - 1 - before) in front, and what the size then needs
behind. Groups are said to ``lax.conv_general_dilated``, of which it is the form with ``lhs_dilation``.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.base import NotSupported
from adapters.call import option, refuse_given, said
from adapters.jax.composition import Composition
from cases.model import rules, shapes
from cases.model.case import DATA_FORMATS, Broken, Case
from cases.model.shapes import Axis

_LATE: Final = {"bias", "cotangent"}
"""Arguments that may be wrong while the convolution itself is right."""
_LEAVE_SIZES: Final = {"channels", "groups", "data_format"}
"""Broken rules under which a case's sizes, and so its padding, mean what they always do."""


def conv(case: Case) -> Composition:
    """``lax.conv_general_dilated``, which doesn't rotate the filter either."""
    steps = said(case, "strides", str(case.strides))
    padding = said(case, "padding", repr(case.padding))
    call = f"lax.conv_general_dilated(value, filter, {steps}, {padding}, {_layout(case)}{_more(case)})"
    return Composition(expression=call + _bias(case))


def conv_transpose(case: Case) -> Composition:
    """``lax.conv_transpose``, and for groups the convolution that it stands for.

    Raises:
        NotSupported: if the case's output_shape or output_padding is wrong, for JAX takes neither.
    """
    refuse_given(case, "output_shape", "output_padding")
    if case.groups != 1 or "groups" in case.given:
        return _grouped(case)
    layout = "" if case.data_format is None and "data_format" not in case.given else f", {_layout(case)}"
    padding = said(case, "padding", repr(_transposed_padding(case)))
    steps = said(case, "strides", str(case.strides))
    arguments = f"value, filter, {steps}, {padding}{_dilation(case)}{layout}, transpose_kernel=True"
    return Composition(expression=f"lax.conv_transpose({arguments}){_bias(case)}")


def _grouped(case: Case) -> Composition:
    steps, padding = (1,) * len(case.strides), said(case, "padding", repr(_dilated_padding(case)))
    more = f"lhs_dilation={said(case, 'strides', str(case.strides))}, {_layout(case)}{_more(case)}"
    call = f"lax.conv_general_dilated(value, regrouped(filter), {steps}, {padding}, {more})"
    return Composition(functions=_regrouped(case), expression=call + _bias(case))


def _regrouped(case: Case) -> tuple[str, ...]:
    """A function that rotates the filter [*kernel, out / groups, in] and makes it [*kernel, in / groups, out].

    Where the groups don't divide the channels, it only swaps them, and leaves it to the call to say so.
    """
    *kernel, outs, ins = case.inputs["filter"].shape
    groups, regrouped = case.given.get("groups", case.groups), ".swapaxes(-2, -1)"
    if isinstance(groups, int) and groups > 0 and ins % groups == 0:
        split, joined = (groups, ins // groups), (ins // groups, groups * outs)
        regrouped = f".reshape{(*kernel, outs, *split)}.swapaxes(-3, -1).reshape{(*kernel, *joined)}"
    rotated = f"    rotated = jnp.flip(filter, {tuple(range(len(kernel)))})"
    return ("def regrouped(filter):", rotated, f"    return rotated{regrouped}", "")


def _layout(case: Case) -> str:
    """The case's word, or channels-last; the filter is always spatial first."""
    word = case.data_format or DATA_FORMATS[len(case.strides)][0]
    spatial = "".join(letter for letter in word if letter not in "NC")
    said_word = case.given.get("data_format", word)
    return f"dimension_numbers={(said_word, f'{spatial}IO', said_word)!r}"


def _more(case: Case) -> str:
    groups = None if case.groups == 1 else str(case.groups)
    return _dilation(case) + option(case, "groups", "feature_group_count", groups)


def _dilation(case: Case) -> str:
    return option(case, "dilations", "rhs_dilation", None if case.dilations is None else str(case.dilations))


def _bias(case: Case) -> str:
    if "bias" not in case.inputs:
        return ""
    return f" + bias.reshape(-1{', 1' * len(case.strides)})" if case.channels_first else " + bias"


def _transposed_padding(case: Case) -> Any:
    """JAX's own word where it gives the case's size, else the window as padding of the dilated value."""
    wrong = _broken(case)
    if wrong is not None and wrong.argument not in _LATE and not _leaves_window(case, wrong):
        return case.padding
    axes = shapes.axes(case)
    if isinstance(case.padding, str) and all(_own_size(axis, case.padding) == axis.image for axis in axes):
        return case.padding
    return [_around(axis) for axis in axes]


def _dilated_padding(case: Case) -> Any:
    """The window as padding of the dilated value, but what a case that breaks a rule of sizes says, as it is."""
    wrong = _broken(case)
    late = wrong is None or wrong.rule in _LEAVE_SIZES or wrong.argument in _LATE
    if wrong is not None and not late and not _leaves_window(case, wrong):
        return case.padding
    return [_around(axis) for axis in shapes.axes(case)]


def _leaves_window(case: Case, wrong: Broken) -> bool:
    """Whether a window follows all the same: beside a given argument all is right, and pads below 0 say one, too."""
    pairs = not isinstance(case.padding, str) and len(case.padding) == len(case.strides)
    return wrong.argument in case.given or (wrong.rule == "padding" and pairs)


def _broken(case: Case) -> Broken | None:
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument in {"output_shape", "output_padding"}:
        msg = f"lax.conv_transpose takes no output_shape or output_padding, so this can't be said: {wrong.reason}"
        raise NotSupported(msg)
    return wrong


def _own_size(axis: Axis, word: str) -> int:
    """The size that JAX's SAME and VALID give."""
    return axis.count * axis.stride + (max(axis.extent - axis.stride, 0) if word == "VALID" else 0)


def _around(axis: Axis) -> tuple[int, int]:
    before = axis.extent - 1 - axis.before
    return before, axis.image + axis.extent - 1 - before - ((axis.count - 1) * axis.stride + 1)
