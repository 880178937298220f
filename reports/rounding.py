"""How much of the a-priori bound each target uses up where sums round: the page to follow over versions.

Errors depend on the processor, since libraries choose their loops by it; so these figures are published as measured
and not compared again.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

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
