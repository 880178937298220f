"""Findings on the tutorial's statements: a verdict for each claim and target, counted in a recorded run.

Nobody types a verdict in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cases.loading.claims import Claim, meets
from cases.model.case import Case
from reports.pages.tutorial.answer import CaseInRun
from reports.recording.run import Run
from reports.recording.targets import adapter_of

Words = tuple[str, ...]
"""Conditions that hold together, each in words for people."""
Truths = Mapping[str, bool | None]
"""A claim's conditions, in words -> whether a case meets them; None if a condition means nothing for the case."""
Answers = dict[str, bool | None]
"""A case's id -> whether the claim holds for the answer to the case; None if the answer decides nothing."""
_ByTarget = dict[tuple[str, str], Answers]
"""A claim's name and a target -> the answers that the claim is about."""
_ByClaim = dict[str, dict[str, Truths]]
"""A claim's name -> a case's id -> which of the claim's conditions the case meets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A run's result for a claim on one target.

    ``supporting`` and ``refuting`` are the ids of the cases whose answers decide. ``silent`` counts the other answers.
    ``fitting`` holds the conditions, alone or in pairs, that every supporting case meets and no refuting case meets.
    ``enough`` is a condition that some supporting cases meet and no refuting case meets; it is empty if there is none.
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
        """Return the number of answers that decide."""
        return len(self.supporting) + len(self.refuting)

    @property
    def conditions(self) -> Words:
        """Return the conditions under which the statement holds and without which it does not.

        There are none unless some answers support the statement and some refute it.
        """
        return self.fitting[0] if self.fitting and self.supporting and self.refuting else ()

    @property
    def verdict(self) -> str:
        """Return in words whether the statement holds."""
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
        """Tell whether this finding adds nothing to another one, of a target that was asked at least as much."""
        if self.is_unexplained and other.is_unexplained:
            return True
        return self.verdict == other.verdict or other.conditions in self.fitting or self.repeats(other)

    @property
    def is_unexplained(self) -> bool:
        """Tell whether some answers support the statement, some refute it, and no condition separates them."""
        return bool(self.supporting and self.refuting and not self.conditions)

    def repeats(self, other: Finding) -> bool:
        """Tell whether another finding has all deciding answers of this one, and more."""
        less = self.deciding < other.deciding
        return less and {*self.supporting} <= {*other.supporting} and {*self.refuting} <= {*other.refuting}


def findings(run: Run, claims: Sequence[Claim], targets: Sequence[str]) -> list[Finding]:
    """Return a finding for each claim and each target that the claim concerns, in this order."""
    answers, truths = _decided(run, claims, targets)
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


def _decided(run: Run, claims: Sequence[Claim], targets: Sequence[str]) -> tuple[_ByTarget, _ByClaim]:
    """Return what each answer decides, and which conditions each case meets.

    Cases are the outer loop, so that all claims and targets share the tensors of a case.
    """
    answers: _ByTarget = {}
    truths: _ByClaim = {}
    for case in run.cases.values():
        asked = CaseInRun(run, case)
        for claim in (claim for claim in claims if claim.speaks_of(case)):
            truths.setdefault(claim.name, {})[case.id] = _truths(claim, case)
            for target in filter(claim.concerns, targets):
                if (case.id, target) in run.records:
                    holds = asked.holds(claim.expression, target)
                    answers.setdefault((claim.name, target), {})[case.id] = holds
    return answers, truths


def _confirmed(finding: Finding, found: Sequence[Finding]) -> Iterator[Words]:
    """Yield the conditions that fit a target's answers and the answers of each target that gave the same and more.

    Many conditions fit a few answers by chance.
    """
    wider = [other for other in found if finding.repeats(other)]
    yield from (words for words in finding.fitting if all(words in other.fitting for other in wider))


def _truths(claim: Claim, case: Case) -> Truths:
    return {words: meets(case, text) for words, text in claim.conditions.items()}


def _finding(claim: Claim, target: str, answers: Answers, truths: Mapping[str, Truths]) -> Finding:
    supporting = tuple(case for case, holds in answers.items() if holds is True)
    refuting = tuple(case for case, holds in answers.items() if holds is False)
    met, unmet = [truths[case] for case in supporting], [truths[case] for case in refuting]
    return Finding(
        claim=claim,
        target=target,
        supporting=supporting,
        refuting=refuting,
        silent=len(answers) - len(supporting) - len(refuting),
        fitting=tuple(_fitting(claim, met, unmet)),
        enough=next(_enough(claim, met, unmet), ""),
    )


def _fitting(claim: Claim, met: Sequence[Truths], unmet: Sequence[Truths]) -> Iterator[Words]:
    """Yield the single conditions, then the pairs, that separate supporting from refuting cases exactly."""
    for words in itertools.chain.from_iterable(itertools.combinations(claim.conditions, n) for n in (1, 2)):
        if all(truths[word] for truths in met for word in words) and _excludes(words, unmet):
            yield words


def _enough(claim: Claim, met: Sequence[Truths], unmet: Sequence[Truths]) -> Iterator[str]:
    """Yield the conditions that a supporting case meets and no refuting case meets."""
    for word in claim.conditions:
        if _excludes((word,), unmet) and any(truths[word] for truths in met):
            yield word


def _excludes(words: Words, unmet: Sequence[Truths]) -> bool:
    """Tell whether each of these cases fails one of the conditions. A condition without meaning is not failed."""
    return all(any(truths[word] is False for word in words) for truths in unmet)


def cell(found: Sequence[Finding]) -> str:
    """Return one framework's findings on one claim as a line.

    Targets that say the same share a verdict. The verdict of the target with the most deciding answers comes first.
    """
    groups = _shared(found)
    if not groups:
        return "not decided" if any(finding.silent for finding in found) else "not asked"
    first, *rest = groups
    others = (f"{', '.join(mode(finding.target) for finding in group)}: {group[0].verdict}" for group in rest)
    return "; ".join([first[0].verdict, *others])


def _shared(found: Sequence[Finding]) -> list[list[Finding]]:
    """Return the findings that decide, in groups of one verdict. A group's first finding has its most answers."""
    groups: list[list[Finding]] = []
    deciding = (finding for finding in found if finding.deciding)
    for finding in sorted(deciding, key=lambda finding: -finding.deciding):
        group = next((group for group in groups if finding.shares(group[0])), None)
        if group is None:
            groups.append([finding])
        else:
            group.append(finding)
    return groups


