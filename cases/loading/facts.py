"""What an expression can ask of a case: names for what its call says, however wrong, and for what follows from that.

A pipeline's windows are those of all its calls, and it has no kernel, strides or padding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.shapes import Axis


def _one(case: Case) -> Case:
    """The case, if it is one call.

    Raises:
        ValueError: if it is a pipeline, each call of which has strides and padding of its own.
    """
    if case.steps:
        msg = "a pipeline has no strides, padding or kernel of its own"
        raise ValueError(msg)
    return case


def _said(name: str) -> Callable[[Case], Any]:
    return lambda case: getattr(_one(case), name)


FACTS: Final[dict[str, Callable[[Case], Any]]] = {
    "operator": lambda case: case.operator,
    "topic": lambda case: case.topic,
    "tier": lambda case: case.tier,
    "dtype": lambda case: case.dtype,
    "data_format": lambda case: case.data_format or "",
    "padding": _said("padding"),
    "strides": _said("strides"),
    "dilations": lambda case: shapes.dilations(_one(case)),
    "kernel": lambda case: shapes.kernel_size(_one(case)),
    "image": lambda case: (case.output_shape or _first(case))[1:-1],
    "output_shape": _said("output_shape"),
    "batch": lambda case: _first(case)[0],
    "channels": lambda case: _first(case)[-1],
    "groups": _said("groups"),
    "gradients": lambda case: bool(case.gradients),
    "axes": lambda case: len(_first(case)) - 2,
    "include_batch_in_index": _said("include_batch_in_index"),
    "rule": lambda case: case.broken.rule if case.invalid and case.broken else "",
    "strides_divide": lambda case: all(axis.image % axis.stride == 0 for axis in _axes(case)),
    "padding_is_odd": lambda case: any((axis.before + axis.after) % 2 for axis in _axes(case)),
    "pads": lambda case: any(axis.before + axis.after for axis in _axes(case)),
    "windows_overlap": lambda case: any(axis.extent > axis.stride and axis.count > 1 for axis in _axes(case)),
    "windows_reach_end": lambda case: all(axis.covered >= axis.image for axis in _axes(case)),
    "windows_tile": lambda case: all(axis.count * axis.stride == axis.image for axis in _axes(case)),
}
"""Name -> what it is of a case. Where the case has no such thing, one of ``FAULTS`` is raised."""
FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def facts(case: Case, names: Iterable[str]) -> dict[str, Any]:
    """Those of ``FACTS`` that are named.

    Raises:
        ValueError: if the case has one of them not.
    """
    try:
        said = rules.effective(case) if case.given else case
        return {name: FACTS[name](said) for name in names if name in FACTS}
    except FAULTS as error:
        raise ValueError(str(error)) from None


def _first(case: Case) -> tuple[int, ...]:
    """The shape of the case's first tensor: its value, or the image that a pipeline begins with."""
    return next(iter(case.inputs.values())).shape


def _axes(case: Case) -> Iterator[Axis]:
    calls = [step.case for step in case.steps if step.case.operator != "relu"] if case.steps else [case]
    for call in calls:
        yield from shapes.axes(call)
