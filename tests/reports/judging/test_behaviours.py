"""What targets do with calls that have no result: as a line, in files, and where it departs from what was recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from adapters.base import Target
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from reports.judging import behaviours, stale
from reports.judging.behaviours import Accepted, Recorded
from reports.judging.judge import begin, judge
from reports.pages import tables
from reports.plugin.items import SESSION, CaseItem
from reports.recording.known_files import KnownError
from reports.recording.run import Run
from tests.reports.making import TORCH, fact, make, oracle, record

WRONG = make("conv_transpose", name="wrong", strides=0, value={"shape": [1, 2, 2, 2]}, invalid={
    "rule": "stride", "reason": "a stride of 0 puts every window in one place"})  # fmt: skip
OPEN = make("max_pool", name="open", given={"strides": [2, 2]}, behaviour="nobody knows what this ought to be")
VALID = make("max_pool", name="valid")
RETURNED = Returned(arrays={"output": np.zeros((1, 5, 5, 3), np.float32), "native_indices": np.zeros(3)})
RAISED = Raised(type="ValueError", message="no", stage="tracing")


def _run(path: Path, outcome: Outcome) -> Run:
    return record(path, [oracle(VALID), (VALID, TORCH, RAISED), (WRONG, TORCH, outcome), (OPEN, TORCH, RETURNED)])


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (RETURNED, "accepted: output float32 (1, 5, 5, 3)"),
        (RAISED, "ValueError while tracing"),
        (Crashed(signal="SIGFPE", stderr="last words"), "crashed: SIGFPE"),
        (TimedOut(seconds=3.0), "timed out"),
        (Unsupported(reason="there is no such argument"), "unsupported"),
    ],
)
def test_an_answer_is_a_line(tmp_path: Path, outcome: Outcome, line: str) -> None:
    run = _run(tmp_path, outcome)
    assert behaviours.behaviour(run.records[WRONG.id, TORCH].outcome) == line


def test_the_wording_of_a_message_is_no_part_of_it(tmp_path: Path) -> None:
    other = _run(tmp_path, Raised(type="ValueError", message="something else", stage="tracing"))
    assert behaviours.behaviour(other.records[WRONG.id, TORCH].outcome) == "ValueError while tracing"


def test_what_is_written_is_read_again_and_valid_cases_have_no_part_in_it(tmp_path: Path) -> None:
    run = _run(tmp_path, RAISED)
    folder = tmp_path / "behaviours"
    folder.mkdir()
    (folder / f"{TORCH}.yaml").write_text(behaviours.text(run, TORCH), encoding="utf-8")
    (recorded,) = behaviours.load_behaviours(folder).values()
    assert recorded.version == "torch 2.13.0"
    assert recorded.of(WRONG.id) == "ValueError while tracing"
    assert recorded.of(OPEN.id) == "accepted: output float32 (1, 5, 5, 3)"
    assert recorded.of(VALID.id) is None
    assert recorded.of("cases/other.yaml::wrong") is None


def test_a_line_a_case_in_the_order_of_ids(tmp_path: Path) -> None:
    lines = behaviours.text(_run(tmp_path, RAISED), TORCH).splitlines()
    assert lines[-4:] == [
        "  cases/made/conv_transpose.yaml:",
        "    wrong: ValueError while tracing",
        "  cases/made/max_pool.yaml:",
        "    open: 'accepted: output float32 (1, 5, 5, 3)'",
    ]


def test_a_target_without_such_cases_has_no_file(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(VALID), (VALID, TORCH, RAISED)])
    assert behaviours.text(run, TORCH) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not YAML"),
        ("", "versions: Field required"),
        ("versions: {}", "behaviours: Field required"),
        ("{versions: {}, behaviours: {}, more: 1}", "more: Extra inputs are not permitted"),
        ("{versions: {}, behaviours: {a.yaml: {b: 1}}}", "behaviours.a.yaml.b: Input should be a valid string"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x-y-z.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(KnownError) as error:
        behaviours.load_behaviours(tmp_path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'x-y-z.yaml'}: ")


def _accepted(**lines: str) -> Accepted:
    found = {"cases/made/conv_transpose.yaml": {"wrong": lines.get("wrong", "")}} if "wrong" in lines else {}
    if "open" in lines:
        found["cases/made/max_pool.yaml"] = {"open": lines["open"]}
    return Accepted(behaviours={TORCH: Recorded(versions={"torch": "2.12.0"}, behaviours=found)})


def _tested(run: Run, case: Any, kept: Accepted, *, sampled: bool = False, strict: bool = True) -> None:
    """What pytest does with a case's item, in the run ``run`` and with these behaviours recorded."""
    run.header["targets"][TORCH]["sampled"] = sampled
    run.header["strict_versions"] = strict
    run.verdicts = None  # the header is no part of what a verdict is made by
    begin(run, kept)
    session = SimpleNamespace(run=run, answer=lambda _case, _target: None)
    config: Any = SimpleNamespace(stash={SESSION: session}, rootpath=Path())
    item: Any = SimpleNamespace(case=case, target=Target(adapter="torch", mode="eager", device="cpu"), config=config)
    item.run_of_session, item.session_of_run = run, session
    item.verdict = judge(run, case, TORCH)
    CaseItem.setup(item)
    CaseItem.runtest(item)


