"""The quick cases: few that together notice every mutant and have every pair of values that a call can have.

``python -m reports power --publish`` chooses them and writes ``cases/quick.txt``, which ``pytest cases --quick`` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cases.coverage import dimensions
from cases.loading.load import find
from cases.loading.lookup import QUICK, SHIPPED
from cases.model.case import OPERATORS, Case
from reports.pages.coverage import by_case
from reports.power.cover import least
from reports.power.trial import Trial, judged

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
        needs.setdefault(name.partition("/")[0], []).append(sorted(trial.caught))
    for operator in OPERATORS:
        needs.setdefault(operator, []).extend(_with_each_pair(case for case in cases if case.operator == operator))
    chosen = {case_id for rows in needs.values() for case_id in least(rows, _GAP)}
    return [case.id for case in cases if case.id in chosen]


def _with_each_pair(cases: Iterable[Case]) -> list[list[str]]:
    """Return for each pair of values the ids of the cases that have it, without the weak ones."""
    found: dict[dimensions.Pair, list[str]] = {}
    for case in cases:
        if dimensions.counts(case) and not by_case.is_weak_by_definition(case):
            for pair in dimensions.pairs(dimensions.values(case)):
                found.setdefault(pair, []).append(case.id)
    return list(found.values())


def write(ids: Iterable[str]) -> None:
    """Write the ids to the committed file, one a line, so that ``pytest @cases/quick.txt`` can read it as well."""
    QUICK.write_text("".join(f"{case_id}\n" for case_id in ids), encoding="utf-8")
