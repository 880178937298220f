"""What each padding rule means, and how each framework is told: the table for whoever ports a model.

Every rule comes down to one thing an axis: the full transposed result, of length (n - 1) * stride + kernel, is seen
through a window (offset, length). The calls are those that ran, and whether they were right is judged from the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from cases.model import shapes
from cases.model.case import Case
from reports.judging.judge import judge
from reports.recording.record import call_line
from reports.recording.run import Run

_TOPIC: Final = "cases/conv_transpose/strides.yaml::"
_JIT: Final = re.compile(r"^jax\.jit\(lambda [^:]*: (.*)\)\([^()]*\)$")
"""JAX is told the same with and without compilation, and the table is wide enough."""
_IMAGE: Final = "-i5x6-"
"""One odd and one even size: all that tells the rules apart shows on it."""


def padding(run: Run, targets: list[str]) -> pd.DataFrame:
    """Rule, kernel and stride -> the window of the odd and of the even axis, and each target's call."""
    rows = [_row(run, case, targets) for case in _chosen(run)]
    return pd.DataFrame(rows, columns=["padding", "kernel", "stride", "value", "5 rows", "6 columns", *targets])


def _chosen(run: Run) -> Iterator[Case]:
    return (case for case in run.cases.values() if case.id.startswith(_TOPIC) and _IMAGE in case.id)


def _row(run: Run, case: Case, targets: list[str]) -> dict[str, object]:
    axes = shapes.axes(case)
    windows = [f"{axis.full} seen at ({axis.before}, {axis.image})" for axis in axes]
    calls = {target: _call(run, case, target) for target in targets}
    return {
        "padding": case.padding,
        "kernel": axes[0].kernel,
        "stride": axes[0].stride,
        "value": " x ".join(str(axis.count) for axis in axes),
        "5 rows": windows[0],
        "6 columns": windows[1],
        **calls,
    }


def _call(run: Run, case: Case, target: str) -> str:
    record = run.records.get((case.id, target))
    if record is None:
        return "not run"
    status = judge(run, case, target).status
    call = _JIT.sub(r"\1", call_line(run.call(record)))
    return f"`{call}`" if status == "passed" else f"`{call}` ({status})"
