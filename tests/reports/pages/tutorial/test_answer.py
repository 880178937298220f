"""Every fact that an expression can read from an answer, each tried on an answer that a test makes for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.oracle import NotExact, Oracle
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.loading.claims import ANSWER, FUNCTIONS
from cases.loading.expressions import expression
from reports.pages.tutorial import answer
from reports.pages.tutorial.answer import CaseInRun
from reports.recording.run import Run, read
from tests.reports.making import JAX, TORCH, make, oracle, record, result, right

CASE = make(
    "conv_transpose",
    name="four",
    image=[3, 3],
    kernel=2,
    strides=1,
    in_channels=1,
    out_channels=1,
    value={"values": [[1, 10], [100, 1000]]},
    filter={"values": [[1, 2], [3, 4]]},
)
POOL = make("max_pool_argmax", name="pooled", batch=2, channels=2, image=[4, 4], data="ties")
RIGHT = Returned(arrays=right(CASE))
RAISED = Raised(type="ValueError", message="no", stage="calling")


def _decides(folder: Path, text: str, outcome: Outcome, case: Any = CASE) -> bool | None:
    """Evaluate an expression on torch's answer. jax returned the right arrays with the opposite sign."""
    negative = Returned(arrays={name: -array for name, array in right(case).items()})
    run = record(folder, [oracle(case), (case, TORCH, outcome), (case, JAX, negative)])
    return CaseInRun(run, case).holds(expression(text), TORCH)


def test_every_fact_that_a_claim_may_name_is_there() -> None:
    assert sorted(answer.NAMES) == sorted((*ANSWER, *FUNCTIONS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('kind == "returned"', True),
        ("passed", True),
        ('"numpy" in call', False),
        ('same("output", "value")', False),
        ('same("output", "output")', True),
        ('shape("output") == (1, 3, 3, 1)', True),
        ('shape("value") == (1, 2, 2, 1)', True),
        ('size("filter") == 4', True),
        ('zeros("output") == 0', True),
        ('dtype_of("output") == "float32"', True),
        (f'agrees("{JAX}")', False),
        ('agrees("oracle-eager-cpu")', True),
        ('agrees("torch-other-cpu")', None),
        ('same("output", convolution("value", rotated("filter")))', True),
        ('same("output", convolution("value", "filter"))', False),
        ('same("output", convolution("value", transposed("filter")))', False),
        ('same(transposed("filter"), rotated("filter"))', False),
        ('correlation("output", "output") == 1', True),
        ('correlation(rotated("filter"), "filter") == -1', True),  # 4, 3, 2, 1 beside 1, 2, 3, 4
        ('correlation(transposed("filter"), "filter") == 0.8', True),  # 1, 3, 2, 4: (2.25 - 0.25 - 0.25 + 2.25) / 5
        ('correlation("output", "value") > 0', None),
        ('same(rotated(rotated("filter")), "filter")', True),
        ('shape("indices") == ()', None),
        ('kind == "raised" or shape("indices") == ()', None),
        ('kind == "returned" or shape("indices") == ()', True),
        ("kernel == (2, 2) and padding == 'VALID'", True),
        ("strides / 0 == 1", None),
    ],
)
def test_of_a_result(tmp_path: Path, text: str, expected: bool | None) -> None:  # noqa: FBT001 - a result
    assert _decides(tmp_path, text, RIGHT) is expected


def test_a_convolution_by_hand(tmp_path: Path) -> None:
    """The value [[1, 10], [100, 1000]] meets the filter [[1, 2], [3, 4]], not rotated. The first corner is 4 * 1."""
    run = record(tmp_path, [(CASE, TORCH, RIGHT)])
    made = answer.AnswerFacts(CaseInRun(run, CASE), run.records[CASE.id, TORCH]).convolution("value", "filter")
    assert made[0, :, :, 0].tolist() == [[4, 43, 30], [402, 4321, 3010], [200, 2100, 1000]]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (RAISED, "raised"),
        (Crashed(signal="SIGABRT", stderr=""), "crashed"),
        (TimedOut(seconds=1.0), "timed out"),
    ],
)
def test_of_a_failure(tmp_path: Path, outcome: Outcome, kind: str) -> None:
    assert _decides(tmp_path / "a", f'kind == "{kind}" and not passed', outcome) is True
    assert _decides(tmp_path / "b", 'shape("output") == output_shape', outcome) is None
    assert _decides(tmp_path / "c", 'agrees("oracle-eager-cpu")', outcome) is None


def test_a_failed_target_agrees_with_nobody(tmp_path: Path) -> None:
    run = record(tmp_path, [(CASE, TORCH, RIGHT), (CASE, JAX, RAISED)])
    assert CaseInRun(run, CASE).holds(expression(f'agrees("{JAX}")'), TORCH) is False


