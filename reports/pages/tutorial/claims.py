"""The tutorial's statements held against a recorded run: a verdict for each claim and target, computed, never typed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cases.loading.claims import Claim, meets
from cases.model.case import Case
from reports.pages.tutorial.answer import Question
from reports.recording.run import Run

Words = tuple[str, ...]
"""Conditions that hold together, each in words."""
Truths = Mapping[str, bool | None]
"""A claim's conditions, in words -> whether a case meets them; None where that means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a run says of a claim on one target.

    ``supporting`` and ``refuting`` are the cases whose answers decide, ``silent`` counts the other answers. ``fitting``
    are the conditions, alone or in pairs, that every supporting case meets and no refuting one; ``enough`` is one that
    no refuting case meets, but not every supporting one.
    """

    claim: Claim
    target: str
    supporting: Words
    refuting: Words
    silent: int
    fitting: tuple[Words, ...]
    enough: str = ""

    @property
    def deciding(self) -> int:
        """How many answers decide."""
        return len(self.supporting) + len(self.refuting)

    @property
    def conditions(self) -> Words:
        """Under which conditions the statement holds and else doesn't, where some answers refute it and some not."""
        return self.fitting[0] if self.fitting and self.supporting and self.refuting else ()

    @property
    def verdict(self) -> str:
        """In words: whether the statement holds."""
        if not self.deciding:
            return "not decided"
        if not self.refuting:
            return "holds"
        if not self.supporting:
            return "refuted"
        if self.conditions:
            return f"holds only where {' and '.join(self.conditions)}"
        return f"holds in {len(self.supporting)} of {self.deciding}{self.enough and f', always where {self.enough}'}"

    def shares(self, other: Finding) -> bool:
        """Whether this says no more than another finding, of a target that was asked at least as much."""
        partly = self.supporting and self.refuting and not self.conditions
        if partly and other.supporting and other.refuting and not other.conditions:
            return True
        return self.verdict == other.verdict or other.conditions in self.fitting or self.repeats(other)

    def repeats(self, other: Finding) -> bool:
        """Whether this has only answers that another finding has as well, and fewer."""
        less = self.deciding < other.deciding
        return less and {*self.supporting} <= {*other.supporting} and {*self.refuting} <= {*other.refuting}


def findings(run: Run, claims: Sequence[Claim], targets: Sequence[str]) -> list[Finding]:
    """A finding for each claim and each target that it concerns, in order."""
    answers: dict[tuple[str, str], dict[str, bool | None]] = {}
    truths: dict[str, dict[str, Truths]] = {}
    for case in run.cases.values():
        question = Question(run, case)
        for claim in claims:
            if claim.speaks_of(case):
                truths.setdefault(claim.name, {})[case.id] = _truths(claim, case)
                for target in filter(claim.concerns, targets):
                    if (case.id, target) in run.records:
                        answer = question.holds(claim.expression, target)
                        answers.setdefault((claim.name, target), {})[case.id] = answer
    found = [
        _finding(claim, target, answers.get((claim.name, target), {}), truths.get(claim.name, {}))
        for claim in claims
        for target in filter(claim.concerns, targets)
    ]
    return [
        replace(finding, fitting=tuple(_confirmed(finding, several)))
        for _, several in by_claim(found)
        for finding in several
    ]


def _confirmed(finding: Finding, found: Sequence[Finding]) -> Iterator[Words]:
    """The conditions that fit a target's answers and also those of each that gave the same and more.

    In a few answers many conditions fit by chance.
    """
    wider = [other for other in found if finding.repeats(other)]
    yield from (words for words in finding.fitting if all(words in other.fitting for other in wider))


def _truths(claim: Claim, case: Case) -> Truths:
    return {words: meets(case, text) for words, text in claim.conditions.items()}


def _finding(claim: Claim, target: str, answers: Mapping[str, bool | None], truths: Mapping[str, Truths]) -> Finding:
    supporting, refuting = (tuple(case for case, holds in answers.items() if holds is word) for word in (True, False))
    met, unmet = [truths[case] for case in supporting], [truths[case] for case in refuting]
    enough = (words for words in claim.conditions if _excludes((words,), unmet) and any(facts[words] for facts in met))
    return Finding(
        claim=claim,
        target=target,
        supporting=supporting,
        refuting=refuting,
        silent=len(answers) - len(supporting) - len(refuting),
        fitting=tuple(_fitting(claim, met, unmet)),
        enough=next(enough, ""),
    )


