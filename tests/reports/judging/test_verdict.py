"""Every kind of outcome, for a valid case, an invalid one and one without a right answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.model.case import Case
from cases.model.dtypes import FLOATS
from reports.judging.expectation import expectation, is_judged, tolerance
from reports.judging.judge import judge
from reports.judging.verdict import Verdict
from reports.recording.targets import ORACLE
from tests.reports.making import TORCH, make, oracle, record, right

VALID = make("conv_transpose")
INVALID = make(
    "conv_transpose", strides=0, value={"shape": [1, 2, 2, 2]}, invalid={"rule": "stride", "reason": "a good reason"}
)
BEHAVIOUR = make("max_unpool", behaviour="two indices are the same", channels=1, image=[4, 4])
DOCUMENT = make(
    "conv_transpose",
    image=[4, 4],
    in_channels=1,
    out_channels=1,
    kernel=2,
    value={"values": [-2] * 4},
    filter={"values": [1, 0, -1, -2]},
    expected={"output": [-2, 0, -2, 0, 2, 4, 2, 4, -2, 0, -2, 0, 2, 4, 2, 4]},
)
RETURNED = Returned(arrays={"output": np.zeros((1, 6, 7, 3), "float32")})
RAISED = Raised(type="ValueError", message="no", stage="calling")
CRASHED = Crashed(signal="SIGABRT", stderr="noise\nCheck failed\n")
TIMED_OUT = TimedOut(seconds=60.0)
UNSUPPORTED = Unsupported(reason="no such operator")


def _judge(folder: Path, case: Case, outcome: Outcome) -> Verdict:
    answers = [] if case.invalid or case.behaviour else [oracle(case)]
    return judge(record(folder, [*answers, (case, TORCH, outcome)]), case, TORCH)


@pytest.mark.parametrize(
    ("case", "outcome", "status", "summary"),
    [
        (VALID, RAISED, "raised", "raised ValueError: no"),
        (VALID, CRASHED, "crashed", "the process died: SIGABRT; its last words: noise\nCheck failed"),
        (VALID, TIMED_OUT, "timed out", "no answer within 60 seconds"),
        (VALID, UNSUPPORTED, "unsupported", ""),
        (INVALID, RETURNED, "differing", "accepted a call that breaks the rule 'stride', returned output (1, 6, 7, 3)"),
        (INVALID, RAISED, "passed", ""),
        (INVALID, CRASHED, "crashed", "the process died: SIGABRT; its last words: noise\nCheck failed"),
        (INVALID, TIMED_OUT, "timed out", "no answer within 60 seconds"),
        (INVALID, UNSUPPORTED, "unsupported", ""),
        (BEHAVIOUR, RETURNED, "recorded", ""),
        (BEHAVIOUR, RAISED, "recorded", ""),
        (BEHAVIOUR, CRASHED, "crashed", "the process died: SIGABRT; its last words: noise\nCheck failed"),
        (BEHAVIOUR, TIMED_OUT, "timed out", "no answer within 60 seconds"),
        (BEHAVIOUR, UNSUPPORTED, "unsupported", ""),
    ],
)
def test_each_outcome_has_its_status(tmp_path: Path, case: Case, outcome: Outcome, status: str, summary: str) -> None:
    verdict = _judge(tmp_path, case, outcome)
    assert verdict.status == status
    assert (verdict.difference.summary if verdict.difference else "") == summary
    assert verdict.difference is None or verdict.difference.kind == "outcome"
    assert verdict.reason == ("no such operator" if outcome is UNSUPPORTED else "")


def test_the_right_arrays_pass(tmp_path: Path) -> None:
    assert _judge(tmp_path, VALID, Returned(arrays=right(VALID))) == Verdict(status="passed")


def test_wrong_arrays_differ_and_are_diagnosed(tmp_path: Path) -> None:
    arrays = {"output": np.pad(right(VALID)["output"], ((0, 0), (0, 1), (0, 0), (0, 0)))}
    verdict = _judge(tmp_path, VALID, Returned(arrays=arrays))
    assert verdict.difference is not None
    assert (verdict.status, verdict.difference.kind) == ("differing", "shape")
    assert verdict.diagnosis == "window (0, 7) x (0, 7) instead of (0, 6) x (0, 7)"


def test_outputs_of_other_names_differ(tmp_path: Path) -> None:
    verdict = _judge(tmp_path, VALID, Returned(arrays={"result": np.ones(1)}))
    assert verdict.difference is not None
    assert verdict.difference.summary == "returned ['result'], expected ['output']"
    assert verdict.diagnosis is None


def test_a_bounded_result_has_its_headroom(tmp_path: Path) -> None:
    case = make("conv_transpose", data="normal")
    arrays = {"output": right(case)["output"]}
    verdict = _judge(tmp_path, case, Returned(arrays=arrays))
    assert verdict.status == "passed"
    assert verdict.headroom is not None
    assert 0 < verdict.headroom.of_failing < 1
    wrong = _judge(tmp_path / "wrong", case, Returned(arrays={"output": arrays["output"] * np.float32(1.001)}))
    assert (wrong.status, wrong.headroom) == ("differing", None)


def test_a_sign_of_zero_does_not_pass_by_the_digest(tmp_path: Path) -> None:
    case = replace(DOCUMENT, inputs={**DOCUMENT.inputs, "value": replace(DOCUMENT.inputs["value"], values=(2,) * 4)})
    case = replace(case, expected=None)
    arrays = right(case)
    assert _judge(tmp_path, case, Returned(arrays=arrays)).status == "passed"
    negative = {"output": np.where(arrays["output"] == 0, np.float32(-0.0), arrays["output"])}
    assert _judge(tmp_path / "negative", case, Returned(arrays=negative)).status == "differing"


def test_a_sum_of_minus_zeros_alone_may_be_minus_zero(tmp_path: Path) -> None:
    arrays = right(DOCUMENT)  # -2 times 0 is -0, and nothing else is added
    negative = {"output": np.where(arrays["output"] == 0, np.float32(-0.0), arrays["output"])}
    assert _judge(tmp_path, DOCUMENT, Returned(arrays=negative)).status == "passed"
    wrong = {"output": np.where(arrays["output"] == 4, np.float32(5), negative["output"])}
    verdict = _judge(tmp_path / "wrong", DOCUMENT, Returned(arrays=wrong))
    assert verdict.difference is not None
    assert verdict.difference.count == 4  # the 4s, and no zero


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("operator", ["conv", "conv_transpose", "max_pool_argmax", "max_unpool", "avg_pool"])
def test_an_answer_of_any_bits_has_a_verdict(tmp_path: Path, operator: str, dtype: str) -> None:
    """Memory that nobody wrote holds signalling NaN too, of which NumPy warns, and a warning is an error here."""
    case = make(operator, dtype=dtype, gradients=True, data="distinct" if operator == "max_pool_argmax" else "ones")
    random = np.random.default_rng(0)
    arrays = {
        name: np.frombuffer(random.bytes(array.nbytes), array.dtype).reshape(array.shape)
        for name, array in right(case).items()
    }
    assert _judge(tmp_path, case, Returned(arrays=arrays)).status == "differing"


def test_a_document_is_held_against_its_own_numbers_and_so_is_the_oracle(tmp_path: Path) -> None:
    wrong = Returned(arrays={"output": right(DOCUMENT)["output"] + 1})
    run = record(tmp_path, [(DOCUMENT, ORACLE, wrong), (DOCUMENT, TORCH, Returned(arrays=right(DOCUMENT)))])
    assert judge(run, DOCUMENT, ORACLE).status == "differing"
    assert judge(run, DOCUMENT, TORCH).status == "passed"
    assert expectation(run, DOCUMENT)["output"].shape == (1, 4, 4, 1)
    assert expectation(run, DOCUMENT)["output"].dtype == np.float32


@pytest.mark.parametrize("answers", [[], [(VALID, ORACLE, RAISED)]])
def test_without_the_oracle_an_answer_is_not_judged(tmp_path: Path, answers: list[tuple[Case, str, Outcome]]) -> None:
    verdict = judge(record(tmp_path, [*answers, (VALID, TORCH, RETURNED)]), VALID, TORCH)
    assert (verdict.status, verdict.follows) == ("unjudged", "error")
    assert verdict.reason.startswith("the oracle gave no expected result: ")


def test_an_answer_that_was_never_given_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        judge(record(tmp_path, [oracle(VALID)]), VALID, TORCH)


def test_the_oracle_is_not_held_against_itself() -> None:
    judged = {name: is_judged(case, ORACLE) for name, case in
              [("valid", VALID), ("invalid", INVALID), ("behaviour", BEHAVIOUR), ("document", DOCUMENT)]}  # fmt: skip
    assert judged == {"valid": False, "invalid": True, "behaviour": False, "document": True}
    assert all(is_judged(case, TORCH) for case in (VALID, INVALID, BEHAVIOUR, DOCUMENT))


def test_the_tolerance_counts_the_products_of_an_element() -> None:
    assert tolerance(VALID).products == 3 * 3 * 2
    assert tolerance(make("max_pool")).products == 1
    assert tolerance(make("avg_pool", ksize=3)).products == 9


def test_an_error_before_the_call_refuses_nothing(tmp_path: Path) -> None:
    for stage, status in (("preparing", "raised"), ("calling", "passed"), ("reading", "passed")):
        run = record(tmp_path / stage, [(INVALID, TORCH, Raised(type="NameError", message="ours", stage=stage))])
        assert judge(run, INVALID, TORCH).status == status
