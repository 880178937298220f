"""The steps of a recorded pipeline, each with the definition's answer to what the target itself fed into it.

So every step is judged by itself: what an earlier one got wrong, or rounded otherwise, is not held against it, and the
first that departs is where the fault lies.
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
    """One step of a target's answer: what went in, what ought to have come out, and what did."""

    step: Step
    inputs: Arrays
    expected: Arrays
    actual: Arrays


def judged(case: Case, arrays: Arrays) -> Iterator[Judged]:
    """The steps of a pipeline in order, from the arrays that a target returned for it.

    Raises:
        InvalidCall: if a step is given indices that lie outside its image.
        NotExact: if a step of the exact tier rounds on what it was given.
        NotSupported: if a step has no canonical answer to that.
    """
    tensors = fill(case) | arrays
    for step in case.steps:
        inputs = inputs_of(step, tensors)
        actual = {output: arrays[name] for output, name in step.returns.items()}
        yield Judged(step=step, inputs=inputs, expected=Oracle().run(step.case, inputs), actual=actual)