def _fitting(claim: Claim, met: Sequence[Truths], unmet: Sequence[Truths]) -> Iterator[Words]:
    """The conditions, then the pairs of them, that tell the supporting cases exactly from the refuting ones."""
    for words in itertools.chain.from_iterable(itertools.combinations(claim.conditions, n) for n in (1, 2)):
        if all(truths[word] for truths in met for word in words) and _excludes(words, unmet):
            yield words


def _excludes(words: Words, unmet: Sequence[Truths]) -> bool:
    """Whether each of these cases fails to meet one of the conditions; where one means nothing, it doesn't."""
    return all(any(truths[word] is False for word in words) for truths in unmet)


def cell(found: Sequence[Finding]) -> str:
    """One framework's findings on one claim in a line: targets that say the same share a word, the most asked first."""
    deciding = sorted((finding for finding in found if finding.deciding), key=lambda finding: -finding.deciding)
    groups: list[list[Finding]] = []
    for finding in deciding:
        group = next((group for group in groups if finding.shares(group[0])), None)
        if group is None:
            groups.append([finding])
        else:
            group.append(finding)
    if not groups:
        return "not decided" if any(finding.silent for finding in found) else "not asked"
    first, *rest = groups
    others = (f"{', '.join(mode(finding.target) for finding in group)}: {group[0].verdict}" for group in rest)
    return "; ".join([first[0].verdict, *others])


def mode(target: str) -> str:
    """A target without its adapter, and without its device where that is the processor."""
    return target.partition("-")[2].removesuffix("-cpu")


def table(found: Sequence[Finding]) -> pd.DataFrame:
    """A row for each claim, with its statement and a column for each adapter."""
    adapters = sorted({_adapter(finding) for finding in found})
    rows = []
    for name, several in by_claim(found):
        parts = {adapter: [finding for finding in several if _adapter(finding) == adapter] for adapter in adapters}
        cells = {adapter: cell(part) if part else "" for adapter, part in parts.items()}
        rows.append({"claim": name, "statement": several[0].claim.statement, **cells})
    return pd.DataFrame(rows, columns=["claim", "statement", *adapters])


def by_claim(found: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of each claim, in order."""
    for name, several in itertools.groupby(found, key=lambda finding: finding.claim.name):
        yield name, list(several)


def _adapter(finding: Finding) -> str:
    return finding.target.partition("-")[0]


def rows(found: Sequence[Finding]) -> pd.DataFrame:
    """A row for each claim and target."""
    return pd.DataFrame([_row(finding) for finding in found])


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "claim": finding.claim.name,
        "target": finding.target,
        "verdict": finding.verdict,
        "supporting": len(finding.supporting),
        "refuting": len(finding.refuting),
        "silent": finding.silent,
        "supported by": next(iter(finding.supporting), ""),
        "refuted by": next(iter(finding.refuting), ""),
        "statement": finding.claim.statement,
    }


def verdicts(found: Sequence[Finding]) -> pd.DataFrame:
    """A row for each verdict on one claim, with the targets that share it to the last count."""
    targets: dict[tuple[str, int, int, int], list[str]] = {}
    for finding in found:
        counts = len(finding.supporting), len(finding.refuting), finding.silent
        if any(counts):
            targets.setdefault((finding.verdict, *counts), []).append(finding.target)
    table = [(", ".join(sharing), *facts) for facts, sharing in targets.items()]
    return pd.DataFrame(table, columns=["targets", "verdict", "bear it out", "refute it", "decide nothing"])


def overall(found: Sequence[Finding]) -> str:
    """In a word, what all targets say of one claim: holds, refuted, depends or not decided."""
    said = {finding.verdict for finding in found if finding.deciding}
    return "not decided" if not said else said.pop() if said in ({"holds"}, {"refuted"}) else "depends"
