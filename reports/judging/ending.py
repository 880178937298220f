"""What happened to a call, in the words of a fact. Answers that ended alike are one finding."""

from __future__ import annotations

import re
from typing import Any, Final

from adapters.outcome import Raised
from cases.model.case import Case
from reports.judging.verdict import Verdict
from reports.recording.messages import normal
from reports.recording.run import Run

MOST_WORDS: Final = 70
"""The most characters of a message that count."""


def ending(run: Run, case: Case, target: str, verdict: Verdict) -> dict[str, Any]:
    """Return what happened in the words of a fact, without the numbers of this call."""
    outcome, difference = run.records[case.id, target].outcome, verdict.difference
    if isinstance(outcome, Raised):
        words = re.split(r"[^A-Za-z_' -]+", normal(outcome.message))
        longest = max(words, key=len)[:MOST_WORDS].strip()
        return {"raises": f"{re.escape(outcome.type)}: .*{re.escape(longest)}".replace(r"\ ", " ")}
    if verdict.status in {"crashed", "timed out"}:
        return {"ends": verdict.status}
    if case.invalid is not None or difference is None:
        return {"accepts": True}
    diagnosis = re.sub(r"-?\d+( x -?\d+)*", "*", (verdict.diagnosis or "").split(" or ")[0])
    what = {"diagnosis": diagnosis} if diagnosis else {"output": difference.output} if difference.output else {}
    return {"differs": difference.kind, **what}
