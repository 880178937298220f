"""The page of padding rules: what each rule means, and which call says it in each framework.

A reader who ports a model needs this table. Each rule comes down to one thing on each axis. The full transposed result
has (n - 1) * stride + kernel elements, and the rule is the window (offset, length) through which this result is seen.
The calls are those that ran. The run's verdicts say whether each call was right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, get_args

import pandas as pd

from cases.model import shapes
from cases.model.case import Case, CeilMode
from reports.judging.judge import judge
from reports.recording.record import call_line
from reports.recording.run import Run

_WORD: Final = "ceil_mode=True"
_RULES: Final = {"drop": "dropped", "keep": "kept"}
_FILE: Final = "cases/conv_transpose/strides.yaml"
_IMAGE: Final = "-i5x6-"
"""One odd and one even size. Every difference between the rules shows on this image."""
_JIT: Final = re.compile(r"^jax\.jit\(lambda [^:]*: (.*)\)\([^()]*\)$")
"""A compiled JAX call. The table shows the call inside, which is the same without compilation and takes less room."""


def padding(run: Run, targets: list[str]) -> pd.DataFrame:
    """Return a row for each rule, kernel and stride: the window on both axes, and each target's call."""
    rows = [_row(run, case, targets) for case in _chosen(run)]
    return pd.DataFrame(rows, columns=["padding", "kernel", "stride", "value", "5 rows", "6 columns", *targets])


def last_windows(run: Run, targets: list[str]) -> pd.DataFrame:
    """Return a row for each target: its argument for a further window, and what becomes of one behind the image.

    Only calls count in which the two rules give different sizes, and that were right.
    """
    asked = [case for case in run.cases.values() if case.has_answer and _differs_by_rule(case)]
    return pd.DataFrame([_last_window(run, asked, target) for target in targets])


def _differs_by_rule(case: Case) -> bool:
    if case.ceil_mode is None or case.steps:
        return False
    counts = (shapes.window_counts(replace(case, ceil_mode=rule)) for rule in get_args(CeilMode))
    return len(set(counts)) > 1


def _last_window(run: Run, asked: list[Case], target: str) -> dict[str, object]:
    records = ((case, run.records.get((case.id, target))) for case in asked)
    right = [(case, call_line(run.call(record))) for case, record in records if record and _is_right(run, case, target)]
    said = Counter(_RULES[str(case.ceil_mode)] for case, call in right if _WORD in call)
    return {
        "target": target,
        "argument": f"`{_WORD}`" if said else "none",
        "such a window is": ", ".join(f"{rule} ({count} calls)" for rule, count in said.items()) or "not asked for",
        "said by padding": f"{len(right) - said.total()} calls",
    }


def _is_right(run: Run, case: Case, target: str) -> bool:
    return judge(run, case, target).status == "passed"


def _chosen(run: Run) -> Iterator[Case]:
    return (case for case in run.cases.values() if case.file == _FILE and _IMAGE in case.name)


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
    """Return a target's call as code, with the verdict's status behind it unless the call passed."""
    record = run.records.get((case.id, target))
    if record is None:
        return "not run"
    status = judge(run, case, target).status
    call = _JIT.sub(r"\1", call_line(run.call(record)))
    return f"`{call}`" if status == "passed" else f"`{call}` ({status})"
