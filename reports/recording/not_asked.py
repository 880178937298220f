"""Calls that a framework does not survive. They are not made, and the run records the reason.

A call that ends its process costs one answer. A call that corrupts its process may make later answers wrong, so it
must not be made at all. The files of ``reports/known/not_asked`` describe these calls by conditions over a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cases.loading.claims import Condition, meets
from cases.loading.properties import calls
from cases.model.case import Case
from reports.recording.known_files import Specifier, contains, read_written

FOLDER: Final = Path(__file__).parents[1] / "known" / "not_asked"


class NotAsked(BaseModel):
    """An entry: the calls that a target is not asked, and the reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: tuple[str, ...] = Field(min_length=1, description="Globs over targets.")
    versions: Specifier = Field(description="Versions of the framework.")
    where: Condition = Field(description="True of a case, or of a step of a pipeline, that is not asked.")
    reason: str = Field(min_length=10)
    link: str = Field(pattern=r"^(https://\S+|not reported yet)$")

    def speaks_of(self, case: Case, target: str, version: str) -> bool:
        """Tell whether the entry forbids a case on a target in a version of its framework."""
        if not any(fnmatchcase(target, glob) for glob in self.targets) or not contains(self.versions, version):
            return False
        return any(meets(call, self.where) is True for call in calls(case).values())


_ENTRIES: TypeAdapter[list[NotAsked]] = TypeAdapter(list[NotAsked])


def load(folder: Path = FOLDER) -> list[NotAsked]:
    """Read the entries of all files of a folder.

    Raises:
        KnownError: if a file is invalid.
    """
    return [entry for path in sorted(folder.glob("*.yaml")) for entry in read_written(path, _ENTRIES, [], "entry")]


def why(entries: Iterable[NotAsked], case: Case, target: str, version: str) -> str:
    """Return the reason why a target is not asked a case; "" if it is asked."""
    found = next((entry for entry in entries if entry.speaks_of(case, target, version)), None)
    return f"not asked: {found.reason} ({found.link})" if found else ""
