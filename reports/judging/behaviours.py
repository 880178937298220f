"""What targets do with calls that are wrong, or have no right answer, as recorded for the pinned versions.

A behaviour is a line: what kind of end a call came to, at which stage, with which type of exception, or which shape it
returned. The wording of a message is no part of it, so that a framework may improve it without failing anything.

``reports/known/behaviours/<target>.yaml`` holds them, a line a case, so that a change reads well in a review. They are
written by ``python -m reports record RUN``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from adapters.outcome import Outcome, Returned
from reports.judging import known
from reports.judging.known import Known
from reports.recording.known_files import KnownError, read
from reports.recording.run import Run
from reports.recording.targets import adapter_of


class Recorded(BaseModel):
    """What one target did, in which versions: the ids' two halves -> the behaviour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: dict[str, str]
    behaviours: dict[str, dict[str, str]]

    def of(self, case_id: str) -> str | None:
        """The behaviour recorded for a case, if there is one."""
        file, _, name = case_id.partition("::")
        return self.behaviours.get(file, {}).get(name)

    @property
    def ids(self) -> list[str]:
        """The cases that have a line."""
        return [f"{file}::{name}" for file, lines in self.behaviours.items() for name in lines]

    @property
    def version(self) -> str:
        """The versions, for people."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items() if name != "numpy")


_RECORDED: TypeAdapter[Recorded] = TypeAdapter(Recorded)


def behaviour(outcome: Outcome) -> str:
    """Return an outcome as a line: what a wrong call did, without the wording of a message."""
    if isinstance(outcome, Returned):
        return f"accepted: {outcome.told}"
    return outcome.end.removeprefix("raised ")


def load_behaviours(folder: Path) -> dict[str, Recorded]:
    """Target -> what it did, from ``<target>.yaml`` in a folder.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return {path.stem: read(path, _RECORDED, {}) for path in sorted(folder.glob("*.yaml"))}


def text(run: Run, target: str, before: Recorded | None = None, existing: Iterable[str] = ()) -> str:
    """The file's text for one target of a run: every behaviour, in the order of ids; empty if it has none.

    Cases that the run didn't ask keep their lines from ``before``, as far as they are among those ``existing``.

    Raises:
        KnownError: if lines would be kept that were recorded in other versions.
    """
    answered = {case_id: record for (case_id, name), record in run.records.items() if name == target}
    lines = {
        case_id: behaviour(record.outcome) for case_id, record in answered.items() if not run.cases[case_id].has_answer
    }
    versions = run.header["targets"][target]["versions"]
    kept = {case_id: line for case_id in existing if case_id not in lines and before and (line := before.of(case_id))}
    if before and kept and before.versions != versions:
        msg = (
            f"{target}: {min(kept)} and more were recorded with {before.version}: run `pytest cases` whole, then record"
        )
        raise KnownError(msg)
    found: dict[str, dict[str, str]] = {}
    for case_id, line in sorted((lines | kept).items()):
        file, _, rest = case_id.partition("::")
        found.setdefault(file, {})[rest] = line
    facts: dict[str, Any] = {"versions": versions, "behaviours": found}
    head = f"# What {target} does with calls that are wrong or have no right answer: `python -m reports record RUN`.\n"
    return head + yaml.safe_dump(facts, sort_keys=False, width=10_000, allow_unicode=True) if found else ""


FOLDER: Final = Path(__file__).parents[1] / "known"
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

    def of(self, target: str) -> list[Known]:
        """The known differences of a target's adapter."""
        return self.differences.get(adapter_of(target), [])

    @property
    def digest(self) -> str:
        """A digest of all that is accepted: by another one, other verdicts are made."""
        known = {name: [entry.model_dump_json() for entry in entries] for name, entries in self.differences.items()}
        recorded = {name: kept.model_dump_json() for name, kept in self.behaviours.items()}
        return hashlib.blake2b(repr((known, recorded)).encode(), digest_size=8).hexdigest()


def load(folder: Path = FOLDER) -> Accepted:
    """Everything that is accepted, from ``reports/known``.

    Raises:
        KnownError: if a file is not what it should be.
    """
    return Accepted(differences=known.load(folder), behaviours=load_behaviours(folder / BEHAVIOURS))
