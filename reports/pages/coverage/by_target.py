"""Coverage by targets: the values that each target was asked, and the values that it answered.

A value is a hole of a target if two things hold. A case of the run has the value, and the limits of the target's mode
admit that case. The target was never asked a case that has the value. A value counts as asked even if every case that
has it was refused, by an error or because the framework has no such operator or argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from adapters.outcome import Returned
from cases.coverage import dimensions
from cases.coverage.dimensions import Value
from cases.model.case import OPERATORS
from reports.judging.judge import judge
from reports.recording.run import Run
from reports.recording.sampling import fits, options_of

OfOperator = tuple[str, Value]
"""An operator, and a value of one of its dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The values that a target's mode admits, those that the target was asked, and those that it answered."""

    target: str
    admitted: frozenset[OfOperator]
    asked: frozenset[OfOperator]
    answered: frozenset[OfOperator]

    @property
    def holes(self) -> list[OfOperator]:
        """Return the values that the target was never asked."""
        return _in_order(self.admitted - self.asked)

    @property
    def refused(self) -> list[OfOperator]:
        """Return the values that the target was asked and never answered."""
        return _in_order(self.asked - self.answered)


def asked(run: Run, targets: Sequence[str]) -> list[Asked]:
    """Return the coverage of each of these targets of a run."""
    values = {case.id: dimensions.values(case) for case in run.cases.values() if dimensions.counts(case)}
    return [_of(run, target, values) for target in targets]


def _of(run: Run, target: str, values: dict[str, tuple[Value, ...]]) -> Asked:
    facts = run.header["targets"][target]
    limits = options_of(facts)
    records = [name for name in values if (name, target) in run.records]

    def values_of(names: Sequence[str]) -> frozenset[OfOperator]:
        return frozenset((run.cases[name].operator, value) for name in names for value in values[name])

    return Asked(
        target=target,
        admitted=values_of([name for name in values if fits(run.cases[name], limits)]),
        asked=values_of(records),
        answered=values_of([name for name in records if _may_answer(run, name, target)]),
    )


def _may_answer(run: Run, name: str, target: str) -> bool:
    """Tell whether a target answered a case, or does so on another processor."""
    answered = isinstance(run.records[name, target].outcome, Returned)
    return answered or judge(run, run.cases[name], target).by_processor


def _in_order(found: frozenset[OfOperator]) -> list[OfOperator]:
    return [(name, value) for name in OPERATORS for value in dimensions.all_values(name) if (name, value) in found]


def table(found: Sequence[Asked]) -> pd.DataFrame:
    """Return a row for each target: how many of the admitted values it was asked, and how many it never answered."""
    rows = [
        {
            "target": one.target,
            "values asked": f"{len(one.admitted & one.asked)} of {len(one.admitted)}",
            "holes": len(one.holes),
            "answered": len(one.answered),
            "always refused": len(one.refused),
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=["target", "values asked", "holes", "answered", "always refused"])


def holes(found: Sequence[Asked]) -> list[str]:
    """Return a line for each value that a target was never asked."""
    return [f"{one.target}: {operator}, {name} {word}" for one in found for operator, (name, word) in one.holes]


def refused(found: Sequence[Asked]) -> pd.DataFrame:
    """Return the values that targets never answered. Targets with the same such values of an operator share a row."""
    sharing: dict[tuple[str, str], list[str]] = {}
    for one in found:
        for operator in OPERATORS:
            if text := _refused_of(one, operator):
                sharing.setdefault((operator, text), []).append(one.target)
    rows = [(operator, ", ".join(targets), text) for (operator, text), targets in sharing.items()]
    rows.sort(key=lambda row: OPERATORS.index(row[0]))
    return pd.DataFrame(rows, columns=["operator", "targets", "never answered"])


def _refused_of(one: Asked, operator: str) -> str:
    refused = [value for name, value in one.refused if name == operator]
    if all(name != operator for name, _ in one.answered):
        return "all" if refused else ""
    return "; ".join(" ".join(value) for value in refused)
