"""The judge: one verdict for each answer, made once and kept with the run. Nothing else judges an answer.

An answer that can't be judged is a fault of that case alone: its verdict says so, and every other verdict still comes.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported, arrays_of
from adapters.worker.pipeline import inputs_of
from cases.model.case import Case, Step
from cases.model.fill import fill
from cases.model.tolerance import Tolerance
from reports.judging import acceptance, pipeline_steps, verdict
from reports.judging.behaviours import Accepted
from reports.judging.compare import Arrays, Difference, compare, headroom, holds_reals, outputs, with_values
from reports.judging.diagnosis.diagnose import NEARLY, diagnose, is_nearly
from reports.judging.expectation import NoExpectationError, expectation, is_judged, tolerance, with_free_zeros
from reports.judging.verdict import Status, Verdict
from reports.recording.record import Key, Record
from reports.recording.resume import sources
from reports.recording.run import Run, RunError
from reports.recording.sampling import SIZES_ONLY, WHOLE
from reports.recording.targets import ORACLE, like

_UNANSWERABLE: Final = (NoExpectationError, InvalidCall, NotExact, NotSupported)
"""The exceptions that say that there is no right answer to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The verdicts on a run's answers, and what is accepted of them."""

    accepted: Accepted
    made: dict[Key, Verdict] = field(default_factory=dict)


def begin(run: Run, accepted: Accepted) -> None:
    """Judge a run by what is accepted.

    Verdicts in the run's file are used again if the same code made them and the same is accepted.

    Raises:
        RunError: if a verdict in the run's file was changed, so that it is none.
    """
    by = hashlib.blake2b(f"{_sources()}{accepted.digest}".encode(), digest_size=8).hexdigest()
    if run.verdicts is not None and run.judged_by == by:
        return
    stored = run.stored if run.judged_by == by else {}
    run.verdicts = Verdicts(accepted=accepted)
    for key, line in stored.items():
        run.verdicts.made[key] = _again(run, key, line, accepted)
    if run.judged_by != by:
        run.judging(by)


def _again(run: Run, key: Key, line: dict[str, Any], accepted: Accepted) -> Verdict:
    """Return a verdict of the run's file."""
    try:
        return verdict.from_json(line, accepted.of(key[1], like(run, key[1])))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        msg = f"{run.path}: the verdict on {key[0]}[{key[1]}] was changed and is none; run the suite again"
        raise RunError(msg) from error


@functools.cache
def _sources() -> str:
    """Return a digest of the code that judges."""
    return sources("cases", "adapters/oracle", "adapters/outcome.py", "reports/judging", "reports/recording")


def judge(run: Run, case: Case, target: str) -> Verdict:
    """Return the verdict on a target's answer to a case. If the run has none yet, make it and keep it.

    Raises:
        KeyError: if the run has no such answer.
    """
    if run.verdicts is None:
        begin(run, Accepted())
    verdicts: Verdicts = run.verdicts
    key = case.id, target
    if key not in verdicts.made:
        verdicts.made[key] = found = _made(run, verdicts.accepted, case, target)
        if found != _PASSED:  # comparing digests again is as fast as reading a line
            run.keep(key, verdict.to_json(found, verdicts.accepted.of(target, like(run, target))))
    return verdicts.made[key]


def judged(run: Run) -> Iterable[tuple[Case, str, Verdict]]:
    """Yield the verdict on every answer that can be right or wrong, in the run's order, with its case and target."""
    for case_id, target in run.keys:
        case = run.cases[case_id]
        if is_judged(case, target):
            yield case, target, judge(run, case, target)


def judge_all(run: Run) -> None:
    """Make every verdict that is not made yet, so that the run's file gets it."""
    for _ in judged(run):
        pass


_PASSED: Final = Verdict(status="passed")


def _made(run: Run, accepted: Accepted, case: Case, target: str) -> Verdict:
    key = case.id, target
    if key in run.unasked:
        return Verdict(status="not asked", reason=run.unasked[key], follows="skip")
    if key not in run.records and key in run.faults:
        return Verdict(status="unjudged", reason=run.faults[key].partition("\n")[0], follows="error")
    record = run.records[key]
    context = acceptance.Context(run=run, accepted=accepted, case=case, target=target)
    found = acceptance.follow(context, _compared(run, case, record), record.outcome)
    others = [_compared(run, case, other) for other in run.others.get(key, ())]
    return acceptance.with_repeats(context, found, others)


