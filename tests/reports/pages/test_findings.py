"""The page of findings: what shows a fact, how often, and the smallest call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Returned
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages import findings
from reports.recording.run import Run
from tests.reports.making import JAX, TORCH, fact, make, oracle, record, right

SMALL, LARGE, PLAIN = make("conv", "small", kernel=[4, 4]), make("conv", "large", kernel=[5, 5]), make("conv", "plain")
KNOWN = Accepted(
    facts={
        "torch": [
            fact(fact="It rounds where kernels are large.", where="kernel | max > 3"),
            fact(fact="Some processors round.", where="avx512 and kernel | max > 9"),
            fact(fact="It rounds at night.", where="kernel | max > 9"),
        ]
    }
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    answers = [oracle(case) for case in (SMALL, LARGE, PLAIN)]
    wrong = [(case, TORCH, Returned(arrays={"output": right(case)["output"] + 1})) for case in (LARGE, SMALL)]
    run = record(tmp_path, [*answers, *wrong, (PLAIN, TORCH, oracle(PLAIN)[2]), (PLAIN, JAX, oracle(PLAIN)[2])])
    begin(run, KNOWN)
    return run


def test_each_fact_has_its_cases_and_the_smallest_call(run: Run) -> None:
    (several,) = findings.findings(run, KNOWN).values()
    first, *others = several
    assert first.shown == {LARGE.id: [TORCH], SMALL.id: [TORCH]}
    assert first.smallest is not None
    assert first.smallest[0].id == SMALL.id
    assert [finding.shown for finding in others] == [{}, {}]


def test_the_page_says_what_shows_and_what_does_not(run: Run) -> None:
    page = findings.page(run, KNOWN)
    assert "## PyTorch 2.13.0" in page
    assert "### It rounds where kernels are large.\n\n- Where: `kernel | max > 3`\n" in page
    assert f"- 2 cases show it, in the modes eager. The smallest is `{SMALL.id}`:" in page
    assert "- The processor decides which cases show it." in page
    assert "- No case of this run shows it. With `--slow` more are asked." in page
    assert "JAX" not in page.partition("## ")[2], "no fact is about it"


def test_of_a_small_call_the_numbers_are_shown(tmp_path: Path) -> None:
    case = make("max_pool", image=[2], ksize=[2], channels=1, value={"values": [float("nan"), 1]})
    lost = Returned(arrays={"output": np.array([[[1]]], "float32")})
    run = record(tmp_path, [oracle(case), (case, TORCH, lost)])
    known = Accepted(facts={"torch": [fact(fact="Max pooling loses NaN.", where='operator == "max_pool"')]})
    begin(run, known)
    lines = ["  ```text", "  value (1, 2, 1) = nan, 1", "  expected output = nan", "  returned output = 1", "  ```"]
    assert "\n".join(lines) in findings.page(run, known)


def test_a_fact_of_a_target_that_did_not_run_is_left_out(run: Run) -> None:
    native = Accepted(facts={"torch": [fact(fact="It differs as released.", targets=["torch-native-cpu"])]})
    assert findings.findings(run, native) == {}
    run.header["targets"][TORCH]["settings"]["like"] = "native"
    ((finding,),) = findings.findings(run, native).values()
    assert findings.where(finding) == "(with --slow)"
