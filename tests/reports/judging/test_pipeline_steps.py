"""Pipelines are judged step by step, each on what the target itself fed into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from adapters.outcome import Raised, Returned, Unsupported
from adapters.worker import pipeline
from cases.loading.load import load
from cases.model.case import Case, Step
from cases.model.fill import fill
from reports.judging.behaviours import Accepted
from reports.judging.diagnosis.diagnose import NEARLY
from reports.judging.expectation import step_expectation, wanted
from reports.judging.judge import begin, judge
from reports.pages import failure, render, tables
from reports.recording import record as recording
from reports.recording.run import Run
from reports.recording.targets import ORACLE
from tests.reports.making import TORCH, fact, make_pipeline, record

CASES = Path(__file__).parents[3] / "cases" / "pipelines"
Arrays = dict[str, Any]


def _case(file: str, name: str) -> Case:
    return next(case for case in load(CASES / f"{file}.yaml") if case.id.endswith(f"::{name}"))


class _Slips(Oracle):
    """The definition but for one step, whose answer is changed."""

    def __init__(self, step: str, slip: Any) -> None:
        super().__init__()
        self._step, self._slip = step, slip

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        outputs = super().run(case, inputs)
        return self._slip(case, inputs, outputs) if case.id.endswith(f"#{self._step}") else outputs


def _ignore(_: Step) -> None:
    pass


def _answers(case: Case, slips: Oracle | None = None) -> Arrays:
    return pipeline.run(slips or Oracle(), case, fill(case), _ignore)


def _run(folder: Path, case: Case, arrays: Arrays) -> Run:
    folder.mkdir(exist_ok=True)
    oracle = case, ORACLE, Returned(arrays=_answers(case))
    return record(folder, [oracle, (case, TORCH, Returned(arrays=arrays))])


def _rotated(case: Case, inputs: Arrays, _: Arrays) -> Arrays:
    return Oracle().run(case, inputs | {"filter": np.ascontiguousarray(inputs["filter"][::-1, ::-1])})


def test_the_first_step_that_departs_is_named_and_those_after_it_are_not_blamed(tmp_path: Path) -> None:
    """The last step reads what the wrong one returned, and does the right thing with it."""
    case = _case("conv_and_back", "two-levels-same-i9x12-s2")
    arrays = _answers(case, _Slips("down_again", _rotated))
    run = _run(tmp_path, case, arrays)
    verdict = judge(run, case, TORCH)
    assert verdict.step == "down_again"
    assert verdict.status == "differing"
    assert verdict.diagnosis == "filter not rotated"
    assert verdict.difference is not None
    assert verdict.difference.summary.startswith("step down_again (conv): output differs in ")
    name, expected = wanted(run, case, TORCH, judge(run, case, TORCH)) or ("", np.empty(0))
    assert name == "down_again"
    assert np.array_equal(expected, _answers(case)["down_again"])


def test_a_step_of_a_wrong_shape_is_the_fault_and_the_next_one_has_no_answer(tmp_path: Path) -> None:
    """The oracle can't take such a tensor either."""
    case = _case("conv_and_back", "two-levels-same-i9x12-s2")
    arrays = _answers(case)
    names = [step.name for step in case.steps]
    arrays[names[0]] = arrays[names[0]][:, :-1]
    verdict = judge(_run(tmp_path, case, arrays), case, TORCH)
    assert verdict.step == names[0]
    assert verdict.difference is not None
    assert verdict.difference.kind == "shape"


def test_a_later_slip_is_held_against_what_went_in_there(tmp_path: Path) -> None:
    case = _case("conv_and_back", "two-levels-same-i9x12-s2")
    shifted = _Slips("back", lambda _case, _inputs, outputs: {"output": np.roll(outputs["output"], 1, axis=1)})
    arrays = _answers(case, shifted)
    run = _run(tmp_path, case, arrays)
    assert judge(run, case, TORCH).step == "back"
    assert list(step_expectation(case, arrays, "back")) == ["back"]


def test_rounding_otherwise_early_is_no_difference_later(tmp_path: Path) -> None:
    """One unit in the last place at the first step makes other numbers everywhere behind it, all of them right."""
    case = _case("autoencoder", "wide-same-i16x16")
    next_to = _Slips(
        "encoded_half", lambda _case, _inputs, outputs: {"output": np.nextafter(outputs["output"], np.float32(9))}
    )
    arrays = _answers(case, next_to)
    assert not np.array_equal(arrays["decoded"], _answers(case)["decoded"])
    verdict = judge(_run(tmp_path, case, arrays), case, TORCH)
    assert verdict.status == "passed"
    assert verdict.headroom is not None
    assert 0 < verdict.headroom.of_failing < 1


def test_an_error_beyond_the_bound_of_its_own_step_is_one(tmp_path: Path) -> None:
    case = _case("autoencoder", "wide-same-i16x16")
    weighed = _Slips("decoded_half", lambda _case, _inputs, outputs: {"output": outputs["output"] * np.float32(1.001)})
    assert judge(_run(tmp_path, case, _answers(case, weighed)), case, TORCH).step == "decoded_half"


