"""Coverage by cases: for every operator, the values that the cases have, and those that stand in one case together.

A value, a pair or a triple is covered if a case that is not weak has it (see ``reports.pages.coverage.weak``). A hole
is a pair or a triple that a call can have (see ``cases.coverage.feasible``) and that is not covered.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact, Oracle
from adapters.outcome import Returned
from cases.coverage import dimensions
from cases.coverage.dimensions import Pair, Value
from cases.coverage.feasible import Space, space
from cases.coverage.triples import Triple, possible, triples
from cases.loading.lookup import SHIPPED, every
from cases.model.case import OPERATORS, Case
from cases.model.fill import fill
from reports.judging.expectation import literal
from reports.pages.coverage import by_target
from reports.pages.coverage.weak import is_weak
from reports.recording.run import Run
from reports.recording.targets import ORACLE

_NO_SIZES: Final = "no sizes have both"


@dataclass(frozen=True, kw_only=True)  # without slots, because ``holes`` is kept
class Covered:
    """The coverage of one operator: how many cases have each value, pair and triple, and which cases are weak."""

    operator: str
    cases: int = 0
    weak: list[Case] = field(default_factory=list)
    by_value: Counter[Value] = field(default_factory=Counter)
    by_pair: Counter[Pair] = field(default_factory=Counter)
    by_triple: Counter[Triple] = field(default_factory=Counter)

    @property
    def space(self) -> Space:
        """Return the values and pairs that calls of the operator can have."""
        return space(self.operator)

    @functools.cached_property
    def holes(self) -> list[Pair]:
        """Return the pairs that a call can have and no case has."""
        return [pair for pair in dimensions.all_pairs(self.operator) if self._lacks(pair)]

    def _lacks(self, pair: Pair) -> bool:
        return pair in self.space.feasible and not self.by_pair[pair]

    @functools.cached_property
    def triples(self) -> tuple[Triple, ...]:
        """The triples that a call can have."""
        return tuple(possible(self.operator, self.space))

    @functools.cached_property
    def triple_holes(self) -> list[Triple]:
        """The triples that a call can have and no case has."""
        return [triple for triple in self.triples if not self.by_triple[triple]]


def covered(cases: Iterable[Case], weak: Callable[[Case], bool]) -> list[Covered]:
    """Return the coverage of each operator that has cases. ``weak`` tells whether a case proves too little to count."""
    counted = [case for case in cases if dimensions.counts(case)]
    parts = ([case for case in counted if case.operator == operator] for operator in OPERATORS)
    return [_of(part[0].operator, part, weak) for part in parts if part]


def _of(operator: str, cases: Sequence[Case], weak: Callable[[Case], bool]) -> Covered:
    found = Covered(operator=operator, cases=len(cases), weak=[case for case in cases if weak(case)])
    left_out = {case.id for case in found.weak}
    for case in cases:
        if case.id not in left_out:
            values = dimensions.values(case)
            found.by_value.update(values)
            found.by_pair.update(dimensions.pairs(values))
            found.by_triple.update(triples(values))
    return found


def of_run(run: Run) -> list[Covered]:
    """Return the coverage by the cases of a run."""
    return covered(run.cases.values(), lambda case: _is_weak_in(run, case))


def _is_weak_in(run: Run, case: Case) -> bool:
    """Tell whether a case is weak by the recorded right answer. A case without a right answer proves nothing."""
    record = run.records.get((case.id, ORACLE))
    returned = record.outcome.arrays if record and isinstance(record.outcome, Returned) else {}
    right = literal(case) or dict(returned)
    return not right or is_weak(case, right["output"])


def of_suite() -> list[Covered]:
    """Return the coverage by the suite's own cases. No run is needed, because the oracle computes each answer here."""
    return covered(every(SHIPPED), is_weak_by_definition)


def is_weak_by_definition(case: Case) -> bool:
    """Tell whether a case is weak by the oracle's answer. A case to which the oracle has no answer proves nothing."""
    try:
        right = Oracle().run(case, fill(case))
    except (InvalidCall, NotExact, NotSupported):
        return True
    return is_weak(case, right["output"])


def summary(found: Iterable[Covered]) -> pd.DataFrame:
    """Return a row for each operator: its cases, and how many of the possible values, pairs and triples it has."""
    return pd.DataFrame([_figures(one) for one in found])


def _figures(one: Covered) -> dict[str, Any]:
    possible = one.space
    return {
        "operator": one.operator,
        "cases": f"{one.cases:,}",
        "of them weak": len(one.weak),
        "values": f"{sum(one.by_value[value] > 0 for value in possible.single)} of {len(possible.single)}",
        "pairs": f"{len(possible.feasible) - len(one.holes)} of {len(possible.feasible)}",
        "triples": f"{len(one.triples) - len(one.triple_holes)} of {len(one.triples)}",
        "holes": len(one.holes) + len(one.triple_holes),
        "pairs of one case": sum(one.by_pair[pair] == 1 for pair in possible.feasible),
    }


def holes(found: Iterable[Covered]) -> list[str]:
    """Return a line for each hole."""
    return [
        f"{one.operator}: {' with '.join(map(_text, values))}"
        for one in found
        for values in (*one.holes, *one.triple_holes)
    ]


def _text(value: Value) -> str:
    dimension, word = value
    return f"{dimension} {word}"


def counts(one: Covered) -> pd.DataFrame:
    """Return a row for each dimension of an operator: its values, and how many cases have each value."""
    rows = [
        (name, "; ".join(f"{word}: {one.by_value[name, word]:,}" for word in words))
        for name, words in dimensions.dimensions(one.operator).items()
    ]
    return pd.DataFrame(rows, columns=["dimension", "cases of each value"])


def weak(found: Iterable[Covered]) -> pd.DataFrame:
    """Return a row for each topic that has weak cases."""
    topics = Counter((one.operator, case.topic) for one in found for case in one.weak)
    rows = [(*topic, count) for topic, count in topics.items()]
    return pd.DataFrame(rows, columns=["operator", "topic", "weak cases"])


def infeasible(found: Iterable[Covered]) -> pd.DataFrame:
    """Return the pairs that no call can have. Pairs share a row if they share a value, a reason and their operators."""
    operators: dict[tuple[Pair, str], list[str]] = {}
    for one in found:
        for pair, why in one.space.infeasible.items():
            operators.setdefault((pair, why or _NO_SIZES), []).append(one.operator)
    rows: dict[tuple[str, str, str], list[str]] = {}
    for ((first, second), why), names in operators.items():
        rows.setdefault((_text(second), why, _all(names)), []).append(_text(first))
    table = [(value, "; ".join(others), why, names) for (value, why, names), others in rows.items()]
    return pd.DataFrame(table, columns=["a call with", "never has", "why", "operators"])


def _all(operators: Sequence[str]) -> str:
    return "all" if len(operators) == len(OPERATORS) else ", ".join(operators)


def rows(found: Iterable[Covered]) -> pd.DataFrame:
    """Return a row for each pair of values of each operator: how many cases have it, or why no call can have it."""
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
    """Return the parts of the page's template. ``found`` is the coverage by the run's cases."""
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
