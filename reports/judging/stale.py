"""Stale knowledge: facts that explain nothing any more, behaviours of cases that are gone, and other versions.

Only a whole run can show the first two: in a run of a part, the cases that show a fact may not have been asked.
"""

from __future__ import annotations

from collections import Counter

from reports.judging.behaviours import Accepted
from reports.judging.facts import Fact
from reports.judging.judge import judged
from reports.recording.run import Run
from reports.recording.sampling import fits, is_asked_all, options_of
from reports.recording.targets import ORACLE, adapter_of, place_of, version_of


def entries(run: Run, accepted: Accepted, *, whole: bool, chosen: bool = False) -> list[str]:
    """Return a line for each fact of this version that explains no answer of a ``whole`` run, and for lost cases.

    A fact is not judged if its targets were not asked every case that it is about, or if the processor decides and this
    one does not show it. In a run of a part nothing is stale. Where the user has ``chosen`` targets, no fact is
    judged that need not show: another target may show it.
    """
    if not whole or not _asked_all(run):
        return []
    explaining = {id(verdict.fact) for _, _, verdict in judged(run) if verdict.follows == "known" and verdict.fact}
    places = {f"reports/known/{adapter}.yaml": known for adapter, known in accepted.facts.items()}
    places["your own files (--known)"] = accepted.own
    return _gone(run, accepted) + [
        f"stale: a fact of {place} explains nothing here; remove or correct it: {fact.fact}"
        for place, known in places.items()
        for fact in known
        if id(fact) not in explaining
        and not fact.varies
        and (fact.is_strict or not chosen)
        and _has_to_show(run, accepted, fact)
    ]


def other_versions(run: Run) -> list[str]:
    """Return a line for each framework whose answers were held against what is known of other versions."""
    still: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for _, target, verdict in judged(run):
        if verdict.of_version:
            name = f"{adapter_of(target)} {version_of(run, target)}"
            (gone if verdict.follows == "gone" else still)[name] += 1
    return [
        f"{name}: {still[name]:,} answers depart as other versions do, and {gone[name]:,} no longer do; "
        "with --strict-versions these fail"
        for name in sorted({*still, *gone})
    ]


def _asked_all(run: Run) -> bool:
    """Tell whether at least one target is asked every case: where all have limits, some cases are not asked at all."""
    return any(target != ORACLE and is_asked_all(facts) for target, facts in run.header["targets"].items())


def _gone(run: Run, accepted: Accepted) -> list[str]:
    """Return a line for each target that has recorded behaviours of cases that no longer exist."""
    files = {name: kept for name, kept in accepted.behaviours.items() if name in run.header["targets"]}
    lost = {name: [case for case in kept.ids if case not in run.cases] for name, kept in files.items()}
    return [
        f"stale: reports/known/behaviours/{name}.yaml has lines of cases that no longer exist ({len(cases)}, such as "
        f"{cases[0]}); to remove them: python -m reports record {run.path}"
        for name, cases in lost.items()
        if cases
    ]


def _has_to_show(run: Run, accepted: Accepted, fact: Fact) -> bool:
    """Tell whether a target ran that was asked everything, or each target was asked every case that a fact is about."""
    limits = run.header["targets"]
    ran = [target for target in limits if fact.concerns(target) and accepted.knows(fact, version_of(run, target))]
    deciding = [target for target in ran if is_asked_all(limits[target])] or ran
    about = {target: _ids_of(run, accepted, fact, target) for target in deciding}
    asked = all((case_id, target) in run.records for target, ids in about.items() for case_id in ids)
    # A fact about no case at all can't show anywhere, unless another processor would make it be about some.
    return bool(about) and asked and (not fact.reads_processor or any(about.values()))


def _ids_of(run: Run, accepted: Accepted, fact: Fact, target: str) -> list[str]:
    """Return the ids of the cases that a fact is about, of those that a target may be asked."""
    place, limits = place_of(run, target), options_of(run.header["targets"][target])
    return [case.id for case in run.cases.values() if fits(case, limits) and accepted.steps(fact, case, place)]
