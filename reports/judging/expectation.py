"""The expected result of a case: a document's own numbers, or else what the oracle returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.oracle import products
from adapters.oracle.zeros import of_either_sign
from adapters.outcome import Returned, arrays_of
from cases.model import shapes
from cases.model.case import Case
from cases.model.dtypes import FLOATS
from cases.model.tolerance import Tolerance
from reports.judging import pipeline_steps
from reports.judging.compare import Arrays
from reports.judging.verdict import Verdict
from reports.recording.run import Run
from reports.recording.targets import ORACLE


class NoExpectationError(Exception):
    """There is no expected result to compare an answer with."""


def expectation(run: Run, case: Case) -> Arrays:
    """Return the arrays that a valid case expects, by the names of outputs.

    Raises:
        NoExpectationError: if the oracle gave no result, or another one at a second call.
    """
    if given := literal(case):
        return given
    key = case.id, ORACLE
    outcome = run.records[key].outcome if key in run.records else None
    if not isinstance(outcome, Returned):
        why = outcome.told if outcome else run.faults.get(key, "it was not asked").partition("\n")[0]
        msg = f"the oracle gave no expected result: {why}"
        raise NoExpectationError(msg)
    if key in run.others:
        msg = f"the definition's own answer to {case.id} varies"
        raise NoExpectationError(msg)
    return dict(outcome.arrays)


def literal(case: Case) -> Arrays:
    """Return the arrays that a document itself gives as a case's result; none if it gives none."""
    dtypes, shape = {"output": case.dtype, "indices": "int64"}, shapes.output_shape(case) if case.expected else ()
    return {
        name: np.array([float(one) if isinstance(one, str) else one for one in values], dtypes[name]).reshape(shape)
        for name, values in (case.expected or {}).items()
    }


@np.errstate(all="ignore")
def with_free_zeros(case: Case, inputs: Callable[[], Arrays], expected: Arrays, actual: Arrays) -> Arrays:
    """Return what is expected, with the actual sign of each zero that may have either sign.

    Where no zero has another sign, return ``expected`` itself, and don't ask for the inputs.
    """
    if case.dtype not in FLOATS:
        return expected
    apart = {name: _apart(array, actual.get(name)) for name, array in expected.items()}
    if not any(mask.any() for mask in apart.values()):
        return expected
    free = of_either_sign(case, inputs())
    return {
        name: np.where(apart[name] & free[name], actual[name], array) if name in free and name in actual else array
        for name, array in expected.items()
    }


def _apart(expected: npt.NDArray[Any], actual: npt.NDArray[Any] | None) -> npt.NDArray[np.bool_]:
    """Mark the zeros that have different signs."""
    if actual is None or expected.shape != actual.shape or expected.dtype != actual.dtype:
        return np.zeros(expected.shape, np.bool_)
    right, wrong = expected.astype(np.float64), actual.astype(np.float64)
    return np.asarray((right == 0) & (wrong == 0) & (np.signbit(right) != np.signbit(wrong)))


def tolerance(case: Case, factors: str | None = None) -> Tolerance:
    """Return a case's tolerance. ``factors`` is the dtype to which the target rounds multiplicands (tf32), if any."""
    return Tolerance(tier=case.tier, products=products(case), dtype=factors or case.dtype, result=case.dtype)


def is_judged(case: Case, target: str) -> bool:
    """Tell whether a target's answer to a case can be right or wrong: the oracle is not compared with itself."""
    return target != ORACLE or case.expected is not None or case.invalid is not None


def wanted(run: Run, case: Case, target: str, verdict: Verdict) -> tuple[str, npt.NDArray[Any]] | None:
    """Return the name of the output whose values differ, and its right values; None for other differences."""
    difference = verdict.difference
    if difference is None or difference.kind not in {"value", "index"}:
        return None
    if verdict.step:
        arrays = dict(arrays_of(run.records[case.id, target].outcome))
        return difference.output, step_expectation(case, arrays, verdict.step)[difference.output]
    return difference.output, expectation(run, case)[difference.output]


def step_expectation(case: Case, arrays: Arrays, name: str) -> Arrays:
    """Return the arrays that a step of a pipeline should return for what a target fed into it, by tensor name."""
    found = next(one for one in pipeline_steps.judged(case, arrays) if one.step.name == name)
    return {found.step.returns[output]: found.expected[output] for output in found.step.returns}
