"""Pipelines through the engine: every step's tensor comes back, and what goes wrong says at which step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import program
from adapters.base import Target
from adapters.engine.handle import Ready
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.oracle import Oracle
from adapters.outcome import Crashed, Fault, Raised, Result, Returned, TimedOut, Unsupported
from adapters.worker import pipeline as pipelines
from cases.loading.load import load
from cases.model.case import Case, Step
from cases.model.fill import fill
from tests.adapters.asking import Sink, pipeline, run

ROUND_TRIPS = Path(__file__).parents[3] / "cases" / "pipelines" / "pool_and_back.yaml"


def _asked(fake: str, case: Case) -> Any:
    """The whole answer of an adapter to a pipeline."""
    sink = Sink()
    with Pool(case_limit=20) as pool:
        (ready,) = pool.probe([resolve(fake)])
        assert isinstance(ready, Ready)
        pool.start({Target(adapter=ready.name, mode="eager", device="cpu"): [case]}, sink)
        assert pool.wait(60)
    [answer] = sink.answers
    return answer


def test_every_step_takes_what_earlier_ones_returned() -> None:
    """The tutorial's own image: 2 x 2 windows of rows that rise, so the first maxima stand in the odd rows."""
    [case] = [case for case in load(ROUND_TRIPS) if case.id.endswith("::document")]
    [outcome] = run("adapters.oracle:Oracle", [case])
    arrays = outcome.arrays
    assert tuple(arrays) == ("pooled_without_indices", "pooled", "pooled_indices", "unpooled")
    assert arrays["pooled"].tolist() == [[[[1, 5], [1, 5]], [[3, 7], [3, 7]]]]
    assert arrays["pooled_indices"].tolist() == [[[[8, 9], [12, 13]], [[24, 25], [28, 29]]]]
    assert arrays["unpooled"][0, :, :, 1].tolist() == [[0] * 4, [5, 0, 5, 0], [0] * 4, [7, 0, 7, 0]]


def test_the_text_is_one_program_that_gives_the_same() -> None:
    case = next(case for case in load(ROUND_TRIPS) if "max-same-i5x6" in case.id)
    answer = _asked("oracle", case)
    inputs = fill(case)
    outputs = program.execute(answer.call, inputs)
    assert list(outputs) == list(answer.outcome.arrays)
    for name, array in answer.outcome.arrays.items():
        assert np.array_equal(outputs[name], array), name
    assert inputs.keys() == {"image"}


