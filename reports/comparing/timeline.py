"""Versions of a framework side by side: which facts each shows, and what changed from one to the next."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from reports.comparing.changes import compared
from reports.comparing.groups import Group, grouped
from reports.judging.acceptance import Context
from reports.judging.behaviours import Accepted
from reports.judging.facts import Fact
from reports.judging.judge import judge
from reports.recording.run import Run
from reports.recording.targets import adapter_of, is_framework, like, version_of


@dataclass(slots=True, kw_only=True)
class Column:
    """One version of a framework: its targets in a run by the targets without a label, and what they did.

    ``about`` counts for each fact the answers that it is about, ``shown`` those that it explains. ``ends`` counts what
    followed from the answers.
    """

    adapter: str
    version: str
    run: Run
    targets: dict[str, str] = field(default_factory=dict)
    about: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)

    def cell(self, fact: str) -> str:
        """Return how many of the answers that a fact is about it explains; empty if it is about none."""
        about, shown = self.about[fact], self.shown[fact]
        if not about:
            return ""
        return "all" if shown == about else f"{shown} of {about}" if shown else "none"


def columns(runs: Sequence[tuple[Run, Accepted]]) -> dict[str, list[Column]]:
    """Return the versions of each framework, in their order. The first run that has a version counts.

    The runs must have been begun to be judged by what is accepted.
    """
    found: dict[tuple[str, str], Column] = {}
    for run, accepted in runs:
        for target in run.header["targets"]:
            if not is_framework(target):
                continue
            key = adapter_of(target), version_of(run, target)
            column = found.setdefault(key, Column(adapter=key[0], version=key[1], run=run))
            if column.run is run and like(run, target) not in column.targets:
                column.targets[like(run, target)] = target
                _count(column, accepted, target)
    by_adapter: dict[str, list[Column]] = {}
    for column in sorted(found.values(), key=lambda column: (column.adapter, _order(column.version))):
        by_adapter.setdefault(column.adapter, []).append(column)
    return by_adapter


def _order(version: str) -> tuple[bool, Version, str]:
    """Return what orders versions; what is none comes first."""
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version


def _count(column: Column, accepted: Accepted, target: str) -> None:
    """Count a target's answers to single calls, and the facts that are about them."""
    run = column.run
    for case_id, _ in (key for key in run.records if key[1] == target):
        case = run.cases[case_id]
        if case.steps:
            continue
        verdict = judge(run, case, target)
        column.ends[verdict.follows] += 1
        if verdict.status == "unsupported":  # no call was made that could show a fact
            continue
        for fact, _ in Context(run=run, accepted=accepted, case=case, target=target).covering:
            column.about[fact.fact] += 1
            column.shown[fact.fact] += fact.explains(verdict.status, verdict.difference, verdict.diagnosis)


def shown(found: Sequence[Column], facts: Sequence[Fact]) -> Iterator[tuple[Fact, list[str]]]:
    """Yield each fact with its cell for each version, if some answer is what it is about."""
    for fact in facts:
        cells = [column.cell(fact.fact) for column in found]
        if any(cells):
            yield fact, cells


def steps(found: Sequence[Column]) -> Iterator[tuple[Column, Column, list[Group]]]:
    """Yield each version with the one before it, and what changed between them."""
    for old, new in itertools.pairwise(found):
        pairs = {target: old.targets[name] for name, target in new.targets.items() if name in old.targets}
        yield old, new, grouped(compared(old.run, new.run, pairs))
