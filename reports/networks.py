"""How far whole networks drift apart where every step of them is right: errors of one step go into the next.

No bound is asked of that: a maximum that two frameworks find in two places, since rounding made it so, moves everything
behind it. It is measured, as whoever ports a network will see it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from adapters.outcome import Returned
from cases.case import Case
from reports.record import Record
from reports.run import Run
from reports.verdict import ORACLE

_COLUMNS = ["pipeline", "target", "steps", "deviation at the end", "of its largest", "maxima elsewhere"]


def drift(run: Run, targets: list[str]) -> pd.DataFrame:
    """Pipeline that rounds x target: how far its last tensor is from the definition's, and how many indices differ.

    The deviation is the largest one of an element, and its fraction of the tensor's largest magnitude.
    """
    rows = [
        row for case in run.cases.values() if case.steps and case.tier == "bounded" for row in _of(run, case, targets)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _of(run: Run, case: Case, targets: list[str]) -> Iterator[tuple[Any, ...]]:
    expected = _arrays(run, run.records.get((case.id, ORACLE)))
    for target in targets:
        actual = _arrays(run, run.records.get((case.id, target)))
        if expected and actual:
            yield (case.id.removeprefix("cases/pipelines/"), target, len(case.steps), *_drift(case, expected, actual))


def _arrays(run: Run, record: Record | None) -> dict[str, Any]:
    outcome = run.outcome(record) if record else None
    return outcome.arrays if isinstance(outcome, Returned) else {}


def _drift(case: Case, expected: dict[str, Any], actual: dict[str, Any]) -> tuple[float, float, str]:
    if any(actual[name].shape != expected[name].shape for name in case.outputs):
        return math.nan, math.nan, "another shape"
    last = case.outputs[-1]
    deviation = float(np.abs(actual[last].astype(np.float64) - expected[last]).max(initial=0.0))
    largest = float(np.abs(expected[last]).max(initial=0.0))
    indices = [name for step in case.steps for output, name in step.returns.items() if output == "indices"]
    moved = sum(int((actual[name] != expected[name]).sum()) for name in indices)
    of = f"{moved} of {sum(expected[name].size for name in indices)}" if indices else "none asked"
    return deviation, deviation / largest if largest else 0.0, of
