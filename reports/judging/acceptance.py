"""Decide what follows from an answer: whether a known difference or a recorded behaviour accepts it.

The order counts. A repeat that returned something else fails first; then a behaviour that is not the recorded one; then
a known difference explains what differs, or else has changed or vanished.
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
    """An answer's case and target, in the run that asked it, and what is accepted."""

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
        """The known differences that speak of this case on this target."""
        entries = self.accepted.of(self.target)
        return [entry for entry in entries if entry.covers(self.case.id, self.target, self.version)]

    @property
    def is_sampled(self) -> bool:
        """Whether the target's mode is by default not asked every case."""
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
    """Return the verdict on an answer together with ``others``, those on repeats that did not return the same."""
    if not others:
        return verdict
    covering = context.covering
    whole = replace(verdict, others=tuple(_explained(other, covering) for other in others))
    times = context.run.repeats[context.case.id, context.target] + 1
    note = f"the answers vary: {len(others)} of {times} are not the first one"
    return whole if is_known_to_vary(whole) else replace(whole, follows="new", note=note, accepted="")


def is_known_to_vary(verdict: Verdict) -> bool:
    """Tell whether a known difference that varies explains every one of the repeated answers that differs."""
    found = [one for one in (verdict, *verdict.others) if one.difference]
    return bool(found) and all(one.follows == "known" and one.entry and one.entry.varies for one in found)


def _explained(other: Verdict, covering: Sequence[Known]) -> Verdict:
    entry = _explaining(other, covering)
    return replace(other, entry=entry, follows="known") if entry else other


def _departing(context: Context, found: Verdict, outcome: Outcome) -> Verdict | None:
    """Return the verdict on a call without a right answer that did something else than recorded; None if it didn't."""
    recorded = None if context.case.has_answer else context.accepted.behaviours.get(context.target)
    if recorded is None:
        return None
    before, now = recorded.of(context.case.id), behaviour(outcome)
    if before == now or (before is None and context.case.behaviour and context.is_sampled):
        return None  # a sampled mode is asked the others with --slow alone
    adapter = adapter_of(context.target)
    note = (
        f"{context.target} does otherwise than recorded\n"
        f"now:    {now}  ({adapter} {context.version}{in_full(outcome)})\n"
        f"before: {before or 'never recorded'}  ({recorded.version})"
    )
    return replace(found, follows="new" if before is None else "changed", note=note)


def _accepted(context: Context, found: Verdict, covering: Sequence[Known], outcome: Outcome) -> Verdict | None:
    """Return the verdict with the known difference or the recorded behaviour that speaks of it; None if none does."""
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
    """Return the verdict with what follows where nothing is known of the case."""
    if found.status == "unsupported":
        return replace(found, follows="skip")
    return found if found.difference is None else replace(found, follows="new")


def _explaining(found: Verdict, covering: Sequence[Known]) -> Known | None:
    """Return the known difference that accepts a verdict; of a pipeline's later steps each needs one as well."""
    entry = find(covering, found)
    if entry is None or not explains(entry, found):
        return None
    later = all(any(explains(other, step) for other in covering) for step in found.later)
    return entry if later else None


def find(covering: Sequence[Known], found: Verdict) -> Known | None:
    """Return the first entry that decides; one that only some cases show leaves what it doesn't explain to the next."""
    decisive = (entry for entry in covering if entry.shown_by == "all" or explains(entry, found))
    return next(decisive, covering[0] if covering else None)


def explains(entry: Known, found: Verdict) -> bool:
    """Tell whether a verdict is the difference that an entry accepts."""
    return entry.status == found.status and entry.accepts(found.difference, found.diagnosis)
