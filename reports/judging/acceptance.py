"""Acceptance: what follows from an answer, by facts and recorded behaviours.

The order counts. First, a repeat that returned something else fails. Then a behaviour fails that is not the recorded
one. Then a fact explains what differs, or else the fact has changed or vanished.

What is known of other versions than the one that runs still explains, and fails nothing: the framework may have
changed. With ``--strict-versions`` only what is known of this version counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from adapters.outcome import Outcome
from cases.model.case import Case
from reports.judging.behaviours import Accepted, behaviour
from reports.judging.compare import Difference
from reports.judging.facts import Fact
from reports.judging.verdict import DRAWN, RECORDED, Follows, Verdict
from reports.recording.messages import in_full
from reports.recording.run import FUZZ, STRICT, Run
from reports.recording.sampling import SIZES_ONLY, WHOLE
from reports.recording.targets import adapter_of, is_near, like, place_of, version_of


@dataclass(frozen=True, kw_only=True)
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

    @cached_property
    def like(self) -> str:
        """The target whose facts count."""
        return like(self.run, self.target)

    @property
    def recorded_as(self) -> str:
        """The target whose recorded behaviours count: its own, or else those of the one that it is like."""
        return self.target if self.target in self.accepted.behaviours else self.like

    @cached_property
    def place(self) -> dict[str, Any]:
        """The properties of the target that facts can read."""
        return place_of(self.run, self.target)

    @cached_property
    def covering(self) -> list[tuple[Fact, frozenset[str]]]:
        """The facts that are about this case on this target, each with the steps of the case that it is about."""
        facts = self.accepted.about(self.case, self.target, self.like)
        if self.has_sizes_only:
            facts = [fact for fact in facts if fact.differs not in {"value", "index"}]
        if not self.allows_other_versions:
            facts = [fact for fact in facts if self.is_known(fact)]
        found = ((fact, self.accepted.steps(fact, self.case, self.place)) for fact in facts)
        return [(fact, steps) for fact, steps in found if steps]

    def is_known(self, fact: Fact) -> bool:
        """Tell whether a fact is known of the version that ran, or is the user's own."""
        return self.accepted.knows(fact, self.version)

    @property
    def allows_other_versions(self) -> bool:
        """Tell whether what is known of other versions counts as well."""
        return not self.run.header.get(STRICT)

    @property
    def has_sizes_only(self) -> bool:
        """Tell whether the target's answers are shapes and dtypes alone."""
        return bool(self.run.header["targets"][self.target].get(SIZES_ONLY))

    def end_of_whole(self, found: Verdict) -> str:
        """Return the last step of a pipeline that was one call and returned something else; "" of any other answer."""
        is_whole = bool(self.run.header["targets"][self.target].get(WHOLE)) and found.status == "differing"
        return self.case.steps[-1].name if is_whole and self.case.steps else ""

    @cached_property
    def is_near(self) -> bool:
        """Tell whether what is known of the target that this one is like may show here and need not."""
        return is_near(self.run, self.target)

    def has_to_show(self, fact: Fact) -> bool:
        """Tell whether a case that meets a fact's condition has to show it."""
        return fact.is_strict and (not self.is_near or fact.names(self.target))

    @property
    def is_sampled(self) -> bool:
        """Tell whether the target's mode is by default asked only some of the cases."""
        return bool(self.run.header["targets"][self.target].get("sampled"))


def follow(context: Context, found: Verdict, outcome: Outcome) -> Verdict:
    """Return the verdict with what follows from it."""
    marked = replace(
        found,
        by_processor=_is_decided_by_processor(context),
        may_vary=any(fact.varies for fact, _ in context.covering),
    )
    if marked.status == "unjudged":
        return replace(marked, follows="error")
    return _departing(context, marked, outcome) or _accepted(context, marked, outcome) or _plain(marked)


def with_repeats(context: Context, verdict: Verdict, others: Sequence[Verdict]) -> Verdict:
    """Return the verdict on an answer with ``others``, the verdicts on repeats that did not return the same."""
    if not others:
        return verdict
    whole = replace(verdict, others=tuple(_explained(context, other) for other in others))
    times = context.run.repeats[context.case.id, context.target] + 1
    note = f"the answers vary: {len(others)} of {times} are not the first one"
    return whole if is_known_to_vary(whole) else replace(whole, follows="new", note=note, accepted="")


def is_known_to_vary(verdict: Verdict) -> bool:
    """Tell whether facts that may vary explain every answer to a repeated call that differs."""
    found = [one for one in (verdict, *verdict.others) if one.difference]
    return bool(found) and all(one.follows == "known" and one.fact and one.fact.varies for one in found)


def _explained(context: Context, other: Verdict) -> Verdict:
    fact = _explaining(context, other)
    return replace(other, fact=fact, follows="known") if fact else other


def _is_decided_by_processor(context: Context) -> bool:
    """Tell whether a fact would be about the case with AVX512 and not without it, or the other way round."""
    facts = [
        fact for fact in context.accepted.about(context.case, context.target, context.like) if fact.reads_processor
    ]
    if not facts:
        return False
    with_it, without = ({**context.place, "avx512": has} for has in (True, False))
    steps = context.accepted.steps
    return any(steps(fact, context.case, with_it) != steps(fact, context.case, without) for fact in facts)


