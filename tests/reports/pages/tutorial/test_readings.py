"""The page of readings: everything that it says follows from the run, and only from the run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from adapters.document import Document
from adapters.outcome import Raised, Returned, Unsupported
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.tutorial import readings
from reports.recording.run import Run
from tests.reports.making import TORCH, Answer, make, oracle, record, right

AFTER, BETWEEN = "document-after-cpu", "document-between-cpu"


def _transposed(name: str, **fields: Any) -> Case:
    return make("conv_transpose", name=name, in_channels=1, **fields)


# Full result and image: 7 and 6 along both axes is odd padding, 6 and 6 none, 6 and 7 an element beyond the result.
ONE = _transposed("one", strides=1, padding="SAME", image=[6, 6])
EVEN = _transposed("even", kernel=2, padding="SAME", image=[6, 6])
BEYOND = _transposed("beyond", kernel=2, image=[7, 7])
ODD = _transposed("odd", kernel=2, padding="SAME", image=[5, 6])
CASES = (ONE, EVEN, BEYOND, ODD)


def _answers(cases: Iterable[Case], mode: str = "after") -> list[Answer]:
    document = Document()
    document.configure(mode, "cpu")
    return [(case, f"document-{mode}-cpu", Returned(arrays=document.run(case, fill(case)))) for case in cases]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return record(tmp_path, [*map(oracle, CASES), *_answers(CASES), *_answers(CASES, "between")])


def test_each_row_says_how_often_a_reading_is_right_and_how_it_fails(run: Run) -> None:
    found = readings.table(run, "conv_transpose")
    assert list(found.columns) == ["padding", "kernel", "stride", "total padding", AFTER, BETWEEN]
    assert found.to_numpy().tolist() == [
        ["SAME", "2", "2", "odd", "wrong in all 1: another window", "right in all 1"],
        ["SAME", "2", "2", "even", "right in all 1", "right in all 1"],
        ["SAME", "3", "1", "", "right in all 1", "right in all 1"],
        ["VALID", "2", "2", "", "right in all 1", "wrong in all 1: another window"],
    ]


def test_a_sentence_says_when_a_reading_is_right_and_the_smallest_case_that_it_gets_wrong(run: Run) -> None:
    after, between = readings.sentences(run, "conv_transpose")
    assert after == (
        "`document-after-cpu` is right exactly where, on each axis, the total padding is even: 3 of 4 cases. The "
        "smallest that it gets wrong is `cases/made/conv_transpose.yaml::odd`: window (1, 5) x (0, 6) instead of "
        "(0, 5) x (0, 6)."
    )
    assert between == (
        "`document-between-cpu` is right exactly where, on each axis, the padding is SAME: 3 of 4 cases. The smallest "
        "that it gets wrong is `cases/made/conv_transpose.yaml::beyond`: window (-1, 7) x (-1, 7) instead of "
        "(0, 7) x (0, 7)."
    )


def test_another_answer_makes_another_sentence(tmp_path: Path) -> None:
    wrong = {"output": right(EVEN)["output"] + 1}
    answers = [*map(oracle, CASES), *_answers((ONE, BEYOND, ODD)), (EVEN, AFTER, Returned(arrays=wrong))]
    run = record(tmp_path, answers)
    (sentence,) = readings.sentences(run, "conv_transpose")
    assert "the total padding is even: 3 of 4" not in sentence
    assert "output differs in " in sentence or "odd" in sentence
    faults = [answer.fault for answer in readings.answers(run, "conv_transpose", AFTER) if not answer.right]
    assert sorted(faults) == ["another window", "not explained"]


def test_what_is_not_judged_or_asks_something_else_does_not_count(tmp_path: Path) -> None:
    special = _transposed("special", special="nan", position=0)
    empty = _transposed("empty", batch=0, image=[6, 6])
    channelless = _transposed("channelless", out_channels=0)
    undecided = _transposed("undecided", behaviour="nobody knows what this ought to be")
    refused = _transposed("refused", groups=1)
    answers: list[Answer] = [*map(oracle, (special, empty, channelless, refused))]
    answers += _answers((special, empty, channelless, undecided))
    run = record(tmp_path, [*answers, (refused, AFTER, Unsupported(reason="the tutorial has none"))])
    assert readings.answers(run, "conv_transpose", AFTER) == []
    assert readings.sentences(run, "conv_transpose") == []
    assert readings.table(run, "conv_transpose").empty


def test_an_answer_that_cannot_be_judged_does_not_count(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(ONE), *_answers((ONE, EVEN))])
    assert [answer.case.id for answer in readings.answers(run, "conv_transpose", AFTER)] == [ONE.id]
    (sentence,) = readings.sentences(run, "conv_transpose")
    assert sentence == "`document-after-cpu` is right everywhere: 1 of 1 cases."


def test_unpooling_is_told_by_windows_and_by_whether_strides_divide_the_image(tmp_path: Path) -> None:
    even = make("max_unpool", name="even", image=[4, 4], batch=2)
    odd = make("max_unpool", name="odd", image=[5, 4], padding="SAME")
    large = make("max_unpool", name="large", image=[4, 4], ksize=3, strides=1)
    outside = Raised(type="IndexError", message="row 2 of 2", stage="calling")
    answers = [*map(oracle, (even, odd, large)), *_answers((even, odd)), (large, AFTER, outside)]
    run = record(tmp_path, answers)
    assert readings.table(run, "max_unpool").to_numpy().tolist() == [
        ["SAME", "as large as the stride", "does not", "1", "wrong in all 1: another size"],
        ["VALID", "as large as the stride", "divides", "more", "right in all 1"],
        ["VALID", "larger than the stride", "divides", "1", "wrong in all 1: raised IndexError"],
    ]


def test_averages_are_told_by_whether_windows_overlap(tmp_path: Path) -> None:
    apart, overlapping = make("avg_unpool", name="apart"), make("avg_unpool", name="overlapping", ksize=3)
    run = record(tmp_path, [*map(oracle, (apart, overlapping)), *_answers((apart, overlapping))])
    fault = "the last value stays where windows overlap"
    assert readings.table(run, "avg_unpool").to_numpy().tolist() == [
        ["VALID", "as large as the stride", "do not", "right in all 1"],
        ["VALID", "larger than the stride", "overlap", f"wrong in all 1: {fault}"],
    ]
    (sentence,) = readings.sentences(run, "avg_unpool")
    assert "exactly where, on each axis, the window is no larger than the stride: 1 of 2 cases" in sentence


def test_a_cell_counts_the_faults() -> None:
    def answers(*faults: str) -> list[readings.CaseAnswer]:
        return [readings.CaseAnswer(case=ONE, right=not fault, fault=fault, diagnosis="") for fault in faults]

    assert readings.cell(answers("", "")) == "right in all 2"
    assert readings.cell(answers("a", "a")) == "wrong in all 2: a"
    assert readings.cell(answers("a", "b", "a")) == "wrong in all 3: 2 a, 1 b"
    assert readings.cell(answers("", "a", "")) == "right in 2 of 3, else a"
    assert readings.cell([]) == ""


def test_the_page_is_there_with_and_without_readings(run: Run, tmp_path: Path) -> None:
    page = render.pages(run, Accepted())["document_readings.md"]
    assert "- `document-after-cpu` is right exactly where" in page
    assert page.count("Not asked.") == 2
    without = record(tmp_path / "other", [oracle(ONE), (ONE, TORCH, Returned(arrays=right(ONE)))])
    pages = render.pages(without, Accepted())
    assert pages["document_readings.md"].count("Not asked.") == 3
    assert "document" not in pages["conformance.md"]


def test_the_readings_stand_beside_frameworks_and_not_among_them(tmp_path: Path) -> None:
    wrong = make("conv_transpose", name="wrong", strides=0, value={"shape": [1, 2, 2, 2]}, invalid={
        "rule": "stride", "reason": "a stride of 0 puts every window in one place"})  # fmt: skip
    bounded = _transposed("bounded", data="normal", strides=1)
    answers: list[Answer] = [*map(oracle, (*CASES, bounded)), *_answers((*CASES, bounded))]
    answers += [(case, TORCH, Returned(arrays={"output": right(case)["output"]})) for case in (*CASES, bounded)]
    refused = Raised(type="ValueError", message="no", stage="calling")
    answers += [(wrong, TORCH, refused), (wrong, AFTER, Unsupported(reason="no"))]
    pages = render.pages(record(tmp_path, answers), Accepted())
    for name in ("agreement.md", "rounding.md", "indices.md", "padding.md", "shape_errors.md", "shape_errors.csv"):
        assert "document-" not in pages[name], name
        assert "torch-" in pages[name] or name in {"indices.md", "padding.md"}, name
    for name in ("conformance.md", "differences.md", "differences.csv", "document_readings.md"):
        assert AFTER in pages[name], name
