"""Known differences: accepted, each with a reason and a link, and strict.

An entry says that every case that it matches differs, on every target that it matches, in exactly this way. A case that
does not is a failure: the difference has vanished or changed, and the entry must be removed or changed. An entry for an
exception names the exception by a regular expression, so that another fault can't hide behind the entry.

Where the data alone decide which cases show the difference, ``shown_by: some`` demands at least one such case. Where
the processor decides, ``some processors`` demands none. If such an entry does not explain a case, a later entry may.
An entry that explains nothing is stale.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from reports.judging.compare import Difference, Kind
from reports.recording.known_files import Specifier, contains, read


def _expression(text: str) -> str:
    try:
        found_in_nothing = re.search(text, "", re.DOTALL)
    except re.error as error:
        msg = f"{text!r} is no regular expression: {error}"
        raise ValueError(msg) from None
    if found_in_nothing:
        msg = f"{text!r} is found in every message; give the exception's type and some words of its message"
        raise ValueError(msg)
    return text


class Known(BaseModel):
    """One accepted difference."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: list[str] = Field(min_length=1, description="Globs over case ids.")
    targets: str = Field(description="Glob over targets.")
    versions: Specifier = Field(description="Versions of the framework.")
    kind: Kind
    status: Literal["differing", "raised", "crashed", "timed out"] = Field(
        "differing", description="The verdict's status; an invalid call that a target accepts is differing."
    )
    message: Annotated[str, AfterValidator(_expression)] | None = Field(
        None, description="A regular expression searched for in `Type: message`; a dot matches any character."
    )
    diagnosis: str | None = Field(None, description="Glob that one diagnosis of each difference must match.")
    shown_by: Literal["all", "some", "some processors"] = "all"
    varies: Annotated[bool, Field(description="True if repeats may return other bits, as unwritten memory.")] = False
    reason: str = Field(min_length=10)
    link: str = Field(pattern=r"^(https://\S+|not reported yet|document: .+)$")

    @model_validator(mode="after")
    def _says_what_was_raised(self) -> Self:
        """Demand a message of every entry for an exception, and of no other entry.

        Without a message the entry would accept any exception.
        """
        if (self.status == "raised") != (self.message is not None):
            msg = "an entry has a message if its status is raised, and only then"
            raise ValueError(msg)
        return self

    def concerns(self, target: str, version: str) -> bool:
        """Tell whether the entry is about a target in this version."""
        return fnmatchcase(target, self.targets) and contains(self.versions, version)

    def matches(self, case_id: str) -> bool:
        """Tell whether the entry is about a case."""
        return any(fnmatchcase(case_id, glob) for glob in self.cases)

    def covers(self, case_id: str, target: str, version: str) -> bool:
        """Tell whether the entry is about this case on this target."""
        return self.concerns(target, version) and self.matches(case_id)

    def accepts(self, difference: Difference | None, diagnosis: str | None) -> bool:
        """Tell whether the entry accepts a difference with this diagnosis."""
        return (
            difference is not None
            and difference.kind == self.kind
            and (self.message is None or self._finds(difference.summary))
            and (self.diagnosis is None or self._names(diagnosis or ""))
        )

    def _names(self, diagnosis: str) -> bool:
        return any(fnmatchcase(name, self.diagnosis or "") for name in diagnosis.split(" or "))

    def _finds(self, summary: str) -> bool:
        return re.search(self.message or "", summary.removeprefix("raised "), re.DOTALL) is not None


def load(folder: Path) -> dict[str, list[Known]]:
    """Return the entries by adapter name, from the files ``<adapter>.yaml`` of a folder.

    Raises:
        KnownError: if a file is invalid.
    """
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


_ENTRIES: TypeAdapter[list[Known]] = TypeAdapter(list[Known])


def _load(path: Path) -> list[Known]:
    return read(path, _ENTRIES, [], "entry ")