def _departing(context: Context, found: Verdict, outcome: Outcome) -> Verdict | None:
    """Return the verdict on a call without a right answer whose behaviour is not the recorded one; None if it is."""
    may_differ = context.is_near and context.recorded_as != context.target
    has_none = context.case.has_answer or FUZZ in context.run.header or may_differ
    recorded = None if has_none else context.accepted.behaviours.get(context.recorded_as)
    if recorded is None:
        return None
    before, now = recorded.of(context.case.id), behaviour(outcome)
    if before == now or (before is None and context.case.behaviour and context.is_sampled):
        return None  # a sampled mode is asked its other cases only with --slow, so they may have no record
    adapter = adapter_of(context.target)
    of_another = "" if context.recorded_as == context.target else f" of {context.recorded_as}"
    note = (
        f"{context.target} does otherwise than recorded{of_another}\n"
        f"now:    {now}  ({adapter} {context.version}{in_full(outcome)})\n"
        f"before: {before or 'never recorded'}  ({recorded.version})"
    )
    if context.allows_other_versions and recorded.versions.get(adapter) != context.version:
        return _elsewhere(found, recorded.version, f"otherwise than recorded of {recorded.version}", note)
    return replace(found, follows="new" if before is None else "changed", note=note)


def _accepted(context: Context, found: Verdict, outcome: Outcome) -> Verdict | None:
    """Return the verdict by the fact or the recorded behaviour that is about it; None if there is none."""
    if fact := _explaining(context, found):
        known = replace(found, follows="known", fact=fact, accepted=fact.fact)
        return known if context.is_known(fact) else replace(known, of_version=fact.versions)
    before = None if context.case.has_answer else context.accepted.behaviour(context.case.id, context.recorded_as)
    if before is not None and before == behaviour(outcome):
        return replace(found, follows="known", accepted=RECORDED) if found.difference else None
    if FUZZ in context.run.header and context.case.invalid is not None and found.status in DRAWN:
        return replace(found, follows="known", accepted=DRAWN[found.status])
    strict = [fact for fact, _ in context.covering if context.has_to_show(fact)]
    return _broken(context, found, strict) if strict and found.status != "unsupported" else None


def _broken(context: Context, found: Verdict, facts: Sequence[Fact]) -> Verdict | None:
    """Return the verdict on an answer that none of the facts about it explains; None if it is just a new difference."""
    fact = next((fact for fact in facts if context.is_known(fact)), None)
    if fact is None:
        fact = facts[0]
        gone = f"known of {fact.versions}, and gone in {context.version}: {fact.fact}"
        return None if found.difference else _elsewhere(replace(found, fact=fact), fact.versions, gone, gone)
    if found.difference is not None:
        return replace(found, follows="changed", fact=fact, note=f"a fact has changed (it was: {fact.fact})")
    return replace(
        found, follows="vanished", fact=fact, note=f"a fact does not show any more ({found.status} now): {fact.fact}"
    )


def _elsewhere(found: Verdict, version: str, accepted: str, note: str) -> Verdict:
    """Return the verdict on an answer that is otherwise than what is known of another version."""
    follows: Follows = "known" if found.difference else "gone"
    return replace(found, follows=follows, of_version=version, accepted=accepted if found.difference else "", note=note)


def _plain(found: Verdict) -> Verdict:
    """Return the verdict with what follows where nothing is accepted for the case."""
    if found.status == "unsupported":
        return replace(found, follows="skip")
    return found if found.difference is None else replace(found, follows="new")


def _explaining(context: Context, found: Verdict) -> Fact | None:
    """Return the fact that explains a verdict; None if there is none.

    Each later step of a pipeline that differs needs a fact as well.
    """
    fact = _of_step(context, found)
    return fact if fact and all(_of_step(context, step) for step in found.later) else None


def _of_step(context: Context, found: Verdict) -> Fact | None:
    """Return the fact that explains a call, or the step of a pipeline that a verdict names."""
    name = found.step or context.end_of_whole(found)
    # What a whole program returns is also what its earlier steps make of it. Only a fact of this very target says so,
    # and says how far off the end is.
    whole = bool(name) and not found.step
    covering = (
        fact
        for fact, steps in context.covering
        if not name or name in steps or (whole and fact.diagnosis and fact.names(context.target))
    )
    return next((fact for fact in covering if _explains(context, fact, found)), None)


def _explains(context: Context, fact: Fact, found: Verdict) -> bool:
    """Tell whether a fact explains a verdict. Of a shape or a dtype alone there is no diagnosis by values."""
    diagnosis = fact.diagnosis if context.has_sizes_only else found.diagnosis
    return fact.explains(found.status, _of_its_call(context, found), diagnosis)


def _of_its_call(context: Context, found: Verdict) -> Difference | None:
    """Return a difference with the output's name in its call: of a step it has the tensor's name in the pipeline."""
    step = next((step for step in context.case.steps if step.name == found.step), None)
    if step is None or found.difference is None:
        return found.difference
    names = {tensor: output for output, tensor in step.returns.items()}
    return replace(found.difference, output=names.get(found.difference.output, found.difference.output))
