"""The findings: each fact with how many cases show it, where, and the smallest call that does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy.typing as npt

from adapters.outcome import arrays_of
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.behaviours import Accepted
from reports.judging.expectation import wanted
from reports.judging.facts import Fact
from reports.judging.judge import judge, judged
from reports.judging.verdict import Verdict
from reports.pages.markdown import page_of
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.targets import adapter_of, is_framework, is_near, like, version_of

_SHOWN: Final = 24
"""The most elements of inputs, and of an output, that are written out."""
_TITLES: Final = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX", "flax": "Flax"}


@dataclass(slots=True, kw_only=True)
class Finding:
    """A fact, and the answers of a run that show it: case -> targets.

    Answers that the processor decides, or that vary, do not count.
    """

    fact: Fact
    shown: dict[str, list[str]] = field(default_factory=dict)
    smallest: tuple[Case, str] | None = None

    def add(self, case: Case, target: str) -> None:
        """Note an answer that shows the fact."""
        self.shown.setdefault(case.id, []).append(target)
        if self.smallest is None or size(case) < size(self.smallest[0]):
            self.smallest = case, target

    @property
    def modes(self) -> str:
        """Return the modes that show the fact, in alphabetical order."""
        return ", ".join(sorted({target.split("-")[1] for targets in self.shown.values() for target in targets}))


def size(case: Case) -> tuple[bool, bool, int, str]:
    """Return what orders cases from the smallest: the elements of their inputs, then the id.

    Pipelines come last, and empty tensors after all others: they show a fault of another kind, or nothing.
    """
    elements = [math.prod(spec.shape) for spec in case.inputs.values()]
    return bool(case.steps), 0 in elements, sum(elements), case.id


def findings(run: Run, accepted: Accepted) -> dict[str, list[Finding]]:
    """Return the findings by adapter, for each framework of a run, in the order of the facts.

    Facts about targets that are not in the run are left out. Of a framework that was asked only in modes near to others
    the facts that name these modes stay: the others are those of the modes that they are near to.
    """
    adapters = sorted({adapter_of(target) for target in run.header["targets"] if is_framework(target)})
    found = {
        name: [
            Finding(fact=fact)
            for fact in accepted.facts.get(name, ())
            if fact.holds_in(version(run, name))
            and any(_is_shown(run, fact, target) for target in run.header["targets"])
        ]
        for name in adapters
    }
    by_fact = {id(finding.fact): finding for several in found.values() for finding in several}
    for case, target, verdict in judged(run):
        if (
            verdict.follows == "known"
            and id(verdict.fact) in by_fact
            and not (verdict.by_processor or verdict.may_vary)
        ):
            by_fact[id(verdict.fact)].add(case, target)
    return {name: several for name, several in found.items() if several}


def _is_shown(run: Run, fact: Fact, target: str) -> bool:
    if is_near(run, target):
        return fact.names(target)
    return fact.concerns(target) or fact.concerns(like(run, target))


def page(run: Run, accepted: Accepted) -> str:
    """Return the page."""
    groups = [
        {"title": f"{title(name)} {version(run, name)}", "facts": [_entry(run, one) for one in several]}
        for name, several in findings(run, accepted).items()
    ]
    return page_of("findings.md", run, groups=groups)


def title(adapter: str) -> str:
    """Return a framework's name as people write it."""
    return _TITLES.get(adapter, adapter)


def version(run: Run, adapter: str) -> str:
    """Return the version of an adapter's framework in a run."""
    return version_of(run, next(target for target in run.header["targets"] if adapter_of(target) == adapter))


def _entry(run: Run, finding: Finding) -> dict[str, Any]:
    fact, call, numbers = finding.fact, "", []
    if finding.smallest is not None:
        case, target = finding.smallest
        verdict = judge(run, case, target)
        call = call_line(run.call(run.records[case.id, target]), verdict.step)
        numbers = _numbers(run, case, target, verdict)
    return {
        "fact": fact,
        "cases": len(finding.shown),
        "modes": finding.modes,
        "case": finding.smallest[0].id if finding.smallest else "",
        "call": call,
        "numbers": numbers,
    }


def _numbers(run: Run, case: Case, target: str, verdict: Verdict) -> list[str]:
    """Return lines with the inputs of a small call, and with what was expected and came back where values differ."""
    inputs = {} if case.steps else fill(case)
    if not inputs or sum(array.size for array in inputs.values()) > _SHOWN:
        return []
    lines = [f"{name} {array.shape} = {_flat(array)}" for name, array in inputs.items() if array.size]
    differs = wanted(run, case, target, verdict)
    if differs is not None and differs[1].size <= _SHOWN:
        name, right = differs
        came = dict(arrays_of(run.records[case.id, target].outcome))[name]
        lines += [f"expected {name} = {_flat(right)}", f"returned {name} = {_flat(came)}"]
    return lines


def _flat(array: npt.NDArray[Any]) -> str:
    return ", ".join(f"{number:.9g}" if isinstance(number, float) else str(number) for number in array.ravel().tolist())


def where(finding: Finding) -> str:
    """Return in brackets how many cases show a finding, and in which modes, or why none does."""
    if not finding.shown:
        varies = "(varies from run to run)" if finding.fact.varies else "(with --slow)"
        return "(decided by the processor)" if finding.fact.reads_processor else varies
    cases = "case" if len(finding.shown) == 1 else "cases"
    return f"({len(finding.shown):,} {cases}; {finding.modes})"
