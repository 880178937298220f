"""A recorded run -> pandas tables. Nothing here depends on time or machine, but for what the frameworks themselves say.

Every table is made from one frame with a row for each case on each target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import pandas as pd

from adapters.pipeline import part
from adapters.program import CALL
from cases.case import OPERATORS, PIPELINE, Case
from reports.accepted import Accepted
from reports.behaviours import behaviour, concerns
from reports.compare import outputs
from reports.difference import Headroom
from reports.known import Known, find
from reports.messages import normal
from reports.run import Run
from reports.verdict import ORACLE, Verdict, is_judged, judge

STATUSES: Final = ("passed", "differing", "raised", "crashed", "timed out", "unsupported", "by processor")
"""What an answer comes to; the last where the processor decides, and a page is to be the same on every machine."""
HEADROOM: Final = tuple(field.name for field in fields(Headroom))
_OPERATORS: Final = (*OPERATORS, PIPELINE)
RECORDED: Final = "as recorded in reports/known/behaviours"
"""Why what a target did with a call that has no result is accepted, where no known difference says more."""


def results(run: Run, accepted: Accepted) -> pd.DataFrame:
    """One row for each judged answer: where it stands, its verdict, and the known difference that covers it."""
    rows = [
        _row(run, run.cases[case], target, accepted)
        for case, target in run.records
        if is_judged(run.cases[case], target)
    ]
    columns = [
        "case",
        "operator",
        "topic",
        "target",
        "status",
        "valid",
        "known",
        "kind",
        "diagnosis",
        "summary",
        "call",
        "dtype",
        "worst",
    ]
    return pd.DataFrame(rows, columns=[*columns, *HEADROOM])


def _row(run: Run, case: Case, target: str, accepted: Accepted) -> dict[str, Any]:
    verdict = judge(run, case, target)
    record = run.records[case.id, target]
    entry = known_difference(run, accepted, case.id, target, verdict)
    depends = (entry or verdict.difference is None) and is_by_processor(run, accepted, case.id, target)
    recorded = verdict.difference is not None and is_recorded(run, accepted, case, target)
    return {
        "case": case.id,
        "operator": case.operator,
        "topic": case.topic,
        "target": target,
        "status": STATUSES[-1] if depends else verdict.status,
        "valid": case.invalid is None and case.behaviour is None,
        "known": "" if depends else entry.reason if entry else RECORDED if recorded else "",
        "kind": verdict.difference.kind if verdict.difference else "",
        "diagnosis": verdict.diagnosis or "",
        "summary": normal(verdict.difference.summary if verdict.difference else verdict.reason),
        "call": "" if verdict.status == "passed" else call_line(run.call(record), verdict.step),
        "dtype": case.dtype,
        "worst": verdict.difference.worst if verdict.difference else 0.0,
        **{name: getattr(verdict.headroom, name) if verdict.headroom else None for name in HEADROOM},
    }


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
    return concerns(case) and wanted is not None and wanted == behaviour(run, run.records[case.id, target])


def version_of(run: Run, target: str) -> str:
    """The version of a target's framework: the distribution named like its adapter; 0 if it named none so."""
    versions: dict[str, str] = run.header["targets"][target]["versions"]
    return versions.get(target.partition("-")[0], "0")


def call_line(text: str, step: str = "") -> str:
    """The framework's call in a call's text, as one line; of a pipeline a step's, or the last one that was made."""
    lines = [line for line in (part(text, step) if step else text).splitlines() if line.startswith(CALL)]
    return (lines[-1] if lines else text.strip()).removeprefix(CALL)


def conformance(frame: pd.DataFrame, targets: Sequence[str]) -> pd.DataFrame:
    """Operator x target: how many valid cases have which status, of how many."""
    valid = frame[frame["valid"].astype(bool)]
    return _counted(valid, "operator", _present(valid), targets)


def topics(frame: pd.DataFrame, targets: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """For each operator, topic x target: how many valid cases have which status, of how many."""
    valid = frame[frame["valid"].astype(bool)]
    operators = ((operator, valid[valid["operator"] == operator]) for operator in _present(valid))
    return [(name, _counted(rows, "topic", sorted(rows["topic"].unique()), targets)) for name, rows in operators]


def _counted(frame: pd.DataFrame, field: str, index: Sequence[str], targets: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(index=pd.Index(index, name=field))
    groups = dict(iter(frame.groupby([field, "target"])["status"]))
    for target in targets:
        table[target] = [_count(groups.get((entry, target))) for entry in table.index]
    return table


def _present(frame: pd.DataFrame) -> list[str]:
    return [operator for operator in _OPERATORS if (frame["operator"] == operator).any()]


def _count(statuses: pd.Series[str] | None) -> str:
    if statuses is None:
        return "not asked"
    counts = Counter(statuses)
    if counts["passed"] == len(statuses):
        return f"all {len(statuses):,}"
    parts = [f"{counts['passed']:,} of {len(statuses):,}"]
    parts += [f"{counts[status]:,} {status}" for status in STATUSES[1:] if counts[status]]
    return ", ".join(parts)


def differences(frame: pd.DataFrame) -> pd.DataFrame:
    """The differing answers, grouped by what explains them, the largest and the new groups first.

    Recorded behaviours of calls that have no result are left to ``shape_errors``.
    """
    differs = frame["status"].isin(("differing", "raised", "crashed", "timed out"))
    wrong = frame[differs & (frame["known"] != RECORDED)]
    return wrong.sort_values(
        ["known", "operator", "target", "worst", "case"], ascending=[True, True, True, False, True]
    )


def agreement(run: Run, accepted: Accepted, targets: list[str]) -> pd.DataFrame:
    """Per operator: which targets returned the same bits, in how many exact cases; braces hold those that agree.

    Cases of which the processor decides what becomes on one of them are left out.
    """
    rows: Counter[tuple[str, str]] = Counter()
    for case in run.cases.values():
        depends = any(is_by_processor(run, accepted, case.id, target) for target in targets)
        if case.tier == "exact" and case.invalid is None and case.behaviour is None and not depends:
            rows[case.operator, _clusters(run, case, targets)] += 1
    ordered = sorted(rows.items(), key=lambda item: (_OPERATORS.index(item[0][0]), -item[1], item[0][1]))
    return pd.DataFrame(
        [(op, clusters, count) for (op, clusters), count in ordered], columns=["operator", "bits agree", "cases"]
    )


def _clusters(run: Run, case: Case, targets: list[str]) -> str:
    groups: dict[str, list[str]] = {}
    for target in targets:
        record = run.records.get((case.id, target))
        if record is None:
            continue
        bits = sorted((name, record.arrays[name]) for name in outputs(record.arrays))
        key = str(bits) if record.kind == "returned" else f"({record.kind})"
        groups.setdefault(key, []).append(target)
    return " ".join(f"{{{', '.join(group)}}}" for group in groups.values())


def targets_of(run: Run) -> list[str]:
    """The targets of a run, the oracle last: it is what the others are held against."""
    return sorted(run.header["targets"], key=lambda target: (target == ORACLE, target))
