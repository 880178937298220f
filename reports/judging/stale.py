"""Stale entries: known differences and recorded behaviours that accept nothing any more."""

from __future__ import annotations

from reports.judging.behaviours import Accepted
from reports.judging.judge import judge
from reports.judging.known import Known
from reports.recording.run import Run
from reports.recording.sampling import is_asked_all
from reports.recording.targets import ORACLE, version_of


def entries(run: Run, accepted: Accepted, *, whole: bool) -> list[str]:
    """Return a line for each entry that is about a target that ran and explains none of its answers.

    An entry is not judged if none of its cases were selected. Only a ``whole`` run can show that a case does not exist.
    """
    gone = _gone(run, accepted) if whole and _asked_all(run) else []
    return gone + [
        f"stale: an entry of reports/known/{adapter}.yaml explains nothing here; remove or correct it: {entry.reason}"
        for adapter, known in accepted.differences.items()
        for entry in known
        if _is_stale(run, entry, whole=whole)
    ]


def _asked_all(run: Run) -> bool:
    """Tell whether at least one target is asked every case: where all have limits, some cases are not asked at all."""
    return any(target != ORACLE and is_asked_all(facts) for target, facts in run.header["targets"].items())


def _gone(run: Run, accepted: Accepted) -> list[str]:
    """Return a line for each target that has recorded behaviours of cases that no longer exist."""
    files = {name: kept for name, kept in accepted.behaviours.items() if name in run.header["targets"]}
    lost = {name: [case for case in kept.ids if case not in run.cases] for name, kept in files.items()}
    return [
        f"stale: reports/known/behaviours/{name}.yaml has lines of cases that no longer exist ({len(cases)}, such as "
        f"{cases[0]}); to remove them: python -m reports record {run.path}"
        for name, cases in lost.items()
        if cases
    ]


def _is_stale(run: Run, entry: Known, *, whole: bool) -> bool:
    targets = [target for target in run.header["targets"] if entry.concerns(target, version_of(run, target))]
    whole = whole and any(is_asked_all(run.header["targets"][target]) for target in targets)
    covered = [(case, target) for case, target in run.records if target in targets and entry.matches(case)]
    verdicts = (judge(run, run.cases[case], target) for case, target in covered)
    explains = any(verdict.follows == "known" and verdict.entry is entry for verdict in verdicts)
    expected = bool(targets) and entry.shown_by != "some processors"
    return expected and (whole or bool(covered)) and not explains
