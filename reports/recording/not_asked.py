"""Calls that a framework does not survive: they are not made, and a run says so, with the reason.

A call that ends its process costs one answer. A call that corrupts its process may make later answers wrong, so it
can't be made at all. The files of ``reports/known/not_asked`` say which calls these are, by conditions over a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cases.loading.claims import Condition, meets
from cases.model.case import Case
from reports.recording.known_files import Specifier, contains, read

FOLDER: Final = Path(__file__).parents[1] / "known" / "not_asked"


class NotAsked(BaseModel):
    """Calls that a target is not asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: str = Field(description="Glob over targets.")
    versions: Specifier = Field(description="Versions of the framework.")
    where: Condition = Field(description="True of a case, or of a step of a pipeline, that is not asked.")
    reason: str = Field(min_length=10)
    link: str = Field(pattern=r"^(https://\S+|not reported yet)$")

    def speaks_of(self, case: Case, target: str, version: str) -> bool:
        """Tell whether a case is not asked of a target in a version of its framework."""
        if not fnmatchcase(target, self.targets) or not contains(self.versions, version):
            return False
        return any(meets(call, self.where) is True for call in ([step.case for step in case.steps] or [case]))


_ENTRIES: TypeAdapter[list[NotAsked]] = TypeAdapter(list[NotAsked])


def load(folder: Path = FOLDER) -> list[NotAsked]:
    """Read the entries of all files of a folder.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return [entry for path in sorted(folder.glob("*.yaml")) for entry in read(path, _ENTRIES, [], "entry ")]


def why(entries: Iterable[NotAsked], case: Case, target: str, version: str) -> str:
    """Return why a target is not asked a case; nothing if it is asked."""
    found = next((entry for entry in entries if entry.speaks_of(case, target, version)), None)
    return f"not asked: {found.reason} ({found.link})" if found else ""