def test_a_refusal_as_recorded_passes(tmp_path: Path) -> None:
    _tested(_run(tmp_path, RAISED), WRONG, _accepted(wrong="ValueError while tracing"))


def test_a_target_that_is_like_another_has_to_do_what_that_one_does(tmp_path: Path) -> None:
    """The line stands in the other one's file, and none of its own can accept anything else."""
    run = _run(tmp_path, RAISED)
    run.header["targets"][TORCH]["settings"]["like"] = "compile"
    (recorded,) = _accepted(wrong="timed out").behaviours.values()
    with pytest.raises(Exception, match="does otherwise than recorded of torch-compile-cpu") as error:
        _tested(run, WRONG, Accepted(behaviours={"torch-compile-cpu": recorded}))
    assert f"\nnothing can accept it: {TORCH} has to do what torch-compile-cpu does\n" in str(error.value)


@pytest.mark.parametrize("before", ["ValueError while running", "TypeError while tracing", "timed out", "unsupported"])
def test_another_type_stage_or_end_fails_and_shows_both(tmp_path: Path, before: str) -> None:
    with pytest.raises(Exception, match="does otherwise than recorded") as error:
        _tested(_run(tmp_path, RAISED), WRONG, _accepted(wrong=before))
    lines = str(error.value).splitlines()
    assert lines[0] == f"{TORCH} does otherwise than recorded"
    assert lines[1] == "now:    ValueError while tracing  (torch 2.13.0: no)"
    assert lines[2] == f"before: {before}  (torch 2.12.0)"
    assert lines[3].startswith("if that is right: python -m reports record ")


def test_an_acceptance_as_recorded_is_expected_to_fail(tmp_path: Path) -> None:
    with pytest.raises(pytest.xfail.Exception, match="as recorded in reports/known/behaviours"):
        _tested(_run(tmp_path, RETURNED), WRONG, _accepted(wrong="accepted: output float32 (1, 5, 5, 3)"))


@pytest.mark.parametrize("outcome", [RETURNED, Crashed(signal="SIGFPE", stderr=""), TimedOut(seconds=1.0)])
def test_what_was_never_recorded_fails_unless_it_is_a_refusal(tmp_path: Path, outcome: Outcome) -> None:
    with pytest.raises(Exception, match=r"accepted a call|process died|no answer within"):
        _tested(_run(tmp_path, outcome), WRONG, Accepted())
    _tested(_run(tmp_path / "other", RAISED), WRONG, Accepted())


def test_a_known_difference_that_a_recorded_behaviour_is_not_has_no_part_in_it(tmp_path: Path) -> None:
    """Its condition may be true of a wrong call, which has a recorded behaviour of its own."""
    known = fact(where='rule == "stride"', accepts=True)
    kept = _accepted(wrong="ValueError while tracing")
    _tested(_run(tmp_path, RAISED), WRONG, Accepted(facts={"torch": [known]}, behaviours=kept.behaviours))
    with pytest.raises(Exception, match="a fact does not show any more"):
        _tested(_run(tmp_path / "other", RAISED), WRONG, Accepted(facts={"torch": [known]}))


def test_an_acceptance_of_another_shape_fails(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="does otherwise than recorded"):
        _tested(_run(tmp_path, RETURNED), WRONG, _accepted(wrong="accepted: output float32 (1, 5, 5, 4)"))


