"""What an expression can ask of a case: names for what its call says, however wrong, and for what follows from that.

A pipeline's windows are those of all its calls, and it has no kernel, strides or padding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from cases import rules, shapes
from cases.case import Case
from cases.shapes import Axis

FACTS: Final[dict[str, Callable[[Case], Any]]] = {
    "operator": lambda case: case.operator,
    "topic": lambda case: case.topic,
    "tier": lambda case: case.tier,
    "dtype": lambda case: case.dtype,
    "data_format": lambda case: case.data_format or "",
    "padding": lambda case: case.padding,
    "strides": lambda case: case.strides,
    "dilations": shapes.dilations,
    "kernel": shapes.kernel_size,
    "image": shapes.image_size,
    "output_shape": lambda case: case.output_shape,
    "batch": lambda case: _first(case)[0],
    "channels": lambda case: _first(case)[-1],
    "groups": lambda case: case.groups,
    "axes": lambda case: len(_first(case)) - 2,
    "include_batch_in_index": lambda case: case.include_batch_in_index,
    "rule": lambda case: "" if case.invalid is None else case.invalid.rule,
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
    calls = [step.case for step in getattr(case, "steps", ()) if step.case.strides] or [case]
    for call in calls:
        yield from shapes.axes(call)
