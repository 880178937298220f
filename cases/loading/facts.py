"""The facts of a case that an expression can read: the arguments of its call, even wrong ones, and their consequences.

The windows of a pipeline are the windows of all its calls. A pipeline has no kernel, strides or padding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.shapes import Axis


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


FACTS: Final[dict[str, Callable[[Case], Any]]] = {
    "operator": lambda case: case.operator,
    "topic": lambda case: case.topic,
    "tier": lambda case: case.tier,
    "dtype": lambda case: case.dtype,
    "data_format": lambda case: case.data_format or "",
    "padding": _argument("padding"),
    "strides": _argument("strides"),
    "dilations": lambda case: shapes.dilations(_one(case)),
    "kernel": lambda case: shapes.kernel_size(_one(case)),
    "image": lambda case: (case.output_shape or _first(case))[1:-1],
    "output_shape": _argument("output_shape"),
    "batch": lambda case: _first(case)[0],
    "channels": lambda case: _first(case)[-1],
    "groups": _argument("groups"),
    "gradients": lambda case: bool(case.gradients),
    "axes": lambda case: len(_first(case)) - 2,
    "include_batch_in_index": _argument("include_batch_in_index"),
    "rule": lambda case: case.broken.rule if case.invalid and case.broken else "",
    "strides_divide": lambda case: all(axis.image % axis.stride == 0 for axis in _axes(case)),
    "padding_is_odd": lambda case: any((axis.before + axis.after) % 2 for axis in _axes(case)),
    "pads": lambda case: any(axis.before + axis.after for axis in _axes(case)),
    "windows_overlap": lambda case: any(axis.extent > axis.stride and axis.count > 1 for axis in _axes(case)),
    "windows_reach_end": lambda case: all(axis.covered >= axis.image for axis in _axes(case)),
    "windows_tile": lambda case: all(axis.count * axis.stride == axis.image for axis in _axes(case)),
}
"""Name -> function that returns the fact of a case. It raises one of ``FAULTS`` if the case has no such fact."""
FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def facts(case: Case, names: Iterable[str]) -> dict[str, Any]:
    """Return the named facts of a case. Names that are not in ``FACTS`` are left out.

    Raises:
        ValueError: if the case has no such fact.
    """
    try:
        call = rules.effective(case) if case.given else case
        return {name: FACTS[name](call) for name in names if name in FACTS}
    except FAULTS as error:
        raise ValueError(str(error)) from None


def _first(case: Case) -> tuple[int, ...]:
    """Return the shape of the case's first tensor: the value, or the image of a pipeline."""
    return next(iter(case.inputs.values())).shape


def _axes(case: Case) -> Iterator[Axis]:
    calls = [step.case for step in case.steps if step.case.operator != "relu"] if case.steps else [case]
    for call in calls:
        yield from shapes.axes(call)
