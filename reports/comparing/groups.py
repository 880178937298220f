"""Changes that are alike, as one group: of one operator on one framework, from one end to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cases.model.case import Case
from reports.comparing.changes import KINDS, Change, Comparison, Kind
from reports.judging.conditions import Reader, condition
from reports.pages.findings import size
from reports.recording.targets import adapter_of, version_of


@dataclass(slots=True, kw_only=True)
class Group:
    """Changes that are alike.

    ``versions`` are the adapter and its framework's version, before and now. ``where`` is a condition that all of
    their cases meet. ``exceptions`` is the number of cases that meet it, were compared on the same targets, and did not
    change.
    """

    kind: Kind
    versions: tuple[tuple[str, str], tuple[str, str]]
    operator: str
    known: str
    changes: list[Change] = field(default_factory=list)
    where: str = ""
    exceptions: int = 0

    @property
    def cases(self) -> dict[str, Case]:
        """Return the cases by id, in the order of the run."""
        return {change.case.id: change.case for change in self.changes}

    @property
    def targets(self) -> list[str]:
        """Return the new run's targets, in alphabetical order."""
        return sorted({change.target for change in self.changes})

    @property
    def smallest(self) -> Change:
        """Return the change of the case with the fewest elements."""
        return min(self.changes, key=lambda change: (size(change.case), change.target))

    @property
    def before(self) -> str:
        """Return how the smallest case's call ended before."""
        return self.smallest.before

    @property
    def after(self) -> str:
        """Return how the smallest case's call ends now."""
        return self.smallest.after


def grouped(found: Comparison) -> list[Group]:
    """Return the groups of a comparison: the worst kind first, then the largest."""
    groups: dict[tuple[object, ...], Group] = {}
    for change in found.changes:
        was = found.pairs[change.target]
        versions = (
            (adapter_of(was), version_of(found.old, was)),
            (adapter_of(change.target), version_of(found.new, change.target)),
        )
        is_wrong = change.case.invalid is not None
        key = change.kind, *versions, change.case.operator, is_wrong, *change.alike, change.known
        group = Group(
            kind=change.kind,
            versions=versions,
            operator=change.case.operator,
            known=change.known,
        )
        groups.setdefault(key, group).changes.append(change)
    same = _same(found)
    read = Reader()
    for group in groups.values():
        others = {case.id: case for target in group.targets for case in same[target]}
        rest = [case for case in others.values() if case.id not in group.cases]
        group.where, group.exceptions = condition(list(group.cases.values()), rest, read)
    return sorted(
        groups.values(), key=lambda group: ([*KINDS].index(group.kind), -len(group.changes), group.smallest.case.id)
    )


def _same(found: Comparison) -> defaultdict[str, list[Case]]:
    """Return the cases whose answers did not change, by target."""
    cases: defaultdict[str, list[Case]] = defaultdict(list)
    for case, target in sorted(found.same):
        cases[target].append(found.new.cases[case])
    return cases


def counts(groups: Iterable[Group]) -> dict[Kind, int]:
    """Return the number of changed answers of each kind that there is."""
    found: dict[Kind, int] = {}
    for group in groups:
        found[group.kind] = found.get(group.kind, 0) + len(group.changes)
    return found