def test_bfloat16_goes_into_a_call_as_float32_and_comes_out_as_itself(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(
        "operator: pipeline\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
        "  - {name: a, image: [6, 7], kernel: 2, dtype: bfloat16, data: small, steps: "
        "[{operator: conv, name: down}, {operator: conv_transpose, name: back, reverses: down}]}\n",
        encoding="utf-8",
    )
    [case] = load(path)
    answer = _asked("oracle", case)
    assert {array.dtype.name for array in answer.outcome.arrays.values()} == {"bfloat16"}
    outputs = program.execute(answer.call, fill(case))
    assert all(np.array_equal(outputs[name], array) for name, array in answer.outcome.arrays.items())


def test_a_refusal_says_at_which_step_and_how_far_that_had_come() -> None:
    outcomes = run("Raises", [pipeline("a", "one", "calling"), pipeline("b", "reading", "two"), pipeline("c", "fine")])
    assert outcomes[0] == Raised(type="KeyError", message="step calling: 'deep'", stage="calling")
    assert outcomes[1].message == "step reading: 'int' object has no attribute 'shape'"
    assert outcomes[1].stage == "reading"
    assert isinstance(outcomes[2], Returned)


def test_the_steps_before_one_that_is_not_supported_are_asked() -> None:
    [outcome] = run("Unsupports", [pipeline("a", "one", "bad", "three")])
    assert outcome == Unsupported(reason="step bad: not here")
    assert list(outcome.before) == ["one"]
    [outcome] = run("Unsupports", [pipeline("a", "bad", "two")])
    assert outcome == Unsupported(reason="step bad: not here")
    assert not outcome.before


def test_what_steps_before_a_refusal_returned_is_kept() -> None:
    case = pipeline("a", "one", "calling")
    [outcome] = run("Raises", [case])
    assert list(outcome.before) == ["one"]
    made: dict[str, Any] = {}

    class Spoils:
        """A framework that writes into its input and then refuses it."""

        def run(self, step: Case, inputs: dict[str, Any]) -> dict[str, Any]:
            if step.id.endswith("#calling"):
                inputs["value"][:] = 99
                raise KeyError
            return Oracle().run(step, inputs)

    with pytest.raises(KeyError):
        pipelines.run(Spoils(), case, fill(case), lambda _: None, made)
    assert np.array_equal(made["one"], Oracle().run(case.steps[0].case, {"value": fill(case)["image"]})["output"])


def test_a_crash_shows_the_program_as_far_as_the_step_that_it_died_in() -> None:
    answer = _asked("tests.fakes:Crashes", pipeline("a", "one", "bad_abort", "three"))
    assert isinstance(answer, Result)
    assert isinstance(answer.outcome, Crashed)
    assert answer.outcome.stderr.startswith("step bad_abort: last words\n")
    assert pipelines.MARK + "bad_abort: max_pool" in answer.call
    assert pipelines.MARK + "three" not in answer.call


def test_a_step_has_as_long_as_a_case() -> None:
    """Four calls of a third of a second each are more than one second together, and none is by itself."""
    fine = run("Steady", [pipeline("a", *"abcd")], limit=1)
    hung = run("Hangs", [pipeline("a", "a", "bad_hang")], limit=1)
    assert isinstance(fine[0], Returned)
    assert hung == [TimedOut(seconds=1)]


@pytest.mark.parametrize(
    ("fake", "steps", "message"),
    [
        ("InPlace", ("bad",), "step bad: run() changed value: give the framework a copy"),
        ("InPlace", ("one",), "step one: run() returned output in the memory of value: return an array of its own"),
        ("Reuses", ("one", "two", "three"), "run() changed one: give the framework a copy"),
        ("ReturnsGarbage", ("one", "bad_list"), "step bad_list: run() returned no NumPy array by the name output"),
        ("ReturnsGarbage", ("bad_none",), "step bad_none: run() returned no NumPy array by the name output"),
        ("ReturnsGarbage", ("bad_float",), "step bad_float: run() returned no NumPy array by the name output"),
    ],
)
def test_an_adapter_that_spoils_a_tensor_is_our_fault(fake: str, steps: tuple[str, ...], message: str) -> None:
    [outcome] = run(fake, [pipeline("a", *steps)])
    assert isinstance(outcome, Fault)
    assert outcome.message == message


def test_a_step_s_part_of_the_text_is_found_again() -> None:
    step = pipeline("a", "one", "one_more").steps
    text = pipelines.text(step, ["first\n", "second\n"], ["image"])
    assert pipelines.part(text, "one").splitlines()[:3] == ["one: max_pool", 'value = tensors["image"]', "first"]
    assert "second" in pipelines.part(text, "one_more")
    assert pipelines.part("result = 1", "one") == "result = 1"


def test_an_adapter_without_texts_has_pipelines_too() -> None:
    calls: list[Step] = []
    case = pipeline("a", "one", "two")
    outputs = pipelines.run(Oracle(), case, fill(case), calls.append)
    assert [step.name for step in calls] == ["one", "two"]
    assert np.array_equal(outputs["two"], fill(case)["image"])


class _Whole(Oracle):
    """The definition, whose mode ``program`` makes one call of a pipeline and returns its end."""

    name = "whole"
    modes = ("eager", "program")
    mode_options = {"program": {"whole": True}}  # noqa: RUF012 - as the protocol has it

    def configure(self, mode: str, device: str) -> dict[str, str]:
        return super().configure("eager", device) | {"mode": mode}

    def call(self, case: Case) -> str:
        return f"# a call of {len(case.steps) or 1}\n"

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        if not case.steps:
            return super().run(case, inputs)
        made = pipelines.run(Oracle(), case, inputs, begin=lambda _step: None)
        return {name: made[name].copy() for name in case.steps[-1].returns.values()}


@pytest.mark.parametrize(
    ("mode", "calls", "names"),
    [("program", 1, ["unpooled_again"]), ("eager", 5, ["pooled_without_indices", "pooled", "pooled_indices"])],
)
def test_a_mode_may_make_one_call_of_a_pipeline(mode: str, calls: int, names: list[str]) -> None:
    case = next(case for case in load(ROUND_TRIPS) if "max-same-i5x6" in case.id)
    sink = Sink()
    with Pool(case_limit=20) as pool:
        (ready,) = pool.probe([resolve("tests.adapters.worker.test_pipeline:_Whole")])
        assert isinstance(ready, Ready)
        pool.start({Target(adapter=ready.name, mode=mode, device="cpu"): [case]}, sink)
        assert pool.wait(60)
    [answer] = sink.answers
    assert answer.call.count("# a call of ") == calls
    assert list(answer.outcome.arrays)[: len(names)] == names
