"""Which values each target was asked, and which it answered: pairs of a value with a mode and a device.

A value that a target was never asked is a hole, if some case of the run has it and the mode's own limits admit that
case. A value of which every case was refused, by the framework or because it has no such thing, was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from adapters.base import ModeOptions
from adapters.outcome import Returned
from cases.coverage import dimensions
from cases.coverage.dimensions import Value
from cases.model.case import OPERATORS
from reports.recording.run import Run
from reports.recording.sampling import LIMITS, fits

OfOperator = tuple[str, Value]
"""An operator, and a value of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What there was to ask a target, what it was asked, and what it returned an answer to."""

    target: str
    admitted: frozenset[OfOperator]
    asked: frozenset[OfOperator]
    answered: frozenset[OfOperator]

    @property
    def holes(self) -> list[OfOperator]:
        """What it was never asked."""
        return _in_order(self.admitted - self.asked)

    @property
    def refused(self) -> list[OfOperator]:
        """What it was asked and never answered."""
        return _in_order(self.asked - self.answered)


def asked(run: Run, targets: Sequence[str]) -> list[Asked]:
    """What each of these targets of a run was asked."""
    values = {case.id: dimensions.values(case) for case in run.cases.values() if dimensions.counts(case)}
    return [_of(run, target, values) for target in targets]


def _of(run: Run, target: str, values: dict[str, tuple[Value, ...]]) -> Asked:
    facts = run.header["targets"][target]
    limits = ModeOptions(**{name: facts[name] for name in LIMITS & facts.keys()})
    records = {name: run.records[name, target] for name in values if (name, target) in run.records}

    def of(names: Sequence[str]) -> frozenset[OfOperator]:
        return frozenset((run.cases[name].operator, value) for name in names for value in values[name])

    return Asked(
        target=target,
        admitted=of([name for name in values if fits(run.cases[name], limits)]),
        asked=of([*records]),
        answered=of([name for name, record in records.items() if isinstance(record.outcome, Returned)]),
    )


def _in_order(found: frozenset[OfOperator]) -> list[OfOperator]:
    return [(name, value) for name in OPERATORS for value in dimensions.all_values(name) if (name, value) in found]


def table(found: Sequence[Asked]) -> pd.DataFrame:
    """A row for each target: how many values it was asked, of how many, and how many it never answered."""
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
    """A line for each value that a target was never asked."""
    return [f"{one.target}: {operator}, {name} {word}" for one in found for operator, (name, word) in one.holes]


def refused(found: Sequence[Asked]) -> pd.DataFrame:
    """The values that targets never answered, in a row for each operator those that share them."""
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
