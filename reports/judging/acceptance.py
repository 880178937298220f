"""Whether what a target did is accepted: as a known difference, or as a recorded behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cases.model.case import Case
from reports.judging.behaviours import Accepted, behaviour
from reports.judging.known import Known, find
from reports.judging.verdict import Verdict
from reports.recording.run import Run

RECORDED: Final = "as recorded in reports/known/behaviours"
"""Why what a target did with a call that has no result is accepted, where no known difference says more."""


def known_difference(run: Run, accepted: Accepted, case: str, target: str, verdict: Verdict) -> Known | None:
    """The entry that accepts a verdict's difference, if there is one; those of later steps need one each as well."""
    entry = find_known(run, accepted, case, target, verdict)
    if entry is None or not entry.explains(verdict):
        return None
    version, known = version_of(run, target), _entries(accepted, target)
    explained = all(
        any(other.covers(case, target, version) and other.explains(later) for other in known) for later in verdict.later
    )
    return entry if explained else None


def find_known(run: Run, accepted: Accepted, case: str, target: str, verdict: Verdict) -> Known | None:
    """The entry that speaks of a case on a target, in the version that ran."""
    return find(_entries(accepted, target), case, target, version_of(run, target), verdict)


def _entries(accepted: Accepted, target: str) -> Sequence[Known]:
    """The known differences of a target's adapter."""
    return accepted.differences.get(target.partition("-")[0], ())


def is_by_processor(run: Run, accepted: Accepted, case: str, target: str) -> bool:
    """Whether a known difference says that the processor decides what a target makes of a case."""
    version, known = version_of(run, target), _entries(accepted, target)
    return any(entry.shown_by == "some processors" and entry.covers(case, target, version) for entry in known)


def varies(run: Run, accepted: Accepted, case: str, target: str) -> bool:
    """Whether a known difference says that a target returns other bits at each call of a case."""
    version, known = version_of(run, target), _entries(accepted, target)
    return any(entry.varies and entry.covers(case, target, version) for entry in known)


def is_recorded(run: Run, accepted: Accepted, case: Case, target: str) -> bool:
    """Whether a target did what is recorded of it with a call that has no result."""
    wanted = accepted.behaviour(case.id, target)
    return not case.has_answer and wanted is not None and wanted == behaviour(run, run.records[case.id, target])


def version_of(run: Run, target: str) -> str:
    """The version of a target's framework: the distribution named like its adapter; 0 if it named none so."""
    versions: dict[str, str] = run.header["targets"][target]["versions"]
    return versions.get(target.partition("-")[0], "0")
