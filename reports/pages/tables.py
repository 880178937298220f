"""The pandas tables of a recorded run that are written as CSV, and those that no module of one page makes.

Nothing here depends on the time or the machine, apart from what the frameworks themselves answer. Every table but the
one of agreement is made from one frame with a row for each judged answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import pandas as pd

from adapters.outcome import Returned
from cases.model.case import OPERATORS, PIPELINE, Case
from reports.judging.compare import Headroom, outputs
from reports.judging.judge import judge, judged
from reports.judging.verdict import FAILING, RECORDED, Verdict
from reports.recording.messages import normal
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.targets import ORACLE

BY_PROCESSOR: Final = "by processor"
"""The text that pages show instead of a status where the processor decides, so that all machines give the same page."""
VARYING: Final = "varying"
"""The text that pages show instead of a status where unwritten memory decides, which may hold the right answer."""
STATUSES: Final = (
    *("passed", "differing", "raised", "crashed", "timed out", "unsupported", "not asked", "unjudged"),
    *(BY_PROCESSOR, VARYING),
)
"""The statuses that a page can show, in the order in which they are counted."""
HEADROOM: Final = tuple(field.name for field in fields(Headroom))
COLUMNS: Final = (
    *("case", "operator", "topic", "target", "status", "follows", "valid", "known", "kind", "diagnosis"),
    *("summary", "call", "dtype", "worst"),
)
_OPERATORS: Final = (*OPERATORS, PIPELINE)


def results(run: Run) -> pd.DataFrame:
    """Return one row for each judged answer: its case, its target and its verdict."""
    rows = [_row(run, case, target, verdict) for case, target, verdict in judged(run)]
    return pd.DataFrame(rows, columns=[*COLUMNS, *HEADROOM])


def _row(run: Run, case: Case, target: str, verdict: Verdict) -> dict[str, Any]:
    decides = BY_PROCESSOR if verdict.by_processor else VARYING if verdict.may_vary else ""
    depends = decides and not verdict.fails and (verdict.fact or verdict.difference is None)
    return {
        "case": case.id,
        "operator": case.operator,
        "topic": case.topic,
        "target": target,
        "status": decides if depends else verdict.status,
        "follows": verdict.follows,
        "valid": case.has_answer,
        "known": "" if depends else verdict.accepted,
        "kind": verdict.difference.kind if verdict.difference else "",
        "diagnosis": verdict.diagnosis or "",
        "summary": normal(_summary(verdict)),
        "call": _call(run, case, target, verdict),
        "dtype": case.dtype,
        "worst": verdict.difference.worst if verdict.difference else 0.0,
        **{name: getattr(verdict.headroom, name) if verdict.headroom else None for name in HEADROOM},
    }


def _summary(verdict: Verdict) -> str:
    """Return the summary of an answer; for an answer that fails, with the cause."""
    why = f"{verdict.note}: " if verdict.fails and verdict.note and verdict.note != verdict.summary else ""
    return f"{why}{verdict.summary}"


def _call(run: Run, case: Case, target: str, verdict: Verdict) -> str:
    """Return the framework's call as a line; "" for an answer that passed or a call that was not made."""
    record = run.records.get((case.id, target))
    if record is None or (verdict.status == "passed" and not verdict.fails):
        return ""
    return call_line(run.call(record), verdict.step)


def conformance(frame: pd.DataFrame, targets: Sequence[str]) -> pd.DataFrame:
    """Return operator x target: how many valid cases have which status, and how many there are."""
    valid = frame[frame["valid"].astype(bool)]
    return _counted(valid, "operator", _present(valid), targets)


def topics(frame: pd.DataFrame, targets: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return for each operator topic x target: how many valid cases have which status, and how many there are."""
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
    """Return the differing answers, sorted by the fact that explains them. New ones come first.

    Of one operator and target the largest errors come first. Recorded behaviours of calls without a right answer are
    left to ``shape_errors``. Every answer that fails is here.
    """
    differs = frame["status"].isin(("differing", "raised", "crashed", "timed out"))
    wrong = frame[(differs & (frame["known"] != RECORDED)) | frame["follows"].isin(FAILING)]
    return wrong.sort_values(
        ["known", "operator", "target", "worst", "case"], ascending=[True, True, True, False, True]
    )


def agreement(run: Run, targets: list[str]) -> pd.DataFrame:
    """Return for each operator which targets returned the same bits, and in how many exact cases.

    Braces hold the targets that agree. A case is left out if not all targets were asked it, or if the processor or
    unwritten memory decides its answer on one of them.
    """
    rows: Counter[tuple[str, str]] = Counter()
    for case in run.cases.values():
        whole = all((case.id, target) in run.records for target in targets)
        if case.tier == "exact" and case.has_answer and whole and not _depends(run, case, targets):
            rows[case.operator, _clusters(run, case, targets)] += 1
    ordered = sorted(rows.items(), key=lambda item: (_OPERATORS.index(item[0][0]), -item[1], item[0][1]))
    return pd.DataFrame(
        [(op, clusters, count) for (op, clusters), count in ordered], columns=["operator", "bits agree", "cases"]
    )


def _depends(run: Run, case: Case, targets: list[str]) -> bool:
    """Tell whether the processor or unwritten memory decides the answer to a case on one of the targets."""
    found = (judge(run, case, target) for target in targets if target != ORACLE)
    return any(verdict.by_processor or verdict.may_vary for verdict in found)


def _clusters(run: Run, case: Case, targets: list[str]) -> str:
    groups: dict[str, list[str]] = {}
    for target in targets:
        record = run.records[case.id, target]
        bits = sorted((name, record.digests[name]) for name in outputs(record.digests))
        key = str(bits) if isinstance(record.outcome, Returned) else f"({record.outcome.kind})"
        groups.setdefault(key, []).append(target)
    return " ".join(f"{{{', '.join(group)}}}" for group in groups.values())


def targets_of(run: Run) -> list[str]:
    """Return the targets of a run. The oracle is last, because the others are compared with it."""
    return sorted(run.header["targets"], key=lambda target: (target == ORACLE, target))
