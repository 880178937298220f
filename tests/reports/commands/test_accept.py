"""Drafts of facts: alike answers are one draft, and its condition is exact on what was asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.outcome import Crashed, Outcome, Raised, Returned
from cases.model.case import Case
from reports import __main__ as command
from reports.commands.accept import drafts
from reports.judging.behaviours import Accepted
from reports.judging.facts import Fact
from reports.judging.judge import begin, judged
from reports.recording.run import Run
from tests.reports.making import TORCH, make, oracle, record, right

WRONG = {"rule": "stride", "reason": "a stride of 0 stays where it is"}
CASES = (
    make("conv", "plain"),
    make("conv", "dilated", dilations=2, strides=1),
    make("conv", "dilated-too", dilations=[1, 2], strides=1, padding="SAME"),
    make("conv", "grouped", in_channels=4, out_channels=4, groups=2),
    make("conv_transpose", "back"),
    make("conv_transpose", "back-dilated", dilations=2, strides=1),
    make("conv_transpose", "wrong", strides=0, value={"shape": [1, 2, 2, 2]}, invalid=WRONG),
)


def _run(folder: Path, ends: dict[str, Outcome]) -> Run:
    """A run in which some cases end so, and all others are right."""
    answers = [(case, TORCH, ends.get(case.name, oracle(case)[2] if case.has_answer else REFUSED)) for case in CASES]
    run = record(folder, [*(oracle(case) for case in CASES if case.has_answer), *answers])
    begin(run, Accepted())
    return run


REFUSED = Raised(type="ValueError", message="a stride of 0", stage="calling")


def _off(case: Case) -> Outcome:
    return Returned(arrays={"output": right(case)["output"] + 1})


def _raised(size: int) -> Outcome:
    return Raised(type="RuntimeError", message=f"dilations are not supported, got {size}", stage="calling")


def test_nothing_new_is_no_draft(tmp_path: Path) -> None:
    assert drafts(_run(tmp_path, {})) == []


def test_alike_refusals_of_other_numbers_are_one_draft(tmp_path: Path) -> None:
    run = _run(tmp_path, {"dilated": _raised(2), "dilated-too": _raised(1), "back-dilated": _raised(7)})
    [draft] = drafts(run)
    assert draft["where"] == 'operator in ["conv", "conv_transpose"] and dilated'
    assert draft["raises"] == "RuntimeError: .*dilations are not supported"
    assert draft["targets"] == [TORCH]
    assert draft["versions"] == "==2.13.*"


def test_a_condition_tells_operators_apart_if_it_has_to(tmp_path: Path) -> None:
    run = _run(tmp_path, {"dilated": _raised(2), "dilated-too": _raised(1)})
    assert [draft["where"] for draft in drafts(run)] == ['operator == "conv" and dilated']


def test_each_end_has_its_draft(tmp_path: Path) -> None:
    ends = {
        "dilated": Crashed(signal="SIGFPE", stderr=""),
        "grouped": _off(CASES[3]),
        "wrong": Returned(arrays={"output": right(CASES[0])["output"]}),
    }
    found = drafts(_run(tmp_path, ends))
    assert sorted(next(name for name in ("ends", "differs", "accepts") if name in draft) for draft in found) == [
        "accepts",
        "differs",
        "ends",
    ]
    wheres = {draft["where"] for draft in found}
    assert 'operator == "conv" and groups > 1' in wheres
    assert any("rule" in where for where in wheres)


def test_what_no_term_separates_depends_on_something_else(tmp_path: Path) -> None:
    twin = make("conv", "twin")
    answers = [oracle(CASES[0]), oracle(twin), (CASES[0], TORCH, _off(CASES[0])), (twin, TORCH, oracle(twin)[2])]
    run = record(tmp_path, answers)
    begin(run, Accepted())
    [draft] = drafts(run)
    assert draft["depends_on"] == "DRAFT: 1 calls that meet the condition passed"


def test_the_drafts_explain_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = _run(tmp_path, {"dilated": _raised(2), "dilated-too": _raised(1), "back": _off(CASES[4])})
    assert command.main(["accept", str(run.path), "--to", str(tmp_path / "mine.yaml")]) == 0
    assert capsys.readouterr().err.startswith("2 drafts; reproduce each, ")
    mine = [Fact.model_validate(fact) for fact in yaml.safe_load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))]
    run.verdicts = None
    begin(run, Accepted(own=mine))
    assert {verdict.follows for _, _, verdict in judged(run)} == {"pass", "known"}
