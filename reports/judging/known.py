"""Known differences: accepted, each with a reason and a link, and strict.

An entry says that every case it matches differs, on every target it matches, in just this way. One that doesn't is a
failure: the difference has vanished or changed, and the entry must go or change. An entry for exceptions says by a
regular expression which one, so that another fault can't hide behind it. Where only the data decide which
cases show it, ``shown_by: some`` asks for at least one, and where the processor decides, ``some processors`` for none;
where such an entry doesn't explain a case, a later one may. An entry that matches nothing is stale.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from reports.judging.compare import Kind
from reports.judging.verdict import Verdict

_Shape = TypeVar("_Shape")


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        msg = f"{text!r} is no version specifier such as '>=2.13,<2.14'"
        raise ValueError(msg) from None
    return text


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


@functools.cache
def _contains(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


class Known(BaseModel):
    """One accepted difference."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: list[str] = Field(min_length=1, description="Globs over case ids.")
    targets: str = Field(description="Glob over targets.")
    versions: Annotated[str, AfterValidator(_specifier)] = Field(description="Versions of the framework.")
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
        return fnmatchcase(target, self.targets) and _contains(self.versions, version)

    def matches(self, case_id: str) -> bool:
        """Whether the entry speaks of a case."""
        return any(fnmatchcase(case_id, glob) for glob in self.cases)

    def covers(self, case_id: str, target: str, version: str) -> bool:
        """Whether the entry speaks of this case on this target."""
        return self.concerns(target, version) and self.matches(case_id)

    def explains(self, verdict: Verdict) -> bool:
        """Whether a verdict is the difference that the entry accepts."""
        return (
            verdict.difference is not None
            and verdict.difference.kind == self.kind
            and verdict.status == self.status
            and (self.message is None or self._finds(verdict.difference.summary))
            and (self.diagnosis is None or self._names(verdict.diagnosis or ""))
        )

    def _names(self, diagnosis: str) -> bool:
        return any(fnmatchcase(name, self.diagnosis or "") for name in diagnosis.split(" or "))

    def _finds(self, summary: str) -> bool:
        return re.search(self.message or "", summary.removeprefix("raised "), re.DOTALL) is not None


class KnownError(Exception):
    """A file of known differences that can't be used: one line a fault."""


def load(folder: Path) -> dict[str, list[Known]]:
    """Adapter name -> its entries, from ``<adapter>.yaml`` in a folder.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


_ENTRIES: TypeAdapter[list[Known]] = TypeAdapter(list[Known])


def _load(path: Path) -> list[Known]:
    return read(path, _ENTRIES, [], "entry ")


def read(path: Path, shape: TypeAdapter[_Shape], empty: object, part: str = "") -> _Shape:
    """What a YAML file holds, in the ``shape`` that it must have; an ``empty`` file holds that.

    Raises:
        KnownError: if it is not what it should be; ``part`` stands before the place of each fault.
    """
    try:
        return shape.validate_python(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or empty)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text: {error}"
        raise KnownError(msg) from None
    except yaml.YAMLError as error:
        msg = f"{path}: not YAML: {' '.join(str(error).split())}"
        raise KnownError(msg) from None
    except ValidationError as error:
        lines = (f"{path}: {part}{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise KnownError("\n".join(lines)) from None


def find(entries: Iterable[Known], case_id: str, target: str, version: str, verdict: Verdict) -> Known | None:
    """The first entry that speaks of a case on a target; one that only some cases show lets a later one explain it."""
    covering = [entry for entry in entries if entry.covers(case_id, target, version)]
    decisive = (entry for entry in covering if entry.shown_by == "all" or entry.explains(verdict))
    return next(decisive, covering[0] if covering else None)
