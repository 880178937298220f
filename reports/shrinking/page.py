"""A smallest call, as text for people and as a case file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from cases.drawing.smaller import Fields
from cases.drawing.text import case_file
from reports.pages.failure import explain
from reports.shrinking.search import Witness

_SOURCE: Final = "document: a call that was made smaller, not taken from a text"


def told(witness: Witness) -> str:
    """Return the call, what was expected, what came back, the diagnosis and a program."""
    finding = witness.finding
    answers = "one answer" if finding.count == 1 else f"{finding.count:,} answers"
    what = f"known: {finding.fact}" if finding.fact else "new"
    head = f"{finding.target}, {answers} ({what}), first seen in {finding.case.id}"
    steps = [step.name for step in witness.case.steps]
    head += f", of whose {len(finding.case.steps)} steps these are enough: {', '.join(steps)}" if steps else ""
    return f"{head}\n{explain(witness.run, witness.case, finding.target, witness.verdict)}"


def _with_own_reason(fields: Fields) -> Fields:
    """Return the fields without the reason of the larger call, which may speak of sizes that are others now."""
    if "invalid" not in fields:
        return fields
    rule = fields["invalid"]["rule"]
    return fields | {"invalid": {"rule": rule, "reason": f"it breaks the rule {rule} as the larger call does"}}


def write(witnesses: Sequence[Witness], folder: Path, about: Iterable[str]) -> list[Path]:
    """Write a case file for each operator, and return the paths. A pipeline is shown by its program alone."""
    lines = list(about)
    folder.mkdir(parents=True, exist_ok=True)
    by_operator: dict[str, list[Witness]] = {}
    for witness in witnesses:
        if not witness.fields:
            continue
        by_operator.setdefault(witness.case.operator, []).append(witness)
    paths = []
    for operator, several in by_operator.items():
        paths.append(folder / f"{operator}.yaml")
        entries = [{"name": witness.case.name, **_with_own_reason(witness.fields)} for witness in several]
        paths[-1].write_text(case_file(operator, lines, _SOURCE, entries), encoding="utf-8")
    return paths
