"""How much of what calls can be the cases cover: values, and pairs of values, of every operator.

A value or a pair is covered if some case has it whose right answer shows something (see ``reports.weak``). A hole is a
pair that a call can have (see ``cases.feasible``) and no such case has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from adapters.oracle import Oracle
from cases.coverage import dimensions
from cases.coverage.dimensions import Pair, Value
from cases.coverage.feasible import Space, space
from cases.loading.lookup import SHIPPED, every
from cases.model.case import OPERATORS, Case
from cases.model.fill import fill
from reports.judging.expectation import NoExpectationError, expectation
from reports.pages.coverage import by_target
from reports.pages.coverage.weak import is_weak
from reports.recording.run import Run

_NO_SIZES: Final = "no sizes have both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the cases of one operator cover: how many cases have each value and each pair, and which are weak."""

    operator: str
    cases: int = 0
    weak: list[Case] = field(default_factory=list)
    by_value: Counter[Value] = field(default_factory=Counter)
    by_pair: Counter[Pair] = field(default_factory=Counter)

    @property
    def space(self) -> Space:
        """What calls of the operator can be."""
        return space(self.operator)

    @property
    def holes(self) -> list[Pair]:
        """The pairs that a call can have and no case has."""
        return [pair for pair in dimensions.all_pairs(self.operator) if self._lacks(pair)]

    def _lacks(self, pair: Pair) -> bool:
        return pair in self.space.feasible and not self.by_pair[pair]


def covered(cases: Iterable[Case], weak: Callable[[Case], bool]) -> list[Covered]:
    """What cases cover, each operator that they are of; ``weak`` tells which of them prove too little to count."""
    counted = [case for case in cases if dimensions.counts(case)]
    parts = ([case for case in counted if case.operator == operator] for operator in OPERATORS)
    return [_of(part[0].operator, part, weak) for part in parts if part]


def _of(operator: str, cases: Sequence[Case], weak: Callable[[Case], bool]) -> Covered:
    found = Covered(operator=operator, cases=len(cases), weak=[case for case in cases if weak(case)])
    left_out = {case.id for case in found.weak}
    for case in cases:
        if case.id not in left_out:
            said = dimensions.values(case)
            found.by_value.update(said)
            found.by_pair.update(dimensions.pairs(said))
    return found


def of_run(run: Run) -> list[Covered]:
    """What the cases of a run cover."""
    return covered(run.cases.values(), lambda case: _is_weak_in(run, case))


def _is_weak_in(run: Run, case: Case) -> bool:
    """Weak by the recorded right answer; a case without one proves nothing."""
    try:
        return is_weak(case, np.asarray(expectation(run, case)["output"]))
    except NoExpectationError:
        return True


def of_suite() -> list[Covered]:
    """What the suite's own cases cover, without a run: the definition is computed here."""
    return covered(every(SHIPPED), is_weak_by_definition)


def is_weak_by_definition(case: Case) -> bool:
    """Weak by the definition's answer."""
    return is_weak(case, Oracle().run(case, fill(case))["output"])


def summary(found: Iterable[Covered]) -> pd.DataFrame:
    """A row for each operator: its cases, how many of the values and pairs that there can be they cover, and holes."""
    return pd.DataFrame([_figures(one) for one in found])


def _figures(one: Covered) -> dict[str, Any]:
    can_be = one.space
    return {
        "operator": one.operator,
        "cases": f"{one.cases:,}",
        "of them weak": len(one.weak),
        "values": f"{sum(one.by_value[value] > 0 for value in can_be.single)} of {len(can_be.single)}",
        "pairs": f"{len(can_be.feasible) - len(one.holes)} of {len(can_be.feasible)}",
        "holes": len(one.holes),
        "pairs of one case": sum(one.by_pair[pair] == 1 for pair in can_be.feasible),
    }


def holes(found: Iterable[Covered]) -> list[str]:
    """A line for each hole."""
    return [f"{one.operator}: {_say(first)} with {_say(second)}" for one in found for first, second in one.holes]


def _say(value: Value) -> str:
    return f"{value[0]} {value[1]}"


def counts(one: Covered) -> pd.DataFrame:
    """A row for each dimension of an operator: its values, each with how many cases have it."""
    rows = [
        (name, "; ".join(f"{word}: {one.by_value[name, word]:,}" for word in words))
        for name, words in dimensions.dimensions(one.operator).items()
    ]
    return pd.DataFrame(rows, columns=["dimension", "cases of each value"])


def weak(found: Iterable[Covered]) -> pd.DataFrame:
    """A row for each topic that has weak cases."""
    topics = Counter((one.operator, case.topic) for one in found for case in one.weak)
    rows = [(*topic, count) for topic, count in topics.items()]
    return pd.DataFrame(rows, columns=["operator", "topic", "weak cases"])


def infeasible(found: Iterable[Covered]) -> pd.DataFrame:
    """The pairs that no call has, those of one value and one reason in a row, with the operators that have them."""
    operators: dict[tuple[Pair, str], list[str]] = {}
    for one in found:
        for pair, why in one.space.infeasible.items():
            operators.setdefault((pair, why or _NO_SIZES), []).append(one.operator)
    rows: dict[tuple[str, str, str], list[str]] = {}
    for ((first, second), why), names in operators.items():
        rows.setdefault((_say(second), why, _all(names)), []).append(_say(first))
    table = [(value, "; ".join(others), why, names) for (value, why, names), others in rows.items()]
    return pd.DataFrame(table, columns=["a call with", "never has", "why", "operators"])


def _all(operators: Sequence[str]) -> str:
    return "all" if len(operators) == len(OPERATORS) else ", ".join(operators)


def rows(found: Iterable[Covered]) -> pd.DataFrame:
    """A row for each pair of values of each operator: how many cases have it, and if none can, why."""
    return pd.DataFrame([row for one in found for row in _rows(one)])


def _rows(one: Covered) -> Iterator[dict[str, Any]]:
    for pair in dimensions.all_pairs(one.operator):
        (dimension, value), (other, its_value) = pair
        feasible = pair in one.space.feasible
        yield {
            "operator": one.operator,
            "dimension": dimension,
            "value": value,
            "other dimension": other,
            "other value": its_value,
            "feasible": feasible,
            "cases": one.by_pair[pair],
            "why not": "" if feasible else one.space.infeasible[pair] or _NO_SIZES,
        }


def page(run: Run, found: Sequence[Covered], targets: Sequence[str]) -> dict[str, Any]:
    """What the page says of a run, whose cases cover what was ``found``; ``targets`` are the modes and devices."""
    asked = by_target.asked(run, targets)
    return {
        "summary": summary(found),
        "holes": holes(found),
        "targets": by_target.table(asked),
        "target_holes": by_target.holes(asked),
        "refused": by_target.refused(asked),
        "infeasible": infeasible(found),
        "operators": [(one.operator, counts(one)) for one in found],
        "weak": weak(found),
    }