def test_the_wrong_index_of_a_pooling_is_found_there_and_not_at_the_unpooling(tmp_path: Path) -> None:
    case = _case("pool_and_back", "max-valid-i7x9-k2-s2")
    moved = _Slips("pooled", lambda _case, _inputs, outputs: outputs | {"indices": outputs["indices"] + 3})
    verdict = judge(_run(tmp_path, case, _answers(case, moved)), case, TORCH)
    assert (verdict.step, verdict.difference and verdict.difference.output) == ("pooled", "pooled_indices")
    assert verdict.difference is not None
    assert verdict.difference.kind == "index"


def test_what_is_known_of_one_step_hides_nothing_of_another(tmp_path: Path) -> None:
    """Both poolings read the image: that the first loses NaN is known, and the second may not lose more behind it."""
    case = _case("pool_and_back", "nan-at7")
    loses = _Slips("pooled_without_indices", lambda _case, _inputs, outputs: {"output": _numbers(outputs["output"])})
    arrays = _answers(case, loses)
    assert _is_accepted(tmp_path / "one", case, arrays)
    assert not _is_accepted(tmp_path / "two", case, arrays | {"pooled": arrays["pooled"] * 0 + 5})
    wrong = _run(tmp_path / "three", case, arrays | {"pooled_indices": arrays["pooled_indices"] * 0 - 9})
    verdict = judge(wrong, case, TORCH)
    assert (verdict.step, [later.step for later in verdict.later]) == ("pooled_without_indices", ["pooled"])


def _numbers(array: Any) -> Any:
    """An array in which numbers stand for NaN: the greatest of the rest of the window, which is 14 in this case."""
    return np.where(np.isnan(array), np.float32(14), array)


def _is_accepted(folder: Path, case: Case, arrays: Arrays) -> bool:
    known = fact(where='operator == "max_pool"', diagnosis="NaN ignored, as if it were less than all")
    run = _run(folder, case, arrays)
    begin(run, Accepted(facts={"torch": [known]}))
    return judge(run, case, TORCH).follows == "known"


def test_a_wrong_step_may_leave_a_later_one_without_an_answer(tmp_path: Path) -> None:
    case = _case("pool_and_back", "max-valid-i7x9-k2-s2")
    arrays = _answers(case)
    outside = arrays | {"pooled_indices": arrays["pooled_indices"] * 0 - 9}
    assert judge(_run(tmp_path, case, outside), case, TORCH).step == "pooled"


def test_the_headroom_of_a_pipeline_is_that_of_the_step_that_came_nearest(tmp_path: Path) -> None:
    """Three units in the last place at one step, none at the others."""
    case = _case("autoencoder", "wide-same-i16x16")
    off = _Slips("decoded", lambda _case, _inputs, outputs: {"output": outputs["output"] * np.float32(1 + 3 * 2**-23)})
    room = judge(_run(tmp_path / "off", case, _answers(case, off)), case, TORCH).headroom
    exact = judge(_run(tmp_path / "exact", case, _answers(case)), case, TORCH).headroom
    assert room is not None
    assert exact is not None
    assert room.of_failing > 2 * exact.of_failing


def test_the_right_bits_of_every_step_pass(tmp_path: Path) -> None:
    case = _case("pool_and_back", "max-valid-i7x9-k2-s2")
    assert judge(_run(tmp_path, case, _answers(case)), case, TORCH).status == "passed"


def test_a_tensor_that_is_missing_is_a_difference(tmp_path: Path) -> None:
    case = _case("conv_and_back", "groups")
    arrays = _answers(case)
    run = _run(tmp_path, case, arrays | {"down": arrays["down"].astype(np.float64)})
    verdict = judge(run, case, TORCH)
    assert (verdict.step, verdict.difference and verdict.difference.kind) == ("down", "dtype")


def test_a_refusal_is_the_pipeline_s(tmp_path: Path) -> None:
    case = _case("conv_and_back", "groups")
    oracle = case, ORACLE, Returned(arrays=_answers(case))
    refused = case, TORCH, Raised(type="ValueError", message="step back: no groups", stage="calling")
    run = record(tmp_path, [oracle, refused])
    verdict = judge(run, case, TORCH)
    assert verdict.status == "raised"
    assert verdict.difference is not None
    assert verdict.difference.summary == "raised ValueError: step back: no groups"


