"""The judgement on one target's answer to one case. A pure function of a recorded run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact, products
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.model import shapes
from cases.model.case import Case, Step
from cases.model.fill import fill
from cases.model.tolerance import Tolerance
from reports.judging import pipeline_steps
from reports.judging.compare import Arrays, Difference, Headroom, compare, headroom, outputs
from reports.judging.diagnosis.diagnose import diagnose
from reports.recording.record import Record
from reports.recording.run import Run
from reports.recording.targets import ORACLE

Status = Literal["passed", "differing", "unsupported", "raised", "crashed", "timed out", "recorded"]


class NoExpectationError(Exception):
    """Our fault: a case has no expected result, because the oracle gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is made of an outcome: its status, what differs and why, and how near a bounded result came to failing."""

    status: Status
    difference: Difference | None = None
    diagnosis: str | None = None
    headroom: Headroom | None = None
    reason: str = ""
    step: str = ""
    """The first step of a pipeline that differs."""
    later: tuple[Verdict, ...] = ()
    """The verdicts on its later steps that differ as well, each from what it was given."""


def judge(run: Run, case: Case, target: str) -> Verdict:
    """The verdict on a recorded answer; it is found once, and kept with the run for whoever asks again.

    Raises:
        NoExpectationError: if the oracle gave the case no result.
        KeyError: if the run holds no such answer.
    """
    key = case.id, target
    if key not in run.verdicts:
        run.verdicts[key] = judge_one(run, case, run.records[key])
    verdict: Verdict = run.verdicts[key]
    return verdict


_PASSED: Final = Verdict(status="passed")


def judge_one(run: Run, case: Case, record: Record) -> Verdict:
    """The verdict on an answer that need not be the one that counts: a repeat of it.

    Raises:
        NoExpectationError: if the oracle gave the case no result.
    """
    if record.kind == "unsupported":
        return Verdict(status="unsupported", reason=record.fields["reason"])
    if case.invalid is not None:
        return _judge_invalid(case, run.outcome(record))
    if case.behaviour is not None:
        return _judge_behaviour(run.outcome(record))
    if _same_bits(run, case, record):
        return _PASSED
    factors = "tf32" if run.header["targets"][record.target]["settings"].get("products") == "tf32" else None
    if case.steps:
        return _judge_steps(case, run.outcome(record), factors)
    return _judge_values(case, expectation(run, case), run.outcome(record), fill(case), factors)


def departure(case: Case, expected: Arrays, outcome: Outcome) -> Difference | None:
    """How an outcome departs from what a case wants, without looking for what explains it; None if it doesn't.

    ``expected`` says nothing where the case is invalid or a pipeline.

    Raises:
        NoExpectationError: if the case is a behaviour, which is recorded and not judged.
    """
    if case.behaviour is not None:
        msg = f"{case.id}: has no right answer"
        raise NoExpectationError(msg)
    if case.invalid is not None:
        return _judge_invalid(case, outcome).difference
    if case.steps:
        return _judge_steps(case, outcome, None).difference
    if not isinstance(outcome, Returned):
        return _judge_other(outcome).difference
    return compare(expected, outcome.arrays, tolerance(case))


def expectation(run: Run, case: Case) -> Arrays:
    """The arrays that a valid case expects: a document's literal ones, else the oracle's.

    Raises:
        NoExpectationError: if the oracle gave none.
    """
    if given := literal(case):
        return given
    record = run.records.get((case.id, ORACLE))
    outcome = run.outcome(record) if record else None
    if not isinstance(outcome, Returned):
        msg = f"{case.id}: the oracle gave no expected result: {outcome or run.faults.get((case.id, ORACLE))}"
        raise NoExpectationError(msg)
    return outcome.arrays


def literal(case: Case) -> Arrays:
    """The arrays that a document itself gives as a case's result; none if it gives none."""
    dtypes, shape = {"output": case.dtype, "indices": "int64"}, shapes.output_shape(case) if case.expected else ()
    return {name: np.array(values, dtypes[name]).reshape(shape) for name, values in (case.expected or {}).items()}


def wanted(run: Run, case: Case, target: str) -> tuple[str, npt.NDArray[Any]] | None:
    """The output that a difference of values is about, and what it ought to be; None for other differences."""
    verdict = judge(run, case, target)
    difference = verdict.difference
    if difference is None or difference.kind not in {"value", "index"}:
        return None
    if case.steps:
        record = run.records[case.id, target]
        return difference.output, step_expectation(case, run.arrays(record), verdict.step)[difference.output]
    return difference.output, expectation(run, case)[difference.output]


def step_expectation(case: Case, arrays: Arrays, name: str) -> Arrays:
    """What a step of a pipeline ought to return for what a target fed into it, by the tensors' names."""
    found = next(one for one in pipeline_steps.judged(case, arrays) if one.step.name == name)
    return {found.step.returns[output]: found.expected[output] for output in found.step.returns}


