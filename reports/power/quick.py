"""The quick cases: few that together notice every mutant and have every pair of values that a call can have.

``python -m reports power --publish`` chooses them and writes ``cases/quick.txt``, which ``pytest cases --quick`` asks.
It also chooses the still fewer that have every value, and writes ``cases/values.txt``: sampled modes are asked them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final

from cases.coverage import dimensions
from cases.loading.load import find
from cases.loading.lookup import QUICK, SHIPPED, VALUES
from cases.model import dtypes, shapes
from cases.model.case import OPERATORS, Case
from reports.pages.coverage import by_case
from reports.power.cover import least
from reports.power.trial import RAISED, Trial, judged

_GAP: Final = 0.03
"""The part by which there may be more quick cases than are needed. To find the very least takes longer."""


def choose(trials: Mapping[str, Trial]) -> list[str]:
    """Return the ids of the quick cases, in the order of the suite.

    Each mutant is noticed by one of them at least, if a case notices it. Each pair of values stands in one at least, if
    a case has it that is not weak. A mutant that remembers earlier calls may get away, where the case before is not
    chosen: ``power --quick`` tells, and that case has to be added to the file by hand.
    """
    cases = [case for file in find(SHIPPED) for case in judged(file)]
    needs: dict[str, list[list[str]]] = {}
    for name, trial in trials.items():
        needs.setdefault(name.partition("/")[0], []).append(_noticing(trial))
    for operator in OPERATORS:
        counted = [case for case in cases if case.operator == operator and _counts(case)]
        needs.setdefault(operator, []).extend(_with_each(counted, _pairs))
    return _least(cases, needs)


def _noticing(trial: Trial) -> list[str]:
    """Return the ids of the cases that notice a mutant by what it returns; of all that do, if it only raises."""
    returned = [case_id for case_id, way in trial.caught.items() if way != RAISED]
    return sorted(returned or trial.caught)


def choose_values() -> list[str]:
    """Return the ids of few cases that together have every value of each operator, in the order of the suite.

    A value is had by a case that hardly any framework refuses if there is one, because a refused case says nothing
    about its values.
    """
    cases = [case for file in find(SHIPPED) for case in judged(file)]
    needs: dict[str, list[list[str]]] = {}
    for operator in OPERATORS:
        counted = [case for case in cases if case.operator == operator and _counts(case)]
        usual = {case.id for case in counted if _is_usual(case)}
        rows = _with_each(counted, dimensions.values)
        needs[operator] = [[case_id for case_id in row if case_id in usual] or row for row in rows]
    return _least(cases, needs)


def _least(cases: Iterable[Case], needs: Mapping[str, list[list[str]]]) -> list[str]:
    chosen = {case_id for rows in needs.values() for case_id in least(rows, _GAP)}
    return [case.id for case in cases if case.id in chosen]


def _pairs(case: Case) -> Iterable[dimensions.Pair]:
    return dimensions.pairs(dimensions.values(case))


def _counts(case: Case) -> bool:
    return dimensions.counts(case) and not by_case.is_weak_by_definition(case)


def _is_usual(case: Case) -> bool:
    """Tell whether hardly any framework refuses a case: floating-point, not dilated, and not empty."""
    whole = all(0 not in spec.shape for spec in case.inputs.values())
    return case.dtype in dtypes.FLOATS and set(shapes.dilations(case)) == {1} and whole


def _with_each(cases: Iterable[Case], kinds: Callable[[Case], Iterable[Hashable]]) -> list[list[str]]:
    """Return for each kind, such as each pair of values, the ids of the cases that are of it."""
    found: dict[Hashable, list[str]] = {}
    for case in cases:
        for kind in kinds(case):
            found.setdefault(kind, []).append(case.id)
    return list(found.values())


def write(quick: Iterable[str], values: Iterable[str]) -> None:
    """Write the ids to the committed files, one a line, so that ``pytest @cases/quick.txt`` can read them as well."""
    for path, ids in ((QUICK, quick), (VALUES, values)):
        path.write_text("".join(f"{case_id}\n" for case_id in ids), encoding="utf-8")
