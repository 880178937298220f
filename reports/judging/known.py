"""Known differences: accepted, each with a reason and a link, and strict.

An entry says that every case it matches differs, on every target it matches, in just this way. One that doesn't is a
failure: the difference has vanished or changed, and the entry must go or change. An entry for exceptions says by a
regular expression which one, so that another fault can't hide behind it. Where only the data decide which
cases show it, ``shown_by: some`` asks for at least one, and where the processor decides, ``some processors`` for none;
where such an entry doesn't explain a case, a later one may. An entry that matches nothing is stale.
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
        msg = f"{text!r} is found in every message; say the exception's type and its telling words"
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
        "differing", description="What the target did; an invalid call that is accepted is differing."
    )
    message: Annotated[str, AfterValidator(_expression)] | None = Field(
        None, description="A regular expression found in `Type: message` of what was raised; a dot is any character."
    )
    diagnosis: str | None = Field(None, description="Glob over the diagnoses of which each difference must have one.")
    shown_by: Literal["all", "some", "some processors"] = "all"
    varies: Annotated[bool, Field(description="Whether calls may return other bits: unwritten memory.")] = False
    reason: str = Field(min_length=10)
    link: str = Field(pattern=r"^(https://\S+|not reported yet|document: .+)$")

    @model_validator(mode="after")
    def _says_what_was_raised(self) -> Self:
        """Else another exception than the one that was accepted would pass for it."""
        if (self.status == "raised") != (self.message is not None):
            msg = "an entry has a message if its status is raised, and only then"
            raise ValueError(msg)
        return self

    def concerns(self, target: str, version: str) -> bool:
        """Whether the entry speaks of a target in this version."""
        return fnmatchcase(target, self.targets) and contains(self.versions, version)

    def matches(self, case_id: str) -> bool:
        """Whether the entry speaks of a case."""
        return any(fnmatchcase(case_id, glob) for glob in self.cases)

    def covers(self, case_id: str, target: str, version: str) -> bool:
        """Whether the entry speaks of this case on this target."""
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
    """Adapter name -> its entries, from ``<adapter>.yaml`` in a folder.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


_ENTRIES: TypeAdapter[list[Known]] = TypeAdapter(list[Known])


def _load(path: Path) -> list[Known]:
    return read(path, _ENTRIES, [], "entry ")
