"""What a wrong call does: one word a cell, told in Markdown, CSV, and a page that opens."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages import render
from reports.pages.shape_errors import cells as shape_errors
from reports.recording.run import Run
from tests.reports.making import JAX, TORCH, as_recorded, make, record

GRAPH = "tensorflow-graph-cpu"
SAME, VALID, ONE = (
    make(
        "conv_transpose",
        name=name,
        strides=0,
        padding=name.rpartition("-")[2].upper(),
        value={"shape": [1, 2, 2, 2]},
        invalid={"rule": "stride", "reason": reason},
    )
    for name, reason in (
        ("zero-same", "a stride of 0 | none"),
        ("zero-valid", "a stride of 0 | none"),
        ("x-same", "an entry of its own"),
    )
)
OPEN = make("max_pool", name="empty", behaviour="an image without rows may be refused")
ZEROS = Returned(arrays={"output": np.zeros((1, 5, 5, 3)), "native_indices": np.zeros(3)})


def said(message: str = "stride is 0", stage: str = "calling", kind: str = "ValueError") -> Raised:
    return Raised(type=kind, message=message, stage=stage)


def cell(tmp_path: Path, outcome: Outcome, case: Case = SAME) -> dict[Any, Any]:
    run = record(tmp_path, [(case, TORCH, outcome)])
    begin(run, as_recorded(run))
    (row,) = shape_errors.cells(run, [JAX, TORCH]).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (said(), "clear"),
        (said("not at 0xDEADbeef"), "misleading"),
        (said(""), "misleading"),
        (said(stage="tracing"), "clear"),
        (said(stage="building"), "late"),
        (said("no", stage="running"), "late"),
        (said(stage="reading"), "late"),
        (said(stage="preparing"), "not reached"),
        (said("bad allocation", kind="MemoryError"), "out of memory"),
        (said("std::bad_alloc", kind="RuntimeError"), "out of memory"),
        (said("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out of memory"),
        (said("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.", stage="running"), "out of memory"),
        (said("OOM when allocating tensor with shape[9]", kind="ResourceExhaustedError"), "out of memory"),
        (ZEROS, "accepted (1, 5, 5, 3)"),
        (Crashed(signal="SIGFPE", stderr=""), "**crashed** SIGFPE"),
        (TimedOut(seconds=60.0), "timed out"),
        (Unsupported(reason="no such argument"), "unsupported"),
    ],
)
def test_a_wrong_call_is_told_in_a_word(tmp_path: Path, outcome: Outcome, word: str) -> None:
    assert shape_errors.short(cell(tmp_path, outcome)) == word


def test_every_word_is_in_the_legend(tmp_path: Path) -> None:
    page = render.pages(record(tmp_path, [(SAME, TORCH, said())]), Accepted())["shape_errors.md"]
    assert all(f"**{word}**" in page for word in shape_errors.WORDS)


@pytest.mark.parametrize(
    ("outcome", "word"), [(ZEROS, "returned (1, 5, 5, 3)"), (said(), "refused"), (said("bad_alloc"), "out of memory")]
)
def test_where_no_answer_is_right_the_cell_says_what_was_done(tmp_path: Path, outcome: Outcome, word: str) -> None:
    row = cell(tmp_path, outcome, OPEN)
    assert shape_errors.short(row) == word
    assert (row["rule"], row["argument"], row["names_argument"]) == (shape_errors.BEHAVIOUR, "", "")


def test_small_results_are_shown_where_no_answer_is_right_and_else_may_be_anything(tmp_path: Path) -> None:
    small = Returned(arrays={"output": np.array([[1.5, 2]])})
    assert cell(tmp_path / "open", small, OPEN)["message"] == "output = [1.5, 2.0]"
    assert cell(tmp_path / "wrong", small)["message"] == ""


def test_a_late_error_tells_whether_it_names_what_is_wrong(tmp_path: Path) -> None:
    row = cell(tmp_path, said("stride at 0xDEADbeef in /home/me/x.py:3", stage="running"))
    assert row == {
        "case": SAME.id,
        "operator": "conv_transpose",
        "rule": "stride",
        "argument": "strides",
        "reason": "a stride of 0 | none",
        "target": TORCH,
        "cell": "late",
        "stage": "running",
        "type": "ValueError",
        "names_argument": "yes",
        "shape": "",
        "message": "stride at 0x... in (path)",
        "follows": "",
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    answers: list[tuple[Case, str, Outcome]] = [
        (OPEN, TORCH, ZEROS),
        (SAME, JAX, said("<script>alert(1)</script> | no")),
        (VALID, JAX, said("x")),
        (ONE, JAX, said()),
        (SAME, TORCH, ZEROS),
        (VALID, TORCH, Returned(arrays={"output": np.zeros((1, 4, 4, 3))})),
        (ONE, TORCH, Crashed(signal="SIGFPE", stderr="Check failed\n")),
        (SAME, GRAPH, ZEROS),
        (VALID, GRAPH, Returned(arrays={"output": np.zeros((1, 4, 4, 3))})),
        (ONE, GRAPH, Crashed(signal="SIGFPE", stderr="")),
    ]
    run = record(tmp_path, answers)
    begin(run, as_recorded(run))
    return run


def test_rules_are_counted_and_targets_that_agree_share_a_column(run: Run) -> None:
    frame = shape_errors.cells(run, [JAX, TORCH, GRAPH])
    assert shape_errors.summary(frame[frame["operator"] == "conv_transpose"]).to_dict("records") == [
        {
            "rule": "stride",
            "argument": "strides",
            "jax-eager": "1 clear, 2 misleading",
            "tensorflow-graph = torch-eager": "2 accepted, 1 crashed",
        }
    ]


def test_calls_of_one_entry_that_fare_alike_share_a_row(run: Run) -> None:
    frame = shape_errors.cells(run, [JAX, TORCH, GRAPH])
    table = shape_errors.calls(frame[frame["operator"] == "conv_transpose"])
    assert table.drop(columns=["rule", "argument"]).values.tolist() == [
        ["zero (same, valid)", "misleading", "accepted (1, 5, 5, 3) (1, 4, 4, 3)"],
        ["x-same", "clear", "**crashed** SIGFPE"],
    ]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a-b-same"], "a-b-same"),
        (["a-b-same", "a-b-valid"], "a-b (same, valid)"),
        (["a", "a-valid"], "a (plain, valid)"),
        (["a", "b"], "a, b"),
    ],
)
def test_the_names_of_calls_are_said_once(names: list[str], shown: str) -> None:
    assert shape_errors.named([f"cases/x.yaml::{name}" for name in names]) == shown


def test_totals_count_each_word_on_each_target(run: Run) -> None:
    table = shape_errors.totals(shape_errors.cells(run, [JAX, TORCH, GRAPH])).set_index("cell")
    assert table["torch-eager"].to_dict() == {"clear": 0, "misleading": 0, "accepted": 2, "crashed": 1}


def test_targets_keep_their_devices_where_there_are_several() -> None:
    assert shape_errors.plain_names(["a-b-cpu", "a-b-cuda"]) == {"a-b-cpu": "a-b-cpu", "a-b-cuda": "a-b-cuda"}
    assert shape_errors.plain_names(["a-b-cpu", "c-d-cpu"]) == {"a-b-cpu": "a-b", "c-d-cpu": "c-d"}


def test_an_unasked_cell_is_empty_and_a_row_is_never_broken(run: Run) -> None:
    page = render.pages(run, as_recorded(run))["shape_errors.md"]
    assert "| no right answer |" in page
    (row,) = [line for line in page.splitlines() if "zero (same, valid)" in line]
    assert row.replace("\\|", "").count("|") == 6


def test_the_csv_has_a_line_for_each_answer_and_is_the_same_again(run: Run) -> None:
    text = render.pages(run, as_recorded(run))["shape_errors.csv"]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert tuple(lines[0]) == shape_errors.COLUMNS
    assert len(lines) == 10
    assert text == render.pages(run, as_recorded(run))["shape_errors.csv"]


def test_the_page_opens_to_messages_and_programs_and_runs_none_of_them(run: Run) -> None:
    page = render.pages(run, as_recorded(run))["shape_errors.html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | no" in page
    assert "<script" not in page
    assert "http" not in page
    assert page.count("<pre>import numpy as np") == 6  # two shapes on two targets, and two crashes
    assert "Check failed" in page
    assert "its last words are a stack" in page
    assert 'data-names-argument="no"' in page


def test_a_run_without_wrong_calls_has_its_pages_too(tmp_path: Path) -> None:
    frame = shape_errors.cells(record(tmp_path, []), [TORCH])
    assert frame.empty
    assert shape_errors.totals(frame).empty
