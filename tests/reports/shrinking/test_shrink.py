"""Each finding is shown by the smallest call that shows it, however the call ends, and nothing else of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases.loading.load import load
from cases.model.case import Case
from reports.__main__ import main
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.recording.options import Options
from reports.recording.run import Run, read
from reports.recording.session import Session
from reports.shrinking.programs import with_literals
from reports.shrinking.shrink import Setting, findings, shrink
from tests.reports.making import fact, make, make_pipeline
from tests.reports.plugin.asking import FAKES

PICKY = "picky-eager-cpu"
FUSING = "fusing-program-cpu"
CASES = [
    make("conv", "dilated", image=[9, 9], batch=2, dilations=2, strides=1, gradients=True),
    make("conv", "half", image=[8, 7], dtype="float16", bias=True, groups=2, in_channels=4, out_channels=4),
    make("conv", "half-and-larger", image=[13, 13], dtype="float16"),
    make("max_pool", "batch", image=[8, 8], batch=3, channels=2, dtype="int32", data="distinct"),
    make("conv", "plain"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A recorded run of these cases on the adapter that goes wrong."""
    folder = tmp_path_factory.mktemp("picky")
    session = Session(Options(adapters=(f"{FAKES}:Picky",), targets=(PICKY,), report=folder))
    session.choose()
    session.start(dict.fromkeys(session.targets, CASES))
    for case in CASES:
        session.answer(case, PICKY)
    session.finish(complete=True)
    return read(folder / "run.jsonl")


def _witnesses(run: Run, accepted: Accepted, folder: Path, *, known: bool = False) -> dict[str, Case]:
    run.verdicts, run.judged_by, run.stored = None, "", {}
    begin(run, accepted)
    lines: list[str] = []
    options = Options(adapters=(f"{FAKES}:Picky",))
    setting = Setting(run=run, accepted=accepted, options=options, folder=folder, tell=lines.append)
    found = findings(run, known=known)
    witnesses = shrink(found, setting)
    assert len(lines) == len(found) == len(witnesses)
    return {witness.finding.case.name: witness.case for witness in witnesses}


def test_each_new_finding_has_its_smallest_call(run: Run, tmp_path: Path) -> None:
    found = _witnesses(run, Accepted(), tmp_path)
    assert found.keys() == {"dilated", "half", "batch"}  # of two answers that end alike, the smaller case is taken
    crash, refusal, mistake = found["dilated"], found["half"], found["batch"]
    assert (crash.inputs["value"].shape, crash.dilations, crash.gradients) == ((1, 1, 1), (2,), ())
    assert (refusal.inputs["value"].shape, refusal.dtype, refusal.groups) == ((1, 1, 1), "float16", 1)
    assert "bias" not in refusal.inputs
    assert (mistake.inputs["value"].shape, mistake.dtype) == ((2, 1, 1), "float32")


def test_a_fact_has_a_smallest_call_that_it_still_explains(run: Run, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"targets": ["picky-*"], "versions": ">=0", "where": 'dtype == "float16" and axes == 2'}
    known = fact(**fields, fact="two axes of float16 are refused", raises="TypeError: float16 of")
    [(name, case)] = _witnesses(run, Accepted(facts={"picky": [known]}), tmp_path, known=True).items()
    assert name == "half"
    assert case.inputs["value"].shape == (1, 1, 1, 1)  # on one axis the fact says nothing


def _run_of_programs(folder: Path, case: Case) -> Run:
    session = Session(Options(adapters=(f"{FAKES}:Fusing",), targets=("fusing-*",), report=folder))
    session.choose()
    session.start({target: [case] for target in session.targets})
    session.answer(case, FUSING)
    session.finish(complete=True)
    return read(folder / "run.jsonl")


def test_a_program_is_cut_down_to_the_steps_that_depart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pair gets what the definition made of the steps before it, an infinity among it."""
    case = make_pipeline(
        *({"operator": "conv", "name": name, "padding": "SAME"} for name in ("first", "second")),
        {"operator": "relu", "name": "active"},
        {"operator": "max_pool", "name": "pooled", "ksize": 2},
        {"operator": "conv", "name": "last"},
        kernel=1,
        strides=1,
        data="small",
        channels=1,
        special="inf",
        position=0,
    )
    run = _run_of_programs(tmp_path, case)
    assert main(["shrink", str(run.path), "--adapter", f"{FAKES}:Fusing", "--to", str(tmp_path / "cases")]) == 0
    shown = capsys.readouterr()
    assert "of whose 5 steps these are enough: active, pooled\n" in shown.out
    assert shown.err.endswith("findings: 1, made smaller: 1\n")
    assert not [*(tmp_path / "cases").iterdir()]  # its program shows it; no entry of a case file does


def test_a_program_that_departs_only_as_a_whole_stays_one(tmp_path: Path) -> None:
    case = make_pipeline(
        {"operator": "relu", "name": "active"},
        {"operator": "max_pool", "name": "pooled"},
        ksize=2,
        strides=1,
        data="small",
        channels=1,
    )
    run = _run_of_programs(tmp_path, case)
    begin(run, Accepted())
    (tmp_path / "tried").mkdir()
    options = Options(adapters=(f"{FAKES}:Fusing",))
    setting = Setting(run=run, accepted=Accepted(), options=options, folder=tmp_path / "tried", tell=lambda _: None)
    [witness] = shrink(findings(run), setting)
    assert [step.name for step in witness.case.steps] == ["active", "pooled"]
    assert witness.case.inputs["image"].fill == "literal"


def test_a_program_of_too_many_numbers_stays_as_it_is() -> None:
    case = make_pipeline({"operator": "relu", "name": "active"}, image=[256, 257], channels=1, data="small")
    assert with_literals(case) is None


def test_the_command_prints_a_program_and_writes_cases_that_load(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["shrink", str(run.path), "--adapter", f"{FAKES}:Picky", "--to", str(tmp_path / "cases")]
    assert main([*arguments, "--only", "*max_pool*"]) == 0
    shown = capsys.readouterr()
    assert "to reproduce, paste into an interpreter:" in shown.out
    assert "result = oracle.max_pool(" in shown.out
    assert shown.err.endswith("findings: 1, made smaller: 1\n")
    [case] = load(tmp_path / "cases" / "max_pool.yaml")
    assert case.inputs["value"].shape == (2, 1, 1)


def test_a_target_that_can_not_be_used_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shrink", str(run.path)]) == 2
    assert capsys.readouterr().err == f"{PICKY}: no adapter of this name takes part; give --adapter module:Class\n"
