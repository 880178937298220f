"""The table of padding rules: windows, and calls with their status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.outcome import Raised, Returned
from cases.model.case import Case
from reports.pages.conventions.padding import last_windows, padding
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


def test_of_a_window_behind_the_image_the_rule_is_measured(tmp_path: Path) -> None:
    """Windows of 2, 3 apart, on 4 elements with 1 of padding on each side: the third begins behind the image."""
    windows = {"image": [4], "ksize": [2], "strides": 3, "padding": [[1, 1]], "channels": 1, "divisor": 2}
    drop, keep = (make("avg_pool", rule, ceil_mode=rule, **windows) for rule in ("drop", "keep"))
    alike = make("avg_pool", "alike", ceil_mode="drop", **windows | {"image": [6]})
    answers = [oracle(case) for case in (drop, keep, alike)]
    answers += [(case, TORCH, Returned(arrays=right(case))) for case in (drop, keep, alike)]
    run = record(tmp_path, answers)
    calls = {drop.id: "result = F.avg_pool1d(value, 2, 3, padding=1, ceil_mode=True)"}
    run.call = lambda record: calls.get(record.case, "result = F.avg_pool1d(F.pad(value, (1, 3)), 2, 3)")  # type: ignore[method-assign]
    (row,) = last_windows(run, [TORCH]).to_dict("records")
    assert row == {
        "target": TORCH,
        "argument": "`ceil_mode=True`",
        "such a window is": "dropped (1 calls)",
        "said by padding": "1 calls",
    }
