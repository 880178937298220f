"""Recorded behaviours: what targets of the pinned versions do with calls that are wrong or have no right answer.

A behaviour is a line that says how a call ended: at which stage and with which type of exception, or with which shape.
The wording of a message is no part of it, so that a framework may improve the wording and no test fails.

``python -m reports record RUN`` writes ``reports/known/behaviours/<target>.yaml``. Each case has a line there, so that
a change is easy to review.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapters.outcome import Outcome, Returned
from cases.model.case import Case, split_id
from reports.judging import facts
from reports.judging.facts import Fact
from reports.recording.known_files import KnownError, read
from reports.recording.run import OWN, Run
from reports.recording.targets import adapter_of


class Recorded(BaseModel):
    """The behaviours of one target and the versions in which it showed them: file -> name of the case -> behaviour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: dict[str, str]
    behaviours: dict[str, dict[str, str]]

    def of(self, case_id: str) -> str | None:
        """Return the behaviour recorded for a case; None if there is none."""
        file, name = split_id(case_id)
        return self.behaviours.get(file, {}).get(name)

    @property
    def ids(self) -> list[str]:
        """The ids of the cases that have a line."""
        return [f"{file}::{name}" for file, lines in self.behaviours.items() for name in lines]

    @property
    def version(self) -> str:
        """The versions as a text for people, without NumPy's."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items() if name != "numpy")


_RECORDED: TypeAdapter[Recorded] = TypeAdapter(Recorded)


def behaviour(outcome: Outcome) -> str:
    """Return an outcome as a line that says how a wrong call ended, without the wording of a message."""
    if isinstance(outcome, Returned):
        return f"accepted: {outcome.told}"
    return outcome.end.removeprefix("raised ")


def load_behaviours(folder: Path) -> dict[str, Recorded]:
    """Return the recorded behaviours by target, from the files ``<target>.yaml`` of a folder.

    Raises:
        KnownError: if a file is invalid.
    """
    return {path.stem: read(path, _RECORDED, {}) for path in sorted(folder.glob("*.yaml"))}


def text(run: Run, target: str, before: Recorded | None = None, existing: Iterable[str] = ()) -> str:
    """Return the text of the file for one target of a run: every behaviour, in the order of ids; "" if it has none.

    A case that the run did not ask keeps its line from ``before`` if it is among those ``existing``.

    Raises:
        KnownError: if lines would be kept that were recorded in other versions.
    """
    lines = _seen(run, target)
    versions = run.header["targets"][target]["versions"]
    kept = {case_id: line for case_id in existing if case_id not in lines and before and (line := before.of(case_id))}
    if before and kept and before.versions != versions:
        msg = (
            f"{target}: {min(kept)} and more were recorded with {before.version}: run `pytest cases` whole, then record"
        )
        raise KnownError(msg)
    if not lines and not kept:
        return ""
    facts: dict[str, Any] = {"versions": versions, "behaviours": _by_file(lines | kept)}
    head = f"# What {target} does with calls that are wrong or have no right answer: `python -m reports record RUN`.\n"
    return head + yaml.safe_dump(facts, sort_keys=False, width=10_000, allow_unicode=True)


def _seen(run: Run, target: str) -> dict[str, str]:
    """Return by case id what a target did in a run with calls that have no right answer."""
    answered = {case_id: record for (case_id, name), record in run.records.items() if name == target}
    wrong = {case_id: record for case_id, record in answered.items() if not run.cases[case_id].has_answer}
    return {case_id: behaviour(record.outcome) for case_id, record in wrong.items()}


def _by_file(lines: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return lines that are given by case id as file -> name of the case -> line, in the order of ids."""
    found: dict[str, dict[str, str]] = {}
    for case_id, line in sorted(lines.items()):
        file, name = split_id(case_id)
        found.setdefault(file, {})[name] = line
    return found


FOLDER: Final = Path(__file__).parents[1] / "known"
BEHAVIOURS: Final = "behaviours"
"""The folder in ``FOLDER`` with the files of recorded behaviours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """All that is accepted: facts by adapter, recorded behaviours by target, and the user's own facts.

    The user's own facts count for every version: the user knows which one runs.
    """

    facts: dict[str, list[Fact]] = field(default_factory=dict)
    behaviours: dict[str, Recorded] = field(default_factory=dict)
    own: list[Fact] = field(default_factory=list)
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def behaviour(self, case_id: str, target: str) -> str | None:
        """Return the recorded behaviour of a target with a case; None if there is none."""
        recorded = self.behaviours.get(target)
        return None if recorded is None else recorded.of(case_id)

    def of(self, target: str, like: str) -> list[Fact]:
        """Return the facts about a target or the one that it is like, in any version; the user's own first."""
        key = target, like
        if key not in self._found:
            every = [*self.own, *self.facts.get(adapter_of(target), [])]
            self._found[key] = [fact for fact in every if fact.concerns(target) or fact.concerns(like)]
        found: list[Fact] = self._found[key]
        return found

    def about(self, case: Case, target: str, like: str) -> list[Fact]:
        """Return the facts of ``of`` that can be about a case; most others are left out by its quick properties."""
        if case.id not in self._found:
            self._found[case.id] = facts.quick(case)
        known: list[dict[str, Any]] = self._found[case.id]
        key = target, like, tuple(tuple(properties.values()) for properties in known)
        if key not in self._found:
            self._found[key] = [fact for fact in self.of(target, like) if fact.may_concern(known)]
        found: list[Fact] = self._found[key]
        return found

    def knows(self, fact: Fact, version: str) -> bool:
        """Tell whether a fact is known of a version, or is the user's own."""
        return fact in self.own or fact.holds_in(version)

    def steps(self, fact: Fact, case: Case, place: Mapping[str, Any]) -> frozenset[str]:
        """Return the steps of a case that a fact is about (see ``Fact.steps``).

        The result is kept: the same case is asked of many targets, and most conditions read nothing of a target.
        """
        read = {name: value for name, value in place.items() if name in fact.condition.names}
        key = id(fact), case.id, tuple(read.values())
        if key not in self._found:
            self._found[key] = fact.steps(case, read)
        found: frozenset[str] = self._found[key]
        return found

    @property
    def digest(self) -> str:
        """A digest of all that is accepted. If it changes, the verdicts may change."""
        known = {name: [fact.model_dump_json() for fact in found] for name, found in self.facts.items()}
        recorded = {name: kept.model_dump_json() for name, kept in self.behaviours.items()}
        own = [fact.model_dump_json() for fact in self.own]
        return hashlib.blake2b(repr((known, recorded, own)).encode(), digest_size=8).hexdigest()


def load_for(run: Run) -> Accepted:
    """Return everything that is accepted of a run: what ``reports/known`` holds, and the facts that its user gave.

    Raises:
        KnownError: if a file is invalid.
    """
    try:
        return load(own=[Fact.model_validate(fact) for fact in run.header.get(OWN, ())])
    except (ValidationError, TypeError):
        msg = f"{run.path}: the facts that its user gave are none (any more); run the suite again"
        raise KnownError(msg) from None


def load(folder: Path = FOLDER, own: Iterable[Fact] = ()) -> Accepted:
    """Return everything that is accepted, from ``reports/known`` and of the user's ``own`` facts.

    Raises:
        KnownError: if a file is invalid.
    """
    return Accepted(
        facts=facts.load(folder),
        behaviours=load_behaviours(folder / BEHAVIOURS),
        own=list(own),
    )
