"""The answers of two runs, side by side: what got worse, got better, or is otherwise than it was.

Each answer is judged in its own run. A change of the verdict is for the worse or for the better; where the verdict
stays, another value or other words may have come back. Right answers whose bits differ by rounding are no change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.outcome import Raised
from cases.model.case import Case
from reports.judging.judge import judge
from reports.judging.verdict import Status, Verdict
from reports.recording.messages import normal
from reports.recording.record import Key
from reports.recording.run import Run
from reports.recording.targets import adapter_of, is_framework

Kind = Literal["worse", "better", "value", "words"]
KINDS: Final[dict[Kind, str]] = {
    "worse": "got worse",
    "better": "got better",
    "value": "returns another value",
    "words": "says it in other words",
}
"""Kind of change -> what it is. Worse is what is further from a right answer in this order: a right answer or refusal,
a clear refusal of a right call, a wrong answer, the end of the process, a mistake of the suite."""
_RANKS: Final[dict[Status, int]] = {
    **dict.fromkeys(("passed", "recorded"), 4),
    **dict.fromkeys(("raised", "unsupported"), 3),
    "differing": 2,
    **dict.fromkeys(("crashed", "timed out", "not asked"), 1),
    "unjudged": 0,
}
_NUMBER: Final = re.compile(r"-?\d+")
_MOST_WORDS: Final = 70
"""The most characters of a message that a group quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one answer. ``before`` and ``after`` say how the call ended, alike for answers that ended alike.

    ``fact`` is the fact that explains the new answer, or else the old one; empty if none does.
    """

    kind: Kind
    case: Case
    target: str
    before: str
    after: str
    fact: str = ""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What two runs have in common, and what changed there.

    ``pairs`` maps each target of the new run to the old run's that it is compared with. ``same`` has the answers that
    did not change, by case and new target. ``rounded`` counts right answers whose bits differ; ``added`` and
    ``removed`` are the answers that one run lacks, ``other_cases`` the ids that mean another call now.
    """

    old: Run
    new: Run
    pairs: Mapping[str, str]
    changes: list[Change] = field(default_factory=list)
    same: set[Key] = field(default_factory=set)
    rounded: int = 0
    added: set[Key] = field(default_factory=set)
    removed: set[Key] = field(default_factory=set)
    other_cases: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return the number of answers that were compared."""
        return len(self.same) + len(self.changes)

    @property
    def frameworks(self) -> set[str]:
        """Return the new run's targets of frameworks with an answer that was compared."""
        targets = {target for _, target in self.same} | {change.target for change in self.changes}
        return {target for target in targets if is_framework(target)}


def compared(old: Run, new: Run, renamed: Mapping[str, str]) -> Comparison:
    """Compare what two runs have in common. ``renamed`` maps targets of the new run to those of the old run.

    Both runs must have been begun to be judged.
    """
    pairs = {target: renamed.get(target, target) for target in new.header["targets"]}
    found = Comparison(old=old, new=new, pairs=pairs)
    before, after = {*old.keys}, {*new.keys}
    as_before = {(case, target): (case, pairs[target]) for case, target in after}
    in_both = [key for key in new.keys if as_before[key] in before]
    found.other_cases = sorted({case for case, _ in in_both if old.cases[case] != new.cases[case]})
    others = set(found.other_cases)
    found.added = {key for key in after if as_before[key] not in before}
    taken = set(pairs.values())
    found.removed = {key for key in before - set(as_before.values()) if key[1] in taken or not renamed}
    for key in (key for key in in_both if key[0] not in others):
        change = _change(found, key)
        if change is None:
            found.same.add(key)
        else:
            found.changes.append(change)
    return found


def _change(found: Comparison, key: Key) -> Change | None:
    case, target = found.new.cases[key[0]], key[1]
    was, now = found.pairs[target], target
    old, new = judge(found.old, case, was), judge(found.new, case, now)
    kind = _kind(found, case, (old, was), (new, now))
    if kind is None:
        return None
    before, after = _said(found.old, case, was, old), _said(found.new, case, now, new)
    fact = new.fact or old.fact
    return Change(kind=kind, case=case, target=target, before=before, after=after, fact=fact.fact if fact else "")


def _kind(found: Comparison, case: Case, old: tuple[Verdict, str], new: tuple[Verdict, str]) -> Kind | None:
    """Return the kind of change of an answer, each verdict with its target; None if there is none that counts."""
    (before, was), (after, now) = old, new
    ranks = _rank(case, before), _rank(case, after)
    if ranks[0] != ranks[1]:
        return "worse" if ranks[1] < ranks[0] else "better"
    one, two = found.old.records.get((case.id, was)), found.new.records.get((case.id, now))
    if one is None or two is None:
        return None
    if one.outcome.kind != two.outcome.kind:
        return "words" if case.behaviour is None else "value"
    if one.digests == two.digests:
        return "words" if _words(found.old, case.id, was) != _words(found.new, case.id, now) else None
    if before.status == "passed" and case.invalid is None:
        found.rounded += 1
        return None
    return None if before.may_vary or after.may_vary else "value"


def _rank(case: Case, verdict: Verdict) -> int:
    """Return how near an answer is to a right one. Of a call without a right answer, all but its end are as good."""
    rank = _RANKS[verdict.status]
    return max(rank, _RANKS["recorded"]) if case.behaviour is not None and rank >= _RANKS["differing"] else rank


def _words(run: Run, case: str, target: str) -> tuple[str, str]:
    """Return the end of a call and the message of its exception, without what differs from process to process."""
    outcome = run.records[case, target].outcome
    return outcome.end, normal(outcome.message) if isinstance(outcome, Raised) else ""


def _said(run: Run, case: Case, target: str, verdict: Verdict) -> str:
    """Return how an answer ended, in words without the numbers of this call."""
    key = case.id, target
    if key not in run.records:
        return "not asked" if key in run.unasked else "a mistake of the suite"
    outcome = run.records[key].outcome
    if isinstance(outcome, Raised):
        return f"{outcome.type} while {outcome.stage}{_quoted(outcome.message)}"
    if verdict.status == "passed":
        return "right"
    if verdict.status != "differing":
        return outcome.end
    if case.invalid is not None:
        return "accepts the call"
    return f"wrong: {_NUMBER.sub('#', verdict.diagnosis)}" if verdict.diagnosis else "wrong"


def _quoted(message: str) -> str:
    words = _NUMBER.sub("#", normal(message))
    return f" ({words[:_MOST_WORDS].strip()}{'…' if len(words) > _MOST_WORDS else ''})" if words else ""


def by_target(keys: set[Key]) -> Iterator[tuple[str, list[str]]]:
    """Yield each target of some answers with the ids of their cases."""
    for target in sorted({target for _, target in keys}):
        yield target, sorted(case for case, of in keys if of == target)


def adapters(found: Comparison) -> list[str]:
    """Return the names of the adapters of which answers were compared."""
    return sorted({adapter_of(target) for target in found.frameworks})
