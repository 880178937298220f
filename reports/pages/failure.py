"""The message of a failing item: the call, both arrays small enough to read, the diagnosis and a program to paste."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.outcome import Returned, arrays_of
from cases.model.case import Case
from reports.judging.compare import Arrays
from reports.judging.expectation import expectation, step_expectation, wanted
from reports.judging.verdict import Verdict
from reports.pages import determinism
from reports.pages.reproducer import program, small
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.targets import adapter_of, like


def explain(run: Run, case: Case, target: str, verdict: Verdict) -> str:
    """Return the message about an answer that fails."""
    if verdict.others and verdict.follows == "new":
        return determinism.explain(run, case, target)
    if verdict.follows == "vanished":
        return (
            f"{case.id}[{target}]: {verdict.note}\n"
            f"Narrow or remove the fact in reports/known/{adapter_of(target)}.yaml, or in your own file."
        )
    if not case.has_answer and verdict.note and verdict.fact is None:
        return _departure(run, case, target, verdict)
    changed = f"{verdict.note}\n\n" if verdict.follows == "changed" else ""
    return changed + _difference(run, case, target, verdict)


def _departure(run: Run, case: Case, target: str, verdict: Verdict) -> str:
    """Return the message about a call without a right answer that ended otherwise than recorded."""
    record, known = run.records[case.id, target], like(run, target)
    advice = f"if that is right: python -m reports record {run.path}, and commit the change"
    if known != target:
        advice = f"nothing can accept it: {target} has to do what {known} does"
    return f"{verdict.note}\n{advice}\nto reproduce, paste into an interpreter:\n{program(case, run.call(record))}"


def _difference(run: Run, case: Case, target: str, verdict: Verdict) -> str:
    record = run.records[case.id, target]
    parts = [
        verdict.summary,
        f"call: {call_line(run.call(record), verdict.step)}",
        f"diagnosis: {verdict.diagnosis or 'none of the known transforms explains it'}",
        *(": ".join(filter(None, (f"and {later.summary}", later.diagnosis))) for later in verdict.later),
    ]
    if isinstance(record.outcome, Returned) or verdict.step:
        parts += _arrays(run, case, dict(arrays_of(record.outcome)), verdict.step)
    source = program(case, run.call(record), wanted(run, case, target, verdict))
    return "\n".join([*parts, "to reproduce, paste into an interpreter:", source])


def _arrays(run: Run, case: Case, arrays: Arrays, step: str) -> Iterator[str]:
    """Yield the expected and the actual arrays as texts; for a pipeline, the tensors of the step that differs."""
    expected: Arrays = {}
    if step:
        expected = step_expectation(case, arrays, step)
        arrays = {name: arrays[name] for name in expected}
    elif not case.invalid:
        expected = expectation(run, case)
    for name, array in arrays.items():
        if name in expected:
            yield f"expected {name}:\n{small(expected[name])}"
        yield f"actual {name}:\n{small(array)}"
