"""Known differences that accept nothing any more."""

from __future__ import annotations

from reports.known import Known
from reports.session import Session
from reports.tables import known_difference
from reports.verdict import judge


def entries(session: Session) -> list[str]:
    """A line for each entry that covers answers of this run and explains none, or covers none of a whole target's run.

    An entry for a framework or version that didn't run says nothing, and neither does one for cases not selected.
    """
    return [
        f"stale: an entry of reports/known/{adapter}.yaml explains nothing here; remove or mend it: {entry.reason}"
        for adapter, known in session.knowns.items()
        for entry in known
        if _is_stale(session, adapter, entry)
    ]


def _is_stale(session: Session, adapter: str, entry: Known) -> bool:
    run = session.run
    if run is None:
        return False
    covered = [
        (case, target)
        for case, target in run.records
        if target.partition("-")[0] == adapter
        and entry.covers(case, target, run.header["targets"][target]["versions"].get(adapter, "0"))
    ]
    verdicts = ((case, target, judge(run, run.cases[case], target)) for case, target in covered)
    return bool(covered) and not any(known_difference(run, session.knowns, *answer) for answer in verdicts)
