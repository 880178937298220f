"""How much of the a-priori bound each target uses up where sums round: the page to follow over versions.

Errors depend on the processor, since libraries choose their loops by it; so these figures are published as measured
and not compared again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from adapters.outcome import Returned
from cases.model.case import Case
from reports.recording.record import Record
from reports.recording.run import Run
from reports.recording.targets import ORACLE

_KEYS: Final = ["operator", "topic", "dtype", "target"]


def rounding(frame: pd.DataFrame) -> pd.DataFrame:
    """Operator x topic x dtype x target: the worst errors of the bounded cases, and in what sums were accumulated."""
    bounded = frame[frame["of_failing"].notna()]
    if bounded.empty:
        return pd.DataFrame()
    groups = bounded.groupby(_KEYS, sort=True)
    table = groups[["of_failing", "of_noted", "ulps"]].max().astype(float)
    narrow = groups["of_float32"].max()
    accumulated = [_accumulated(key[2], worst) for key, worst in zip(table.index, narrow, strict=True)]
    table = table.assign(cases=groups.size(), accumulates=accumulated).reset_index()
    named = {"of_failing": "of the bound", "of_noted": "of 8 sqrt(K) u b"}
    return table[[*_KEYS, "cases", "of_failing", "of_noted", "ulps", "accumulates"]].rename(columns=named)


def _accumulated(dtype: str, worst: Any) -> str:
    """In which dtype the sums were accumulated, as far as the errors tell: one beyond float32's bound tells."""
    if pd.isna(worst):
        return f"{dtype}, or wider"
    return "float32, or wider" if worst <= 1 else f"narrower than float32 ({worst:.3g} of its bound)"


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
    expected = _arrays(run.records.get((case.id, ORACLE)))
    for target in targets:
        actual = _arrays(run.records.get((case.id, target)))
        if expected and actual:
            yield (case.id.removeprefix("cases/pipelines/"), target, len(case.steps), *_drift(case, expected, actual))


def _arrays(record: Record | None) -> dict[str, Any]:
    outcome = record.outcome if record else None
    return dict(outcome.arrays) if isinstance(outcome, Returned) else {}


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
