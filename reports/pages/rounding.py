"""The page of rounding: how much of the a-priori error bound each target uses. Compare it from version to version.

Errors depend on the processor, because libraries choose their loops by the processor. So the figures are published as
measured, and no check compares them with those of another run.
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
    """Return a row for each operator, topic, dtype and target: the worst errors of the bounded cases.

    Errors are fractions of the failing and of the noting bound, and units in the last place. The last column names the
    dtype in which sums were accumulated. The table is empty if no bounded case has a result.
    """
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
    """Name the dtype in which sums were accumulated, as far as errors show it.

    ``worst`` is the worst error as a fraction of float32's bound. An error beyond that bound excludes float32.
    """
    if pd.isna(worst):
        return f"{dtype}, or wider"
    return "float32, or wider" if worst <= 1 else f"narrower than float32 ({worst:.3g} of its bound)"


_COLUMNS: Final = ["pipeline", "target", "steps", "deviation at the end", "of its largest", "maxima elsewhere"]


def drift(run: Run, targets: list[str]) -> pd.DataFrame:
    """Return a row for each pipeline that rounds and each target: how far the last tensor is from the definition's.

    The deviation is that of the worst element. It is also given as a fraction of the tensor's largest magnitude. The
    last column counts the indices that differ. A pipeline to which the oracle or the target has no result is left out.
    """
    cases = [case for case in run.cases.values() if case.steps and case.tier == "bounded"]
    return pd.DataFrame([row for case in cases for row in _rows(run, case, targets)], columns=_COLUMNS)


def _rows(run: Run, case: Case, targets: list[str]) -> Iterator[tuple[Any, ...]]:
    expected = _arrays(run.records.get((case.id, ORACLE)))
    for target in targets:
        actual = _arrays(run.records.get((case.id, target)))
        if expected and actual:
            yield (case.id.removeprefix("cases/pipelines/"), target, len(case.steps), *_drift(case, expected, actual))


def _arrays(record: Record | None) -> dict[str, Any]:
    outcome = record.outcome if record else None
    return dict(outcome.arrays) if isinstance(outcome, Returned) else {}


def _drift(case: Case, expected: dict[str, Any], actual: dict[str, Any]) -> tuple[float, float, str]:
    """Return the last tensor's deviation, its fraction of the largest magnitude, and how many indices differ."""
    if any(actual[name].shape != expected[name].shape for name in case.outputs):
        return math.nan, math.nan, "another shape"
    last = case.outputs[-1]
    deviation = float(np.abs(actual[last].astype(np.float64) - expected[last]).max(initial=0.0))
    largest = float(np.abs(expected[last]).max(initial=0.0))
    indices = [name for step in case.steps for output, name in step.returns.items() if output == "indices"]
    moved = sum(int((actual[name] != expected[name]).sum()) for name in indices)
    elsewhere = f"{moved} of {sum(expected[name].size for name in indices)}" if indices else "none asked"
    return deviation, deviation / largest if largest else 0.0, elsewhere
