"""The smallest set of cases that together notice every mutant: a set cover, solved exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix


def least(caught: Mapping[str, Collection[str]]) -> list[str]:
    """Return the smallest set of cases that notices each mutant by at least one case.

    ``caught`` maps each mutant to the cases that notice it; a mutant that no case notices is left out. If there are
    several smallest sets, early cases are preferred.

    Raises:
        RuntimeError: if the solver finds no solution.
    """
    rows = [sorted(cases) for cases in caught.values() if cases]
    cases = _distinct(rows)
    if not cases:
        return []
    # One case less counts more than any preference of early cases.
    costs = len(cases) ** 2 + np.arange(len(cases))
    found = milp(
        costs,
        integrality=np.ones(len(cases)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(_matrix(rows, cases), lb=1),
        options={"mip_rel_gap": 0},
    )
    if not found.success:
        msg = f"found no smallest set of cases: {found.message}"
        raise RuntimeError(msg)
    return [case for case, chosen in zip(cases, found.x, strict=True) if chosen > 0.5]  # noqa: PLR2004 - 0 or 1


def _matrix(rows: list[list[str]], cases: list[str]) -> csr_matrix:
    """Return a matrix with a row for each mutant and a column for each case, with 1 where the case notices it."""
    columns = {case: number for number, case in enumerate(cases)}
    entries = [(row, columns[case]) for row, names in enumerate(rows) for case in names if case in columns]
    return csr_matrix((np.ones(len(entries)), tuple(zip(*entries, strict=True))), shape=(len(rows), len(cases)))


def _distinct(rows: list[list[str]]) -> list[str]:
    """Return the cases without those that notice exactly the same mutants as an earlier case."""
    noticed: dict[str, set[int]] = {}
    for row, names in enumerate(rows):
        for case in names:
            noticed.setdefault(case, set()).add(row)
    firsts: dict[frozenset[int], str] = {}
    for case in sorted(noticed):
        firsts.setdefault(frozenset(noticed[case]), case)
    return sorted(firsts.values())
