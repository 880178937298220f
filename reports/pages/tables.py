"""A recorded run -> pandas tables. Nothing here depends on time or machine, but for what the frameworks themselves say.

Every table is made from one frame with a row for each case on each target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import pandas as pd

from cases.model.case import OPERATORS, PIPELINE, Case
from reports.judging.acceptance import RECORDED, is_by_processor, is_recorded, known_difference
from reports.judging.behaviours import Accepted
from reports.judging.compare import Headroom, outputs
from reports.judging.verdict import is_judged, judge
from reports.recording.messages import normal
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.targets import ORACLE

STATUSES: Final = ("passed", "differing", "raised", "crashed", "timed out", "unsupported", "by processor")
"""What an answer comes to; the last where the processor decides, and a page is to be the same on every machine."""
HEADROOM: Final = tuple(field.name for field in fields(Headroom))
_OPERATORS: Final = (*OPERATORS, PIPELINE)


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
        "valid": case.has_answer,
        "known": "" if depends else entry.reason if entry else RECORDED if recorded else "",
        "kind": verdict.difference.kind if verdict.difference else "",
        "diagnosis": verdict.diagnosis or "",
        "summary": normal(verdict.difference.summary if verdict.difference else verdict.reason),
        "call": "" if verdict.status == "passed" else call_line(run.call(record), verdict.step),
        "dtype": case.dtype,
        "worst": verdict.difference.worst if verdict.difference else 0.0,
        **{name: getattr(verdict.headroom, name) if verdict.headroom else None for name in HEADROOM},
    }


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
        if case.tier == "exact" and case.has_answer and not depends:
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