def _compared(run: Run, case: Case, record: Record) -> Verdict:
    """Compare an answer, or a repeat of one, with what was expected. What follows is decided later."""
    try:
        return _of_outcome(run, case, record)
    except _UNANSWERABLE as error:
        return Verdict(status="unjudged", reason=" ".join(str(error).split()))


def _of_outcome(run: Run, case: Case, record: Record) -> Verdict:
    outcome = record.outcome
    if isinstance(outcome, Unsupported) and not outcome.before:
        return _other(outcome)
    if case.invalid is not None:
        return _invalid(case, outcome)
    if case.behaviour is not None:
        return Verdict(status="recorded") if isinstance(outcome, (Returned, Raised)) else _other(outcome)
    if _same_bits(run, case, record):
        return _PASSED
    facts = run.header["targets"][record.target]
    factors = "tf32" if facts["settings"].get("products") == "tf32" else None
    how = _How(factors=factors, sizes_only=bool(facts.get(SIZES_ONLY)))
    if case.steps:
        return _end(case, expectation(run, case), outcome) if facts.get(WHOLE) else _steps(case, outcome, how)
    return _values(case, expectation(run, case), outcome, fill(case), how)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """How a target's answers are compared.

    ``factors`` is the dtype to which it rounds multiplicands, if any. The elements of a ``sizes_only`` answer mean
    nothing.
    """

    factors: str | None = None
    sizes_only: bool = False


def departure(case: Case, expected: Arrays, outcome: Outcome) -> Difference | None:
    """Return the difference between an outcome and what a case expects, without a diagnosis; None if there is none.

    ``expected`` is not read where the case is invalid or a pipeline.

    Raises:
        NoExpectationError: if the case has no right answer; such a case is recorded and not judged.
    """
    if case.behaviour is not None:
        msg = f"{case.id}: has no right answer"
        raise NoExpectationError(msg)
    if case.invalid is not None:
        return _invalid(case, outcome).difference
    if case.steps:
        return _steps(case, outcome, _How()).difference
    if not isinstance(outcome, Returned):
        return _other(outcome).difference
    return _difference(case, functools.partial(fill, case), expected, dict(outcome.arrays), tolerance(case))[1]


def _same_bits(run: Run, case: Case, record: Record) -> bool:
    """Tell by the digests alone whether an answer has the expected bits. Nearly every answer has them."""
    expected = run.records.get((case.id, ORACLE))
    if case.expected is not None or case.tier != "exact" or expected is None or (case.id, ORACLE) in run.others:
        return False
    if not isinstance(expected.outcome, Returned) or set(outputs(record.digests)) != set(expected.digests):
        return False
    return all(record.digests.get(name) == digest for name, digest in expected.digests.items())


def _invalid(case: Case, outcome: Outcome) -> Verdict:
    match outcome:
        case Raised(stage="preparing"):
            return _differs("raised", f"{outcome.told}, so nothing was refused")
        case Raised():
            return _PASSED
        case Returned(arrays=arrays):
            sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            rule = case.broken.rule if case.broken else ""
            return _differs("differing", f"accepted a call that breaks the rule {rule!r}, returned {sizes}")
        case _:
            return _other(outcome)


def _values(case: Case, expected: Arrays, outcome: Outcome, inputs: Arrays, how: _How) -> Verdict:
    if not isinstance(outcome, Returned):
        return _other(outcome)
    actual, tolerated = dict(outcome.arrays), tolerance(case, how.factors)
    if how.sizes_only:
        actual = with_values(expected, actual)
    expected, difference = _difference(case, lambda: inputs, expected, actual, tolerated)
    if difference is None:
        room = headroom(expected, actual, tolerated) if case.tier == "bounded" else None
        return Verdict(status="passed", headroom=room)
    comparable = set(outputs(actual)) == set(outputs(expected)) and all(map(holds_reals, actual.values()))
    diagnosis = diagnose(case, expected, actual, tolerated, inputs) if comparable else None
    return Verdict(status="differing", difference=difference, diagnosis=diagnosis)


