"""The answers of two runs, side by side: what got worse, got better, or is otherwise than it was.

Each answer is judged in its own run. A change of the verdict is for the worse or for the better; where the verdict
stays, another value or other words may have come back. Right answers may differ in their bits, by rounding for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from adapters.outcome import Raised, is_native
from cases.model.case import Case
from reports.judging.judge import judge
from reports.judging.verdict import Status, Verdict
from reports.recording.messages import normal
from reports.recording.record import Key, Record
from reports.recording.run import Run
from reports.recording.targets import ORACLE, adapter_of, is_framework

Kind = Literal["worse", "better", "value", "words"]
KINDS: Final[dict[Kind, str]] = {
    "worse": "worse",
    "better": "better",
    "value": "another value or end",
    "words": "other words",
}
"""Kind of change -> what it is called. Worse is what is further from a right answer in this order: a right answer or
refusal, a clear refusal of a right call, a wrong answer, the end of the process."""
_RANKS: Final[dict[Status, int]] = {
    **dict.fromkeys(("passed", "recorded"), 3),
    **dict.fromkeys(("raised", "unsupported"), 2),
    "differing": 1,
    **dict.fromkeys(("crashed", "timed out"), 0),
}
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(\.\d+)?(?![\w.]*\w)")
"""A number that stands by itself, and is no part of a dtype's or a function's name."""
_MOST_WORDS: Final = 300
"""The most characters of a message that are quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one answer. ``before`` and ``after`` say how the call ended.

    ``known`` is a line about the fact that explains the new answer, or else explained the old one; it may be empty.
    """

    kind: Kind
    case: Case
    target: str
    before: str
    after: str
    known: str = ""

    @property
    def alike(self) -> tuple[str, str]:
        """Return how the call ended before and after, without the numbers of this call."""
        return _NUMBER.sub("#", self.before), _NUMBER.sub("#", self.after)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What two runs have in common, and what changed there.

    ``pairs`` maps each target of the new run to the old run's that it is compared with. ``same`` has the answers that
    did not change, by case and new target. ``other_bits`` counts answers that are right, or wrong
    by one diagnosis, in both runs, and whose bits differ.

    What can't be compared stands apart: ``added`` and ``removed`` are the answers that one run lacks, ``unanswered``
    those of which one run has no answer or no verdict, ``other_cases`` the ids that mean another call now, or for which
    the definition gives another answer.
    """

    old: Run
    new: Run
    pairs: Mapping[str, str]
    changes: list[Change] = field(default_factory=list)
    same: set[Key] = field(default_factory=set)
    other_bits: int = 0
    added: set[Key] = field(default_factory=set)
    removed: set[Key] = field(default_factory=set)
    unanswered: set[Key] = field(default_factory=set)
    other_cases: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return the number of answers that were compared."""
        return len(self.same) + len(self.changes)

    @property
    def targets(self) -> set[str]:
        """Return the new run's targets with an answer that was compared."""
        return {target for _, target in self.same} | {change.target for change in self.changes}


def compared(old: Run, new: Run, pairs: Mapping[str, str] | None = None) -> Comparison:
    """Compare what two runs have in common of the answers of frameworks.

    ``pairs`` maps targets of the new run to those of the old run, which may be the same run; other targets are left
    out. By default each target is compared with the one of its name. Both runs must have been begun to be judged.
    """
    pairs = {target: target for target in new.header["targets"]} if pairs is None else pairs
    pairs = {target: was for target, was in pairs.items() if is_framework(target)}
    found = Comparison(old=old, new=new, pairs=pairs)
    before, after = {*old.keys}, [key for key in new.keys if key[1] in pairs]
    as_before = {(case, target): (case, pairs[target]) for case, target in after}
    in_both = [key for key in after if as_before[key] in before]
    others = {case for case in dict.fromkeys(case for case, _ in in_both) if _means_another(old, new, case)}
    found.other_cases = sorted(others)
    found.added = {key for key in after if as_before[key] not in before}
    whole = len(pairs) == sum(map(is_framework, new.header["targets"]))
    taken = {*filter(is_framework, old.header["targets"])} if whole else {*pairs.values()}
    found.removed = {key for key in before - set(as_before.values()) if key[1] in taken}
    for key in (key for key in in_both if key[0] not in others):
        _compare(found, key)
    return found


def _means_another(old: Run, new: Run, case: str) -> bool:
    """Tell whether a case is another call now, or has another right answer that is exact."""
    if _meaning(old.cases[case]) != _meaning(new.cases[case]):
        return True
    answers = old.records.get((case, ORACLE)), new.records.get((case, ORACLE))
    if None in answers or new.cases[case].tier == "bounded":  # whose last bits NumPy may decide
        return False
    one, two = (_bits(answer) for answer in answers if answer is not None)
    return one != two


def _meaning(case: Case) -> Case:
    """Return a case without the texts for people."""
    invalid, behaviour = (text if text is None else "" for text in (case.invalid, case.behaviour))
    return replace(case, about="", source="", broken=None, invalid=invalid, behaviour=behaviour)


