"""The properties of a case that an expression can read: its arguments, even wrong ones, its data, and what follows.

The windows of a pipeline are the windows of all its calls. A pipeline has no kernel, strides or padding of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cases.model import dtypes, rules, shapes, windows
from cases.model.case import POOLING, Case, Step, is_outward
from cases.model.shapes import Axis
from cases.model.windows import special_words


def _one(case: Case) -> Case:
    """Return the case if it is one call.

    Raises:
        ValueError: if the case is a pipeline: each of its calls has its own strides and padding.
    """
    if case.steps:
        msg = "a pipeline has no strides, padding or kernel of its own"
        raise ValueError(msg)
    return case


def _argument(name: str) -> Callable[[Case], Any]:
    return lambda case: getattr(_one(case), name)


def _specials(case: Case) -> set[str]:
    """Return the words of the special values in all tensors of a case."""
    return {word for spec in case.inputs.values() for word in special_words(spec)}


PROPERTIES: Final[dict[str, Callable[[Case], Any]]] = {
    "operator": lambda case: case.operator,
    "topic": lambda case: case.topic,
    "tier": lambda case: case.tier,
    "dtype": lambda case: case.dtype,
    "integer": lambda case: case.dtype in dtypes.INTEGERS,
    "data_format": lambda case: case.data_format or "",
    "channels_first": lambda case: case.channels_first,
    "padding": _argument("padding"),
    "explicit": lambda case: not isinstance(_one(case).padding, str),
    "strides": _argument("strides"),
    "dilations": lambda case: shapes.dilations(_one(case)),
    "ceil_mode": lambda case: _one(case).ceil_mode or "",
    "divisor": lambda case: "inside" if _one(case).divisor is None else case.divisor,
    "plain": lambda case: case.operator not in POOLING or shapes.is_plain(_one(case)),
    "overhangs": lambda case: any(axis.overhang for axis in _axes(case)),
    "dilated": lambda case: max(shapes.dilations(_one(case))) > 1,
    "kernel": lambda case: shapes.kernel_size(_one(case)),
    "image": lambda case: (case.output_shape or _first(case))[1:-1],
    "output_shape": _argument("output_shape"),
    "batch": lambda case: _first(case)[0],
    "channels": lambda case: _first(case)[-1],
    "in_channels": lambda case: _one(case).inputs["value"].shape[-1],
    "filter_channels": lambda case: _one(case).inputs["filter"].shape[-2],
    "out_channels": lambda case: shapes.out_channels(_one(case)),
    "groups": _argument("groups"),
    "gradients": lambda case: not {"value", "filter"}.isdisjoint(case.gradients),
    "gradients_of": lambda case: list(case.gradients),
    "axes": lambda case: len(_first(case)) - 2,
    "depthwise": lambda case: case.groups > 1 and case.groups == _image_channels(_one(case)),
    "empty": lambda case: any(0 in spec.shape for spec in case.inputs.values()),
    "include_batch_in_index": _argument("include_batch_in_index"),
    "rule": lambda case: case.broken.rule if case.invalid and case.broken else "",
    "argument": lambda case: case.broken.argument if case.invalid and case.broken else "",
    "strides_divide": lambda case: all(axis.image % axis.stride == 0 for axis in _axes(case)),
    "padding_is_odd": lambda case: any((axis.before + axis.after) % 2 for axis in _axes(case)),
    "pads": lambda case: any(axis.before + axis.after for axis in _axes(case)),
    "short_by": lambda case: max(axis.extent - axis.padded for axis in _axes(case)),
    "far_short": lambda case: any(axis.extent - axis.padded >= 2 * axis.stride for axis in _axes(case)),
    "short_axes": lambda case: _numbers(case, lambda axis: axis.extent > axis.padded),
    "unread_axes": lambda case: _numbers(case, lambda axis: axis.count > 0 and not _is_read(axis)),
    "full": lambda case: tuple(axis.full for axis in _axes(case)),
    "counts": lambda case: tuple(axis.count for axis in _axes(case)),
    "padded": lambda case: tuple(axis.padded for axis in _axes(case)),
    "pixels": lambda case: math.prod(PROPERTIES["image"](case)),
    "window_elements": lambda case: math.prod(shapes.kernel_size(_one(case))),
    "elements": lambda case: math.prod(_first(case)),
    "window_beyond_image": lambda case: any(axis.extent > axis.image for axis in _axes(case)),
    "cuts_in_front": lambda case: all(axis.before >= axis.extent - 1 for axis in _axes(case)),
    "cuts_and_extends": lambda case: any(axis.before > axis.extent - 1 > axis.after for axis in _axes(case)),
    "grows": lambda case: any(axis.image > axis.count for axis in _axes(case)),
    "rest": lambda case: max(axis.image - axis.covered for axis in _axes(case)),
    "gaps": lambda case: any(axis.extent < axis.stride for axis in _axes(case)),
    "windows_overlap": lambda case: any(axis.extent > axis.stride and axis.count > 1 for axis in _axes(case)),
    "windows_adjoin": lambda case: _adjoin([*_axes(case)]),
    "windows_reach_end": lambda case: all(axis.covered >= axis.image for axis in _axes(case)),
    "windows_tile": lambda case: all(axis.count * axis.stride == axis.image for axis in _axes(case)),
    "specials": _specials,
    "biased": lambda case: "bias" in case.inputs,
    "not_finite": lambda case: not _specials(case).isdisjoint({"nan", "inf", "minus_inf"}),
    "specials_in_value": lambda case: special_words(case.inputs["value"]),
    "specials_in_cotangent": lambda case: special_words(case.inputs["cotangent"]) if case.gradients else [],
    "specials_in_filter": lambda case: special_words(case.inputs["filter"]),
    **{f"window_{words}": partial(windows.some, which) for words, which in windows.KINDS.items()},
}
"""Name -> function that returns the property of a case. It raises one of ``rules.FAULTS`` if the case has none such."""


def _adjoin(axes: Sequence[shapes.Axis]) -> bool:
    """Tell whether windows stand side by side or have one element, or are the whole image or one element of it."""
    if any(axis.dilation > 1 and (axis.kernel > 1 or axis.stride > 1) for axis in axes):
        return False
    if all(axis.stride == 1 and axis.padded == axis.image and axis.kernel in {1, axis.image} for axis in axes):
        return True
    return all(axis.kernel in {1, axis.stride} for axis in axes)


def properties(case: Case, names: Iterable[str]) -> dict[str, Any]:
    """Return the named properties of a case. Names that are not in ``PROPERTIES`` are left out.

    Raises:
        ValueError: if the case has no such property.
    """
    try:
        call = rules.effective(case) if case.given else case
        return {name: PROPERTIES[name](call) for name in names if name in PROPERTIES}
    except rules.FAULTS as error:
        raise ValueError(str(error)) from None


def calls(case: Case) -> dict[str, Case]:
    """Return the calls of a case: those of a pipeline by the names of its steps, or the case itself under no name.

    A step that takes an input of the pipeline has its special values.
    """
    return {step.name: _with_own(case, step) for step in case.steps} or {"": case}


def _with_own(case: Case, step: Step) -> Case:
    own = {name: case.inputs[taken] for name, taken in step.takes.items() if taken in case.inputs}
    return replace(step.case, inputs=step.case.inputs | own)


def _image_channels(case: Case) -> int:
    """Return the channels on the side of the image: those of the output if the image is the output."""
    return shapes.out_channels(case) if is_outward(case.operator) else case.inputs["value"].shape[-1]


def _first(case: Case) -> tuple[int, ...]:
    """Return the shape of the case's first tensor: the value, or the image of a pipeline."""
    return next(iter(case.inputs.values())).shape


def _numbers(case: Case, meets: Callable[[Axis], bool]) -> tuple[int, ...]:
    """Return which axes of a call meet a condition, counted from 0."""
    return tuple(number for number, axis in enumerate(shapes.axes(_one(case))) if meets(axis))


def _is_read(axis: Axis) -> bool:
    """Tell whether a tap of some window stands on the image. Windows are not counted through: there may be billions."""
    for tap in range(axis.kernel):
        start = tap * axis.dilation - axis.before
        window = max(-(start // axis.stride), 0)  # the first one whose tap does not stand in front of the image
        if window < axis.count and start + window * axis.stride < axis.image:
            return True
    return False


def _axes(case: Case) -> Iterator[Axis]:
    for call in calls(case).values():
        if call.operator != "relu" or not case.steps:
            yield from shapes.axes(call)
