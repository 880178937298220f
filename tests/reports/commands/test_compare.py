"""Two runs of which one asked only a part, and what is no change between two runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Crashed, Fault, Outcome, Returned
from cases.loading.lookup import SHIPPED, lookup
from reports import __main__ as command
from reports.commands.compare import changes, rest
from reports.judging import behaviours
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.recording.run import Run, read
from tests.reports.making import JAX, TORCH, fact, make, oracle, record

CASE, OTHER = make("conv_transpose"), make("conv_transpose", "other")
ONES, TWOS = (Returned(arrays={"output": np.full(3, value)}) for value in (1.0, 2.0))


def _with_fault(run: Run) -> Run:
    run.ask(CASE)
    run.record(Fault(case=CASE.id, target=TORCH, message="our own mistake"))
    run.end()
    run.close()
    return read(run.path)


def test_a_part_is_compared_with_the_whole_in_what_it_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = record(tmp_path / "whole", [oracle(CASE), (CASE, TORCH, ONES), (OTHER, TORCH, ONES), (CASE, JAX, TWOS)])
    part = record(tmp_path / "part", [oracle(CASE), (CASE, TORCH, ONES)])
    assert command.main(["compare", str(part.path), "--against", str(whole.path)]) == 0
    last = "2 in the old run alone, all of jax-eager-cpu among them"
    assert capsys.readouterr().out == f"nothing changed in 2 answers; not compared: {last}\n"
    assert rest(part, whole) == last.replace("old", "new")
    assert rest(whole, whole) == ""


def test_runs_with_nothing_in_common_are_not_said_to_be_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [record(tmp_path / case.id[-5:], [(case, TORCH, ONES)]).path for case in (CASE, OTHER)]
    assert command.main(["compare", str(paths[0]), "--against", str(paths[1])]) == 2
    assert capsys.readouterr().err == f"{paths[0]} and {paths[1]} have no answer in common: nothing was compared\n"


def test_a_fault_of_ours_in_place_of_an_answer_is_a_change(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [(CASE, TORCH, ONES)])
    new = _with_fault(record(tmp_path / "new", [(OTHER, TORCH, ONES)]))
    line = f"{CASE.id}[{TORCH}]: returned, now a fault of ours"
    assert changes(old, new) == [line]
    assert changes(new, new) == []


def _pair(folder: Path, old: Outcome, new: Outcome) -> tuple[Run, Run]:
    return record(folder / "old", [(CASE, TORCH, old)]), record(folder / "new", [(CASE, TORCH, new)])


def _known(**more: object) -> Accepted:
    return Accepted(facts={"torch": [fact(fact="it returns what it finds in memory", **more)]})


def _changes(old: Run, new: Run, accepted: Accepted) -> list[str]:
    begin(new, accepted)
    return changes(old, new)


def test_how_fast_a_process_died_is_no_change(tmp_path: Path) -> None:
    old, new = (Crashed(signal=f"SIGABRT{how}", stderr="") for how in ("", " after hanging"))
    assert changes(*_pair(tmp_path, old, new)) == []


def test_other_bits_are_no_change_only_where_they_are_known_to_vary(tmp_path: Path) -> None:
    runs = _pair(tmp_path, ONES, TWOS)
    assert _changes(*runs, _known(varies=True)) == []
    assert _changes(*runs, _known()) == [f"{CASE.id}[{TORCH}]: returned other values"]


def test_another_end_is_a_change_also_where_bits_vary(tmp_path: Path) -> None:
    runs = _pair(tmp_path, ONES, Crashed(signal="SIGABRT", stderr=""))
    assert _changes(*runs, _known(varies=True)) == [f"{CASE.id}[{TORCH}]: returned, now crashed: SIGABRT"]


def test_a_shipped_fact_says_that_bits_vary() -> None:
    """TensorFlow's convolution with a kernel larger than the image: memory that nobody wrote."""
    varying = [fact for fact in behaviours.load().facts["tensorflow"] if fact.varies]
    case = lookup(SHIPPED, "cases/conv/invalid.yaml::kernel-larger-than-image")
    assert sum(bool(fact.steps(case, {"mode": "eager"})) for fact in varying) == 1
