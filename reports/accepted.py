"""What is accepted: known differences of results, and recorded behaviours of calls that have none."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reports import behaviours, known
from reports.behaviours import Recorded
from reports.known import Known

FOLDER: Final = Path(__file__).parent / "known"
BEHAVIOURS: Final = "behaviours"
"""The folder below for what targets do with calls that have no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Known differences by adapter, recorded behaviours by target."""

    differences: dict[str, list[Known]] = field(default_factory=dict)
    behaviours: dict[str, Recorded] = field(default_factory=dict)

    def behaviour(self, case_id: str, target: str) -> str | None:
        """What a target did with a case when it was recorded; None if it never was."""
        recorded = self.behaviours.get(target)
        return None if recorded is None else recorded.of(case_id)


def load(folder: Path = FOLDER) -> Accepted:
    """Everything that is accepted, from ``reports/known``.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return Accepted(differences=known.load(folder), behaviours=behaviours.load(folder / BEHAVIOURS))