def test_unsupported_and_unasked_decide_nothing(tmp_path: Path) -> None:
    assert _decides(tmp_path, 'kind == "unsupported" or true', Unsupported(reason="none")) is None
    run = record(tmp_path / "other", [oracle(CASE)])
    assert CaseInRun(run, CASE).holds(expression("true"), TORCH) is None


def test_equal_elements_of_other_dtypes_and_nan_are_the_same(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "output": np.array([0.0, np.nan], np.float32),
        "value_gradient": np.array([-0.0, np.nan], np.float64),
    }
    assert _decides(tmp_path, 'same("output", "value_gradient")', Returned(arrays=arrays)) is True


def test_what_does_not_vary_is_correlated_with_nothing(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"output": np.ones((1, 2, 2, 1), np.float32)}
    assert _decides(tmp_path, 'correlation("output", "value") > 0', Returned(arrays=arrays)) is None


def test_an_argument_that_is_given_as_it_stands_is_no_input(tmp_path: Path) -> None:
    rule = {"rule": "type", "reason": "None is no tensor"}
    case = make("conv_transpose", name="none", given={"filter": None}, invalid=rule)
    run = record(tmp_path, [(case, TORCH, RIGHT)])
    assert CaseInRun(run, case).holds(expression('size("filter") > 0'), TORCH) is None


@pytest.mark.parametrize(
    ("rule", "batch"),
    [("flat over the image, channels last", 0), ("flat over batch and image, channels last", 4 * 4 * 2)],
)
def test_an_index_follows_a_rule(tmp_path: Path, rule: str, batch: int) -> None:
    arrays = right(POOL)
    native = arrays["indices"] + batch * np.arange(2).reshape(2, 1, 1, 1)
    assert _decides(tmp_path, f'follows("{rule}")', Returned(arrays=arrays | {"native_indices": native}), POOL) is True
    other = 'follows("flat over one plane")'
    assert _decides(tmp_path / "b", other, Returned(arrays=arrays | {"native_indices": native}), POOL) is False


def test_an_input_has_its_own_dtype(tmp_path: Path) -> None:
    """bfloat16 inputs are filled as float32 arrays, and an expression sees them as bfloat16."""
    case = make("max_pool", name="narrow", dtype="bfloat16")
    assert _decides(tmp_path, 'dtype_of("value") == "bfloat16"', Returned(arrays=right(case)), case) is True


def test_to_agree_is_to_have_the_same_bits_in_every_output(tmp_path: Path) -> None:
    other = Returned(arrays=right(POOL) | {"indices": right(POOL)["indices"] + 1})
    run = record(tmp_path, [oracle(POOL), (POOL, TORCH, Returned(arrays=right(POOL))), (POOL, JAX, other)])
    pooled = CaseInRun(run, POOL)
    assert pooled.holds(expression('agrees("oracle-eager-cpu")'), TORCH) is True
    assert pooled.holds(expression('agrees("oracle-eager-cpu")'), JAX) is False


def test_the_call_is_each_target_s_own_though_the_results_are_the_same(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.jsonl")
    run.begin({"targets": {target: {"versions": {}, "settings": {}} for target in (TORCH, JAX)}, "missing": {}})
    run.ask(CASE)
    for target, call in ((TORCH, "result = torch(value)"), (JAX, "result = jax(value)")):
        run.record(result(CASE, target, RIGHT, call))
    run.end()
    run.close()
    asked = CaseInRun(read(run.path), CASE)
    assert [asked.holds(expression('"torch" in call'), target) for target in (TORCH, JAX)] == [True, False]


def test_an_index_follows_no_rule_and_breaks_none_if_the_oracle_has_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = Returned(arrays=right(POOL) | {"native_indices": right(POOL)["indices"]})
    run = record(tmp_path, [oracle(POOL), (POOL, TORCH, native)])

    def fail(*_: Any) -> None:
        raise NotExact(POOL.id)

    monkeypatch.setattr(Oracle, "run", fail)
    text = 'follows("flat over the image, channels last")'
    assert CaseInRun(run, POOL).holds(expression(text), TORCH) is None
    assert CaseInRun(run, POOL).holds(expression(f"not {text}"), TORCH) is None


@pytest.mark.parametrize("text", ["passed", "not passed"])
def test_an_answer_that_cannot_be_judged_decides_nothing(tmp_path: Path, text: str) -> None:
    run = record(tmp_path, [(CASE, TORCH, RIGHT)])
    assert CaseInRun(run, CASE).holds(expression(text), TORCH) is None
