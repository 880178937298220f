"""What the page of claims says: the table of all, and a section for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from cases.claims import Undecidable
from reports import claims
from reports.claims import Finding
from reports.evidence import evidence
from reports.run import Run

_SIDES: Final = (("Bears it out", True), ("Refutes it", False))


def review(run: Run, found: Sequence[Finding], undecidable: Sequence[Undecidable]) -> dict[str, Any]:
    """The parts of the page that ``found`` makes, by the names that its template has for them."""
    parts = [several for _, several in claims.by_claim(found)]
    table = claims.table(found)
    table["claim"] = [f"[{name}](#{name})" for name in table["claim"]]
    return {
        "total": len(parts),
        "counts": Counter(claims.overall(several) for several in parts),
        "table": table,
        "claims": [_section(run, several) for several in parts],
        "undecidable": undecidable,
    }


def _section(run: Run, found: Sequence[Finding]) -> dict[str, Any]:
    """One claim: the verdicts, and an answer on either side as far as there is one."""
    claim = found[0].claim
    sides = {title: evidence(run, found, supports=supports) for title, supports in _SIDES}
    return {
        **claim.model_dump(include={"name", "statement", "at", "refuted_by"}),
        "instead": "" if claims.overall(found) == "holds" else claim.instead,
        "verdicts": claims.verdicts(found),
        "evidence": {title: answer for title, answer in sides.items() if answer},
    }