def test_another_version_may_behave_otherwise_unless_versions_are_strict(tmp_path: Path) -> None:
    """The behaviours are those of 2.12.0, the run is one of 2.13.0."""
    _tested(_run(tmp_path, RAISED), WRONG, _accepted(wrong="TypeError while tracing"), strict=False)
    with pytest.raises(pytest.xfail.Exception, match=r"otherwise than recorded of torch 2\.12\.0"):
        _tested(_run(tmp_path / "other", RETURNED), WRONG, _accepted(wrong="TypeError while tracing"), strict=False)


def test_a_call_with_no_right_answer_is_held_against_its_own_past(tmp_path: Path) -> None:
    run = _run(tmp_path, RAISED)
    _tested(run, OPEN, _accepted(open="accepted: output float32 (1, 5, 5, 3)"))
    _tested(run, OPEN, Accepted())
    with pytest.raises(Exception, match="does otherwise than recorded"):
        _tested(run, OPEN, _accepted(open="ValueError while calling"))


def test_a_case_without_a_line_fails_where_the_target_has_lines(tmp_path: Path) -> None:
    run, kept = _run(tmp_path, RAISED), _accepted(open="accepted: output float32 (1, 5, 5, 3)")
    with pytest.raises(Exception, match="before: never recorded"):
        _tested(run, WRONG, kept)
    other = _accepted(wrong="ValueError while tracing")
    with pytest.raises(Exception, match="before: never recorded"):
        _tested(run, OPEN, other)
    _tested(run, OPEN, other, sampled=True)  # asked with --slow alone
    with pytest.raises(Exception, match="before: never recorded"):
        _tested(run, WRONG, kept, sampled=True)


def test_what_a_run_did_not_ask_keeps_its_line_as_long_as_there_is_such_a_case(tmp_path: Path) -> None:
    run = record(tmp_path, [(WRONG, TORCH, RAISED)])
    before = Recorded(versions={"torch": "2.13.0"}, behaviours=_accepted(open="timed out").behaviours[TORCH].behaviours)
    assert "open: timed out" in behaviours.text(run, TORCH, before, [WRONG.id, OPEN.id])
    assert "open" not in behaviours.text(run, TORCH, before, [WRONG.id])
    with pytest.raises(KnownError, match=r"recorded with torch 2\.12\.0: run `pytest cases` whole"):
        behaviours.text(run, TORCH, _accepted(open="timed out").behaviours[TORCH], [OPEN.id])


def test_a_line_of_a_case_that_is_gone_is_told_in_a_whole_run(tmp_path: Path) -> None:
    run = record(tmp_path, [(WRONG, TORCH, RAISED)])
    accepted = _accepted(wrong="ValueError while tracing", open="timed out")
    (line,) = stale.entries(run, accepted, whole=True)
    assert line.startswith(
        f"stale: reports/known/behaviours/{TORCH}.yaml has lines of cases that no longer exist (1, such as {OPEN.id}); "
    )
    assert stale.entries(run, accepted, whole=False) == []
    run.header["targets"][TORCH]["operators"] = ["conv_transpose"]  # then nobody is asked every case
    assert stale.entries(run, accepted, whole=True) == []


def test_how_fast_a_process_died_is_no_part_of_it(tmp_path: Path) -> None:
    run = _run(tmp_path, Crashed(signal="SIGABRT after hanging", stderr=""))
    assert behaviours.behaviour(run.records[WRONG.id, TORCH].outcome) == "crashed: SIGABRT"


def test_recorded_behaviours_are_no_differences(tmp_path: Path) -> None:
    run = _run(tmp_path, RETURNED)
    kept = _accepted(wrong="accepted: output float32 (1, 5, 5, 3)")
    for known, count in ((kept, 0), (Accepted(), 1)):
        begin(run, known)
        wrong = tables.differences(tables.results(run))
        assert len(wrong[wrong["case"] == WRONG.id]) == count


def test_what_is_shipped_is_read() -> None:
    shipped = behaviours.load()
    assert {"tensorflow", "torch", "jax"} <= shipped.facts.keys()
    assert all(recorded.behaviours for recorded in shipped.behaviours.values())


def test_the_folder_holds_yaml_that_reads_line_by_line() -> None:
    for path in (behaviours.FOLDER / behaviours.BEHAVIOURS).glob("*.yaml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert all(isinstance(line, str) for file in data["behaviours"].values() for line in file.values())
        assert os.linesep not in json.dumps(data)
