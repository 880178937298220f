"""Running a pipeline through an adapter: one call after another, each of what earlier ones returned.

An adapter knows operators alone, so that every adapter has pipelines, and every intermediate tensor is there to be
compared. Between two calls tensors are NumPy arrays, channels-last, with canonical indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import Runs
from adapters.wire import BFLOAT16, is_known
from adapters.worker.isolation import Isolation
from cases.model.case import Case, Step

Arrays = dict[str, npt.NDArray[Any]]

MARK: Final = "# step "
"""Begins the line of a pipeline's text above each step's, which is followed by the step's name."""


class StepError(Exception):
    """Our fault: an adapter changed or returned an array that it was given, or returned none for a step."""


def text(steps: Iterable[Step], calls: Iterable[str], names: Iterable[str]) -> str:
    """Return a pipeline's program, made of its calls' programs; ``names`` are the tensors that come from outside."""
    given = ", ".join(f'"{name}": {name}' for name in names)
    lines, outputs = [f"tensors = {{{given}}}"], []
    for step, call in zip(steps, calls, strict=True):
        takes = [f'{role} = tensors["{name}"]{_converted(step, role)}' for role, name in step.takes.items()]
        returns = [f'tensors["{name}"] = outputs["{output}"]' for output, name in step.returns.items()]
        lines += ["", f"{MARK}{step.name}: {step.case.operator}", *takes, call.rstrip(), *returns]
        outputs += [f'"{name}"' for name in step.returns.values()]
    return "\n".join([*lines, "", f"outputs = {{name: tensors[name] for name in ({', '.join(outputs)},)}}"]) + "\n"


def _converted(step: Step, role: str) -> str:
    return '.astype("float32")' if step.case.inputs[role].dtype == BFLOAT16 else ""


def inputs_of(step: Step, tensors: Arrays) -> Arrays:
    """Return the tensors that a step takes: those of bfloat16 in float32, as for every call (``dtypes.held``)."""
    taken = {role: tensors[name] for role, name in step.takes.items()}
    return {role: array.astype(np.float32) if array.dtype.name == BFLOAT16 else array for role, array in taken.items()}


def run(adapter: Runs, case: Case, inputs: Arrays, begin: Callable[[Step], None], made: Arrays | None = None) -> Arrays:
    """Return what every step returns, by the tensors' names; ``begin`` is told of each step before its call.

    Each step's tensors are put into ``made`` as soon as the step has returned, as copies: a later step that raises may
    have changed what it was given.

    Raises:
        StepError: if the adapter changed an array that it was given or had returned, returned one that it was given, or
            none for a step.
        Exception: whatever the adapter raises.
    """
    made, tensors = {} if made is None else made, dict(inputs)
    for step in case.steps:
        begin(step)
        taken = inputs_of(step, tensors)
        isolation = Isolation(taken)
        outputs = adapter.run(step.case, taken)
        if message := isolation.fault(outputs):
            msg = f"step {step.name}: {message}"
            raise StepError(msg)
        new = {name: _array(outputs, output, step) for output, name in step.returns.items()}
        tensors |= new
        made |= {name: array.copy() for name, array in new.items()}
    changed = [name for name, array in made.items() if array.tobytes() != tensors[name].tobytes()]
    if changed:
        msg = f"run() changed {', '.join(changed)}: give the framework a copy"
        raise StepError(msg)
    return {name: tensors[name] for name in case.outputs}


def _array(outputs: Any, name: str, step: Step) -> npt.NDArray[Any]:
    array = outputs.get(name) if isinstance(outputs, dict) else None
    if not isinstance(array, np.ndarray):
        msg = f"step {step.name}: run() returned no NumPy array by the name {name}"
        raise StepError(msg)
    if not is_known(array.dtype):
        msg = f"step {step.name}: run() returned {name} as {array.dtype}, which NumPy alone does not know; convert it"
        raise StepError(msg)
    return np.ascontiguousarray(array)


def part(program: str, step: str) -> str:
    """Return the part of a pipeline's text that is a step's; the whole text where there is no such step."""
    parts = program.split(f"\n{MARK}")
    return next((one for one in parts[1:] if one.startswith(f"{step}: ")), program)