def tolerance(case: Case, factors: str | None = None) -> Tolerance:
    """What a case tolerates of a target that reads the factors of products as ``factors``, by default as they are."""
    return Tolerance(tier=case.tier, products=products(case), dtype=factors or case.dtype, result=case.dtype)


def is_judged(case: Case, target: str) -> bool:
    """Whether a target's answer to a case can be right or wrong: the oracle's own can't be held against itself."""
    return target != ORACLE or case.expected is not None or case.invalid is not None


def _same_bits(run: Run, case: Case, record: Record) -> bool:
    """The digests say at once what reading the arrays would show: nearly every answer is exactly the expected one."""
    expected = run.records.get((case.id, ORACLE))
    if case.expected is not None or case.tier != "exact" or expected is None or expected.kind != "returned":
        return False
    return all(record.arrays.get(name) == digest for name, digest in expected.arrays.items()) and set(
        outputs(record.arrays)
    ) == set(expected.arrays)


def _judge_invalid(case: Case, outcome: Outcome) -> Verdict:
    match outcome:
        case Raised(type=name, message=message, stage="preparing"):
            return _differs("raised", f"raised {name} before the call, so it refused nothing: {message}")
        case Raised():
            return Verdict(status="passed")
        case Returned(arrays=arrays):
            sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            rule = case.broken.rule if case.broken else ""
            return _differs("differing", f"accepted a call that breaks the rule {rule!r}, returned {sizes}")
        case _:
            return _judge_other(outcome)


def _judge_behaviour(outcome: Outcome) -> Verdict:
    if isinstance(outcome, (Returned, Raised)):
        return Verdict(status="recorded")
    return _judge_other(outcome)


def _judge_values(case: Case, expected: Arrays, outcome: Outcome, inputs: Arrays, factors: str | None) -> Verdict:
    if not isinstance(outcome, Returned):
        return _judge_other(outcome)
    tolerated = tolerance(case, factors)
    difference = compare(expected, outcome.arrays, tolerated)
    if difference is None:
        room = headroom(expected, outcome.arrays, tolerated) if case.tier == "bounded" else None
        return Verdict(status="passed", headroom=room)
    comparable = set(outputs(outcome.arrays)) == set(outputs(expected))
    diagnosis = diagnose(case, expected, outcome.arrays, tolerated, inputs) if comparable else None
    return Verdict(status="differing", difference=difference, diagnosis=diagnosis)


def _judge_steps(case: Case, outcome: Outcome, factors: str | None) -> Verdict:
    """The verdict on the first step that differs; if none does, the headroom of the one that came nearest to it."""
    if not isinstance(outcome, Returned):
        return _judge_other(outcome)
    rooms, wrong = [], []
    try:
        for one in pipeline_steps.judged(case, outcome.arrays):
            verdict = _judge_values(one.step.case, one.expected, Returned(arrays=one.actual), one.inputs, factors)
            wrong += [_at(one.step, verdict)] if verdict.difference else []
            rooms += [verdict.headroom] if verdict.headroom else []
    except (InvalidCall, NotExact, NotSupported):
        if not wrong:
            raise  # else what went wrong has left a later step without a right answer
    if wrong:
        return replace(wrong[0], later=tuple(wrong[1:]))
    return Verdict(status="passed", headroom=max(rooms, key=lambda room: room.of_failing, default=None))


def _at(step: Step, verdict: Verdict) -> Verdict:
    """A verdict on a step as one on its pipeline."""
    difference = verdict.difference
    assert difference is not None  # noqa: S101 - who calls has one
    output = step.returns.get(difference.output, step.name)
    summary = f"step {step.name} ({step.case.operator}): {difference.summary}"
    return replace(verdict, difference=replace(difference, summary=summary, output=output), step=step.name)


def _judge_other(outcome: Outcome) -> Verdict:
    match outcome:
        case Raised(type=name, message=message, stage="preparing"):  # an adapter's own mistake is no known refusal
            return _differs("differing", f"raised {name} before the call: {message}")
        case Raised(type=name, message=message):
            return _differs("raised", f"raised {name}: {message}")
        case Crashed(signal=signal, stderr=stderr):
            return _differs("crashed", f"the process died: {signal}; its last words: {stderr.strip()[-300:]}")
        case TimedOut(seconds=seconds):
            return _differs("timed out", f"no answer within {seconds:g} seconds")
        case Unsupported(reason=reason):
            return Verdict(status="unsupported", reason=reason)
        case Returned():
            return Verdict(status="recorded")


def _differs(status: Status, summary: str) -> Verdict:
    return Verdict(status=status, difference=Difference(kind="outcome", summary=summary))
