"""The table of padding rules: windows, and calls with their status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.outcome import Raised, Returned
from cases.model.case import Case
from reports.pages.conventions.padding import padding
from tests.reports.making import JAX, TORCH, make, oracle, record, right

RAISED = Raised(type="ValueError", message="no", stage="calling")


def _case(padding: str) -> Case:
    """Make a case as in ``cases/conv_transpose/strides.yaml``. Its full result is 7 by 7."""
    case = make("conv_transpose", padding=padding, image=[5, 6])
    return replace(case, id=f"cases/conv_transpose/strides.yaml::{padding.lower()}-i5x6-k3-s2")


SAME = _case("SAME")


def test_a_row_has_windows_and_calls(tmp_path: Path) -> None:
    other = make("conv_transpose", padding="SAME", image=[5, 6])
    answers = [oracle(SAME), (SAME, TORCH, Returned(arrays=right(SAME))), (SAME, JAX, RAISED)]
    run = record(tmp_path, [*answers, oracle(other), (other, TORCH, Returned(arrays=right(other)))])
    (row,) = padding(run, [TORCH, JAX, "tensorflow-eager-cpu"]).to_dict("records")
    assert (row["padding"], row["kernel"], row["stride"], row["value"]) == ("SAME", 3, 2, "3 x 3")
    assert (row["5 rows"], row["6 columns"]) == ("7 seen at (1, 5)", "7 seen at (0, 6)")
    assert row[TORCH].startswith("`oracle.conv_transpose(value, filter, ")
    assert row[TORCH].endswith(")`")
    assert row[JAX] == f"{row[TORCH]} (raised)"
    assert row["tensorflow-eager-cpu"] == "not run"


def test_an_answer_that_cannot_be_judged_is_marked(tmp_path: Path) -> None:
    run = record(tmp_path, [(SAME, TORCH, Returned(arrays=right(SAME)))])
    (row,) = padding(run, [TORCH]).to_dict("records")
    assert row[TORCH].endswith("` (unjudged)")
