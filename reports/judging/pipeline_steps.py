"""The steps of a recorded pipeline, each with the definition's answer to what the target itself fed into the step.

So every step is judged by itself. A step is not blamed for what an earlier step did wrong or rounded otherwise. The
fault lies in the first step that differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.oracle import Oracle
from adapters.worker.pipeline import inputs_of
from cases.model.case import Case, Step
from cases.model.fill import fill
from reports.judging.compare import Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One step of a target's answer: its inputs, its expected outputs and its actual outputs."""

    step: Step
    inputs: Arrays
    expected: Arrays
    actual: Arrays


def judged(case: Case, arrays: Arrays) -> Iterator[Judged]:
    """Yield the steps of a pipeline in order. ``arrays`` are those that a target returned, up to any step.

    A step that was given a tensor of a wrong shape is left out: it has no answer, and the fault is an earlier step's.

    Raises:
        InvalidCall: if a step is given indices that lie outside its image.
        NotExact: if a step of the exact tier must round for the inputs that it was given.
        NotSupported: if a step has no canonical answer for the inputs that it was given.
    """
    tensors = fill(case) | arrays
    for step in case.steps:
        if not arrays.keys() >= {*step.returns.values()}:
            return
        inputs = inputs_of(step, tensors)
        if any(inputs[name].shape != spec.shape for name, spec in step.case.inputs.items()):
            continue
        actual = {output: arrays[name] for output, name in step.returns.items()}
        yield Judged(step=step, inputs=inputs, expected=Oracle().run(step.case, inputs), actual=actual)