def _difference(
    case: Case, inputs: Callable[[], Arrays], expected: Arrays, actual: Arrays, tolerated: Tolerance
) -> tuple[Arrays, Difference | None]:
    """Return the difference from what is expected, and what is expected with the signs that its zeros may have.

    ``inputs`` makes the call's inputs. Few answers need them.
    """
    found = compare(expected, actual, tolerated)
    allowed = expected if found is None else with_free_zeros(case, inputs, expected, actual)
    return allowed, found if allowed is expected else compare(allowed, actual, tolerated)


def _steps(case: Case, outcome: Outcome, how: _How) -> Verdict:
    """Judge each step of a pipeline that returned.

    The verdict is that on the first step that differs. If none differs, it is that on how the pipeline ended. If all
    steps are right, it has the headroom of the step that came nearest to failing.
    """
    ended = Verdict(status="passed") if isinstance(outcome, Returned) else _other(outcome)
    rooms, wrong = [], []
    try:
        for one in pipeline_steps.judged(case, dict(arrays_of(outcome))):
            found = _values(one.step.case, one.expected, Returned(arrays=one.actual), one.inputs, how)
            wrong += [_at(one.step, found)] if found.difference else []
            rooms += [found.headroom] if found.headroom else []
    except (InvalidCall, NotExact, NotSupported):
        if not wrong and isinstance(outcome, Returned):
            raise  # after a wrong step, a later one may have no right answer: the first wrong one is the verdict
    if wrong:
        return replace(wrong[0], later=(*wrong[1:], *([ended] if ended.difference else [])))
    if ended.status != "passed":
        return ended
    return replace(ended, headroom=max(rooms, key=lambda room: room.of_failing, default=None))


def _end(case: Case, expected: Arrays, outcome: Outcome) -> Verdict:
    """Judge a pipeline that was one call by what its last step returned. Its sums are exact."""
    if not isinstance(outcome, Returned):
        return _other(outcome)
    last, tensors = case.steps[-1], fill(case) | expected
    right = {output: expected[name] for output, name in last.returns.items()}
    actual = {output: outcome.arrays[name] for output, name in last.returns.items() if name in outcome.arrays}
    inputs = functools.partial(inputs_of, last, tensors)
    difference = _difference(last.case, inputs, right, actual, tolerance(last.case))[1]
    if difference is None:
        return Verdict(status="passed")
    name = last.returns.get(difference.output, "")
    summary = f"{name}{difference.summary.removeprefix(difference.output)}" if name else difference.summary
    same = actual.keys() == right.keys() and all(map(holds_reals, actual.values()))
    diagnosis = NEARLY if same and is_nearly(right, actual, tolerance(last.case)) else None
    whole = replace(difference, output=name, summary=summary)
    return Verdict(status="differing", difference=whole, diagnosis=diagnosis)


def _at(step: Step, found: Verdict) -> Verdict:
    """Turn a verdict on a step into one on its pipeline."""
    difference = found.difference
    assert difference is not None  # noqa: S101 - the caller has checked it
    output = step.returns.get(difference.output, step.name)
    summary = f"step {step.name} ({step.case.operator}): {difference.summary}"
    return replace(found, difference=replace(difference, summary=summary, output=output), step=step.name)


def _other(outcome: Outcome) -> Verdict:
    match outcome:
        case Raised(stage="preparing"):  # an adapter's own mistake must not pass as a known refusal
            return _differs("differing", outcome.told)
        case Raised():
            return _differs("raised", outcome.told)
        case Crashed():
            return _differs("crashed", outcome.told)
        case TimedOut():
            return _differs("timed out", outcome.told)
        case Unsupported(reason=reason):
            return Verdict(status="unsupported", reason=reason)
        case Returned():
            return Verdict(status="recorded")


def _differs(status: Status, summary: str) -> Verdict:
    return Verdict(status=status, difference=Difference(kind="outcome", summary=summary))