def _compare(found: Comparison, key: Key) -> None:
    """Put an answer that both runs may have where it belongs."""
    case, target = found.new.cases[key[0]], key[1]
    places = (found.old, (case.id, found.pairs[target])), (found.new, key)
    old, new = (_answer(run, case, place) for run, place in places)
    if old is None or new is None:
        if any(place in run.records or place in run.faults for run, place in places):
            found.unanswered.add(key)
        return
    kind = _kind(found, case, old, new)
    if kind is None:
        found.same.add(key)
        return
    before, after, known = _said(case, old), _said(case, new), _known(old.verdict, new.verdict)
    found.changes.append(Change(kind=kind, case=case, target=target, before=before, after=after, known=known))


_Bits = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An answer in its run: the record, those of repeats that did not return the same, and the verdict."""

    record: Record
    others: Sequence[Record]
    verdict: Verdict

    @property
    def bits(self) -> set[_Bits]:
        """The bits that the call and its repeats returned."""
        return {_bits(record) for record in (self.record, *self.others)}


def _answer(run: Run, case: Case, key: Key) -> _Answer | None:
    """Return an answer of a run; None if there is none, or no verdict on it."""
    if key not in run.records:
        return None
    verdict = judge(run, case, key[1])
    if verdict.status == "unjudged":
        return None
    return _Answer(record=run.records[key], others=run.others.get(key, ()), verdict=verdict)


def _known(old: Verdict, new: Verdict) -> str:
    if new.fact and new.follows == "known":
        return f"known: {new.fact.fact}"
    return f"was known: {old.fact.fact}" if old.fact and old.follows == "known" else ""


def _kind(found: Comparison, case: Case, old: _Answer, new: _Answer) -> Kind | None:
    """Return the kind of change of an answer; None if there is none that counts."""
    both_returned = old.record.outcome.kind == new.record.outcome.kind == "returned"
    if both_returned and (old.verdict.may_vary or new.verdict.may_vary):
        return None
    before, after = _rank(case, old.verdict), _rank(case, new.verdict)
    if before != after:
        return "worse" if after < before else "better"
    return _at_one_rank(found, case, old, new)


def _at_one_rank(found: Comparison, case: Case, old: _Answer, new: _Answer) -> Kind | None:
    """Return the kind of change of an answer that is as far from a right one as before."""
    one, two, before, after = old.record, new.record, old.verdict, new.verdict
    if one.outcome.kind != two.outcome.kind:
        refused = {one.outcome.kind, two.outcome.kind} <= {"raised", "unsupported"}
        return "words" if refused and case.behaviour is None else "value"
    if one.outcome.kind != "returned":
        return _of_words(one, two)
    if old.bits & new.bits:
        return None
    is_right = before.status == "passed" and case.invalid is None
    # A diagnosis holds for every element, so two answers with one diagnosis differ by no more than rounding.
    is_as_wrong = before.diagnosis is not None and before.diagnosis == after.diagnosis
    is_rounding = (is_right or is_as_wrong) and _natives(one) == _natives(two)
    found.other_bits += is_rounding
    return None if is_rounding else "value"


def _of_words(one: Record, two: Record) -> Kind | None:
    """Return the kind of change of two calls that returned nothing."""
    if isinstance(one.outcome, Raised) and isinstance(two.outcome, Raised):
        same = one.outcome.end == two.outcome.end and normal(one.outcome.message) == normal(two.outcome.message)
        return None if same else "words"
    return None if one.outcome.end == two.outcome.end else "value"


def _rank(case: Case, verdict: Verdict) -> int:
    """Return how near the worst of an answer and its repeats is to a right one.

    Of a call without a right answer, all but its end are as good.
    """
    rank = min(_RANKS.get(one.status, 0) for one in (verdict, *verdict.others))
    return max(rank, _RANKS["recorded"]) if case.behaviour is not None and rank >= _RANKS["differing"] else rank


def _bits(record: Record) -> _Bits:
    return frozenset(record.digests.items())


def _natives(record: Record) -> _Bits:
    """Return the bits of a framework's own indices, which the definition does not judge."""
    return frozenset((name, digest) for name, digest in record.digests.items() if is_native(name))


def _said(case: Case, answer: _Answer) -> str:
    """Return how a call ended."""
    outcome, verdict = answer.record.outcome, answer.verdict
    step = f"step {verdict.step}: " if verdict.step else ""
    if verdict.status == "passed" and not isinstance(outcome, Raised):
        return "right"
    if verdict.status == "differing" and verdict.difference is not None and (step or not isinstance(outcome, Raised)):
        why = f" ({verdict.diagnosis})" if verdict.diagnosis else ""
        return f"{step}{'' if case.invalid else 'wrong, '}{_cut(verdict.difference.summary)}{why}"
    if isinstance(outcome, Raised):
        return f"{step}{outcome.type} while {outcome.stage}: {_cut(normal(outcome.message))}"
    return outcome.end if verdict.status != "recorded" else outcome.told


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_WORDS else f"{line[:_MOST_WORDS]}…"


def by_target(keys: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """Yield each target of some answers with the ids of their cases."""
    found: dict[str, list[str]] = {}
    for case, target in sorted(keys):
        found.setdefault(target, []).append(case)
    yield from sorted(found.items())


def adapters(found: Comparison) -> list[str]:
    """Return the names of the adapters of which answers were compared."""
    return sorted({adapter_of(target) for target in found.targets})