def mode(target: str) -> str:
    """Return a target's mode and device, without the device if it is the processor."""
    return target.partition("-")[2].removesuffix("-cpu")


def table(found: Sequence[Finding]) -> pd.DataFrame:
    """Return a row for each claim, with its statement and a column for each adapter."""
    adapters = sorted({_adapter(finding) for finding in found})
    rows = []
    for name, several in by_claim(found):
        parts = {adapter: [finding for finding in several if _adapter(finding) == adapter] for adapter in adapters}
        cells = {adapter: cell(part) if part else "" for adapter, part in parts.items()}
        rows.append({"claim": name, "statement": several[0].claim.statement, **cells})
    return pd.DataFrame(rows, columns=["claim", "statement", *adapters])


def by_claim(found: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each claim's name and findings, in order."""
    for name, several in itertools.groupby(found, key=lambda finding: finding.claim.name):
        yield name, list(several)


def _adapter(finding: Finding) -> str:
    return adapter_of(finding.target)


def rows(found: Sequence[Finding]) -> pd.DataFrame:
    """Return a row for each claim and target."""
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
    """Return a row for each verdict on one claim. Targets share a row if the verdict and all counts are the same."""
    targets: dict[tuple[str, int, int, int], list[str]] = {}
    for finding in found:
        counts = len(finding.supporting), len(finding.refuting), finding.silent
        if any(counts):
            targets.setdefault((finding.verdict, *counts), []).append(finding.target)
    table = [(", ".join(sharing), *facts) for facts, sharing in targets.items()]
    return pd.DataFrame(table, columns=["targets", "verdict", "bear it out", "refute it", "decide nothing"])


def overall(found: Sequence[Finding]) -> str:
    """Return one word for all targets' findings on one claim: holds, refuted, depends or not decided."""
    said = {finding.verdict for finding in found if finding.deciding}
    if not said:
        return "not decided"
    return said.pop() if said in ({"holds"}, {"refuted"}) else "depends"
