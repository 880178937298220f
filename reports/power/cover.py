"""Small sets of cases that together meet every need, such as to notice each mutant: a set cover."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix


def least(needs: Iterable[Collection[str]], gap: float = 0.0) -> list[str]:
    """Return the smallest set of cases that meets each need by at least one case.

    Each need is given by the cases that meet it, such as those that notice a mutant; one that no case meets is left
    out. If there are several smallest sets, early cases are preferred. With a ``gap`` the set may be larger by this
    part, and is found sooner.

    Raises:
        RuntimeError: if the solver finds no solution.
    """
    rows = [sorted(cases) for cases in needs if cases]
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
        options={"mip_rel_gap": gap},
    )
    if not found.success:
        msg = f"found no smallest set of cases: {found.message}"
        raise RuntimeError(msg)
    return [case for case, chosen in zip(cases, found.x, strict=True) if chosen > 0.5]  # noqa: PLR2004 - 0 or 1


def _matrix(rows: list[list[str]], cases: list[str]) -> csr_matrix:
    """Return a matrix with a row for each need and a column for each case, with 1 where the case meets it."""
    columns = {case: number for number, case in enumerate(cases)}
    entries = [(row, columns[case]) for row, names in enumerate(rows) for case in names if case in columns]
    return csr_matrix((np.ones(len(entries)), tuple(zip(*entries, strict=True))), shape=(len(rows), len(cases)))


def _distinct(rows: list[list[str]]) -> list[str]:
    """Return the cases without those that meet exactly the same needs as an earlier case."""
    met: dict[str, set[int]] = {}
    for row, names in enumerate(rows):
        for case in names:
            met.setdefault(case, set()).add(row)
    firsts: dict[frozenset[int], str] = {}
    for case in sorted(met):
        firsts.setdefault(frozenset(met[case]), case)
    return sorted(firsts.values())