@pytest.mark.parametrize(
    "end", [Raised(type="ValueError", message="step back: no", stage="calling"), Unsupported(reason="step back: no")]
)
def test_the_steps_before_one_that_gave_no_answer_are_judged(tmp_path: Path, end: Raised | Unsupported) -> None:
    case = _case("conv_and_back", "groups")
    oracle = case, ORACLE, Returned(arrays=_answers(case))
    found = {}
    for name, slips in {"right": None, "wrong": _Slips("down", _rotated)}.items():
        before = {"down": _answers(case, slips)["down"]}
        run = record(tmp_path / name, [oracle, (case, TORCH, replace(end, before=before))])
        verdict = judge(run, case, TORCH)
        found[name] = verdict.status, verdict.step, verdict.diagnosis, [later.status for later in verdict.later]
        assert render.pages(run, Accepted())
        explained = failure.explain(run, case, TORCH, verdict) if verdict.step else ""
    assert found["right"] == (end.kind, "", None, [])
    is_raised = isinstance(end, Raised)
    assert found["wrong"] == ("differing", "down", "filter not rotated", ["raised"] if is_raised else [])
    assert "actual down:" in explained
    assert ("\nand raised ValueError: step back: no\n" in explained) is is_raised


def test_a_table_shows_the_call_of_the_step_that_departs(tmp_path: Path) -> None:
    case = _case("conv_and_back", "groups")
    arrays = _answers(case, _Slips("down", _rotated))
    run = _run(tmp_path, case, arrays)
    assert tables.results(run)["status"].tolist() == ["differing"]


@pytest.mark.parametrize(
    ("step", "expected"), [("down", "first(1)"), ("back", "second(2)"), ("", "second(2)"), ("other", "second(2)")]
)
def test_the_call_of_a_step_is_found_in_the_text(step: str, expected: str) -> None:
    steps = _case("conv_and_back", "groups").steps
    text = pipeline.text(steps, ["result = first(1)\noutputs = {}", "result = second(2)\noutputs = {}"], ["image"])
    assert recording.call_line(text, step) == expected


def test_of_a_pipeline_that_was_one_call_the_end_alone_is_judged(tmp_path: Path) -> None:
    case = _case("conv_and_back", "valid-i4x4-k2-s1")
    end = _answers(case)["back"]
    for number, (arrays, status) in enumerate([({"back": end}, "passed"), ({"back": end + 1}, "differing")]):
        run = _run(tmp_path / str(number), case, arrays)
        run.header["targets"][TORCH]["whole"] = True
        begin(run, Accepted())
        found = judge(run, case, TORCH)
        assert (found.status, found.step) == (status, "")
    name, right = wanted(run, case, TORCH, found) or ("", end[:0])
    assert name == "back"
    assert np.array_equal(right, end)
    assert "back differs in" in failure.explain(run, case, TORCH, found)


def test_the_sign_of_a_zero_is_as_free_at_the_end_of_one_call(tmp_path: Path) -> None:
    """Zero times a negative number is minus zero, and plus zero if it is added to zero."""
    filtered = {"operator": "conv", "name": "end", "out_channels": 1, "filter": {"values": [-1]}}
    below = {"image": [2, 2], "channels": 1, "value": {"values": [-1, -2, -3, -4]}}
    case = make_pipeline({"operator": "relu", "name": "active"}, filtered, kernel=1, strides=1, data="small", **below)
    for number, zero in enumerate((0.0, -0.0)):
        end = np.full((1, 2, 2, 1), zero, "float32")
        oracle = case, ORACLE, Returned(arrays=_answers(case))
        run = record(tmp_path / str(number), [oracle, (case, TORCH, Returned(arrays={"end": end}))])
        run.header["targets"][TORCH]["whole"] = True
        begin(run, Accepted())
        assert judge(run, case, TORCH).status == "passed"


def test_a_fact_of_a_step_names_the_output_of_the_call(tmp_path: Path) -> None:
    """In the pipeline the tensor has the step's name."""
    case = _case("conv_and_back", "groups")
    run = _run(tmp_path, case, _answers(case, _Slips("down", _rotated)))
    for output, follows in (("output", "known"), ("value_gradient", "changed")):
        run.verdicts = None
        begin(run, Accepted(facts={"torch": [fact(where='operator == "conv"', output=output)]}))
        assert judge(run, case, TORCH).follows == follows


@pytest.mark.parametrize(
    ("targets", "diagnosis", "error", "follows"),
    [
        (["torch-eager-cpu"], NEARLY, 1, "known"),
        (["torch-eager-cpu"], NEARLY, 9, "changed"),
        (["torch-eager-cpu"], None, 1, "changed"),
        (["torch-*"], NEARLY, 1, "changed"),
    ],
)
def test_what_an_earlier_step_makes_of_the_end_needs_a_fact_of_the_very_target(
    tmp_path: Path, targets: list[str], diagnosis: str | None, error: int, follows: str
) -> None:
    case = _case("conv_and_back", "valid-i4x4-k2-s1")
    end = _answers(case)["back"]
    run = _run(tmp_path, case, {"back": end + error * np.spacing(np.abs(end).max())})
    run.header["targets"][TORCH]["whole"] = True
    about = fact(where=f'operator == "{case.steps[0].case.operator}"', targets=targets, diagnosis=diagnosis)
    begin(run, Accepted(facts={"torch": [about]}))
    assert judge(run, case, TORCH).follows == follows
