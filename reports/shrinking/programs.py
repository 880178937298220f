"""Shorter programs made from a longer one: the search for the fewest steps in a row that depart as the whole does."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from adapters.engine.in_process import ask
from adapters.oracle import Oracle
from adapters.outcome import Returned
from adapters.wire import Array
from cases.loading.build import tier
from cases.loading.elements import literal
from cases.model.case import Case, Step, TensorSpec, question
from cases.model.fill import fill

MOST_ELEMENTS: Final = 2**16
"""The most elements of the tensors that a program takes. All are written out in the program."""


def with_literals(case: Case) -> Case | None:
    """Return a pipeline whose tensors are written out as numbers; None if they are too many.

    So its data stay the same under another id, and when steps are left out.
    """
    return _program(case, case.steps, fill(case))


def shortest(case: Case) -> Generator[Case, bool, None]:
    """Yield programs of ever more steps in a row, until the caller sends True: this one shows it.

    Each is given what the definition makes of the steps before it. Their inputs are literal.
    """
    for candidate in _shorter(case):
        if (yield candidate):
            return


def _shorter(case: Case) -> Iterator[Case]:
    outcome = ask(Oracle(), question(case))
    if not isinstance(outcome, Returned):  # without an answer to a step, nothing can be given to the next one
        return
    tensors = {**fill(case), **outcome.arrays}
    for length in range(1, len(case.steps)):
        for start in range(len(case.steps) - length + 1):
            made = _program(case, case.steps[start : start + length], tensors)
            if made is not None:
                yield made


def _program(case: Case, steps: tuple[Step, ...], tensors: dict[str, Array]) -> Case | None:
    """Return the pipeline of these steps; None if it takes too many numbers."""
    made = {name for step in steps for name in step.returns.values()}
    taken = {name: step.case.inputs[role] for step in steps for role, name in step.takes.items() if name not in made}
    if sum(math.prod(spec.shape) for spec in taken.values()) > MOST_ELEMENTS:
        return None
    inputs = {name: _literal(spec, tensors[name]) for name, spec in taken.items()}
    return replace(case, inputs=inputs, steps=steps, tier=tier(case.operator, inputs))


def _literal(spec: TensorSpec, array: Array) -> TensorSpec:
    plain = TensorSpec(shape=spec.shape, dtype=spec.dtype, fill="literal")
    numbers = array.astype(np.float64) if array.dtype.kind == "f" else array
    return literal(plain, tuple(numbers.ravel().tolist()))
