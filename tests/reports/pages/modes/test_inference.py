"""Where a framework infers another shape than it returns, or takes a call that its run refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from adapters.outcome import Outcome, Raised, Returned, Unsupported
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.modes import inference
from reports.recording.run import Run
from tests.reports.making import TORCH, make, oracle, record

META = "torch-meta-cpu"
SMALL = make("conv", "small", image=[3, 3], strides=1)
LARGE = make("conv", "large", image=[9, 9], strides=1)
WRONG = make("conv", "wrong", given={"strides": [0, 1]}, invalid={"rule": "stride", "reason": "a stride of none"})
REFUSED = Raised(type="RuntimeError", message="non-positive stride is not supported", stage="calling")


def _shaped(*shape: int, dtype: str = "float32") -> Returned:
    return Returned(arrays={"output": np.zeros(shape, dtype)})


def _run(folder: Path, *pairs: tuple[Any, Outcome, Outcome]) -> Run:
    answers = [answer for case, made, said in pairs for answer in ((case, TORCH, made), (case, META, said))]
    valid = [oracle(case) for case, _, _ in pairs if case.invalid is None]
    run = record(folder, [*valid, *answers])
    run.header["targets"][META]["sizes_only"] = True
    return run


def test_groups_are_of_one_operator_one_rule_and_one_pair_of_ends(tmp_path: Path) -> None:
    pairs: list[tuple[Any, Outcome, Outcome]] = [
        (LARGE, _shaped(1, 9, 9, 3), _shaped(1, 9, 8, 3)),
        (SMALL, _shaped(1, 3, 3, 3), _shaped(1, 2, 3, 3)),
        (WRONG, REFUSED, _shaped(1, 2, 2, 3)),
    ]
    run = _run(tmp_path, *pairs)
    assert inference.targets(run) == [(TORCH, META)]
    found = inference.disagreements(run, TORCH, META)
    assert [(one.calls, one.run, one.inferred, len(one.cases)) for one in found] == [
        ("valid calls", "a shape", "another shape", 2),
        ("calls that break the rule `stride`", "an error", "a result", 1),
    ]
    assert found[0].smallest.id == SMALL.id
    page = render.pages(run, Accepted())["inference.md"]
    assert "3 calls were asked of both. They disagree\nabout 3 of them." in page
    assert re.search(r"\| a shape +\| another shape +\| 2 +\| 0 +\|", page)
    assert "calls that break the rule `stride`: the run gives an error, inference gives a result.\n  1 call," in page
    assert "run:       raised RuntimeError: non-positive stride is not supported" in page


def test_alike_ends_and_what_cannot_be_said_are_no_disagreement(tmp_path: Path) -> None:
    other = Raised(type="ValueError", message="no", stage="calling")
    run = _run(tmp_path, (SMALL, _shaped(1, 3, 3, 3), _shaped(1, 3, 3, 3)), (WRONG, REFUSED, other))
    assert inference.disagreements(run, TORCH, META) == []
    run = _run(tmp_path / "b", (LARGE, _shaped(1, 9, 9, 3), Unsupported(reason="no such call")))
    assert inference.disagreements(run, TORCH, META) == []
    run = _run(tmp_path / "c", (SMALL, _shaped(1, 3, 3, 3), _shaped(1, 3, 3, 3, dtype="float64")))
    (group,) = inference.disagreements(run, TORCH, META)
    assert (group.run, group.inferred) == ("a dtype", "another dtype")


def test_a_run_without_inference_has_no_such_page(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(SMALL), (SMALL, TORCH, _shaped(1, 3, 3, 3))])
    assert "inference.md" not in render.pages(run, Accepted())
