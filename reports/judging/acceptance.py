"""Acceptance: what follows from an answer, by known differences and recorded behaviours.

The order counts. First, a repeat that returned something else fails. Then a behaviour fails that is not the recorded
one. Then a known difference explains what differs, or else the known difference has changed or vanished.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapters.outcome import Outcome
from cases.model.case import Case
from reports.judging.behaviours import Accepted, behaviour
from reports.judging.known import Known
from reports.judging.verdict import RECORDED, Verdict
from reports.recording.messages import in_full
from reports.recording.run import Run
from reports.recording.targets import adapter_of, version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The case and the target of an answer, the run that holds the answer, and what is accepted."""

    run: Run
    accepted: Accepted
    case: Case
    target: str

    @property
    def version(self) -> str:
        """The version of the target's framework in the run."""
        return version_of(self.run, self.target)

    @property
    def covering(self) -> list[Known]:
        """The known differences that are about this case on this target."""
        entries = self.accepted.of(self.target)
        return [entry for entry in entries if entry.covers(self.case.id, self.target, self.version)]

    @property
    def is_sampled(self) -> bool:
        """Tell whether the target's mode is by default asked only some of the cases."""
        return bool(self.run.header["targets"][self.target].get("sampled"))


def follow(context: Context, found: Verdict, outcome: Outcome) -> Verdict:
    """Return the verdict with what follows from it."""
    covering = context.covering
    marked = replace(
        found,
        by_processor=any(entry.shown_by == "some processors" for entry in covering),
        may_vary=any(entry.varies for entry in covering),
    )
    if marked.status == "unjudged":
        return replace(marked, follows="error")
    return _departing(context, marked, outcome) or _accepted(context, marked, covering, outcome) or _plain(marked)


def with_repeats(context: Context, verdict: Verdict, others: Sequence[Verdict]) -> Verdict:
    """Return the verdict on an answer with ``others``, the verdicts on repeats that did not return the same."""
    if not others:
        return verdict
    covering = context.covering
    whole = replace(verdict, others=tuple(_explained(other, covering) for other in others))
    times = context.run.repeats[context.case.id, context.target] + 1
    note = f"the answers vary: {len(others)} of {times} are not the first one"
    return whole if is_known_to_vary(whole) else replace(whole, follows="new", note=note, accepted="")


def is_known_to_vary(verdict: Verdict) -> bool:
    """Tell whether known differences that may vary explain every answer to a repeated call that differs."""
    found = [one for one in (verdict, *verdict.others) if one.difference]
    return bool(found) and all(one.follows == "known" and one.entry and one.entry.varies for one in found)


def _explained(other: Verdict, covering: Sequence[Known]) -> Verdict:
    entry = _explaining(other, covering)
    return replace(other, entry=entry, follows="known") if entry else other


def _departing(context: Context, found: Verdict, outcome: Outcome) -> Verdict | None:
    """Return the verdict on a call without a right answer whose behaviour is not the recorded one; None if it is."""
    recorded = None if context.case.has_answer else context.accepted.behaviours.get(context.target)
    if recorded is None:
        return None
    before, now = recorded.of(context.case.id), behaviour(outcome)
    if before == now or (before is None and context.case.behaviour and context.is_sampled):
        return None  # a sampled mode is asked its other cases only with --slow, so they may have no record
    adapter = adapter_of(context.target)
    note = (
        f"{context.target} does otherwise than recorded\n"
        f"now:    {now}  ({adapter} {context.version}{in_full(outcome)})\n"
        f"before: {before or 'never recorded'}  ({recorded.version})"
    )
    return replace(found, follows="new" if before is None else "changed", note=note)


def _accepted(context: Context, found: Verdict, covering: Sequence[Known], outcome: Outcome) -> Verdict | None:
    """Return the verdict by the known difference or the recorded behaviour that is about it; None if there is none."""
    if entry := _explaining(found, covering):
        return replace(found, follows="known", entry=entry, accepted=entry.reason)
    before = None if context.case.has_answer else context.accepted.behaviour(context.case.id, context.target)
    if before is not None and before == behaviour(outcome):
        return replace(found, follows="known", accepted=RECORDED) if found.difference else None
    entry = find(covering, found)
    if entry is None or (found.difference is None and entry.shown_by != "all"):
        return None
    if found.difference is not None:
        return replace(
            found, follows="changed", entry=entry, note=f"a known difference has changed (it was: {entry.reason})"
        )
    note = f"a known difference has vanished ({found.status} now): {entry.reason}"
    return replace(found, follows="vanished", entry=entry, note=note)


def _plain(found: Verdict) -> Verdict:
    """Return the verdict with what follows where nothing is accepted for the case."""
    if found.status == "unsupported":
        return replace(found, follows="skip")
    return found if found.difference is None else replace(found, follows="new")


def _explaining(found: Verdict, covering: Sequence[Known]) -> Known | None:
    """Return the known difference that accepts a verdict; None if there is none.

    Each later step of a pipeline that differs needs a known difference as well.
    """
    entry = find(covering, found)
    if entry is None or not explains(entry, found):
        return None
    later = all(any(explains(other, step) for other in covering) for step in found.later)
    return entry if later else None


def find(covering: Sequence[Known], found: Verdict) -> Known | None:
    """Return the first entry that decides, or else the first one; None if there is none.

    An entry that only some cases show decides only where it explains the verdict.
    """
    decisive = (entry for entry in covering if entry.shown_by == "all" or explains(entry, found))
    return next(decisive, covering[0] if covering else None)


def explains(entry: Known, found: Verdict) -> bool:
    """Tell whether a verdict is the difference that an entry accepts."""
    return entry.status == found.status and entry.accepts(found.difference, found.diagnosis)
