"""Many targets: one for each slot runs, in its mode's environment, and the others wait without a process."""

from __future__ import annotations

import os
from typing import Any

import pytest

from adapters.base import Target
from adapters.engine.handle import Ready, StartError, Worker
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.starting import Workers
from adapters.outcome import Fault, Result, Returned
from cases.model.case import Case, TensorSpec
from tests.adapters.processes import PATIENCE, eventually


def case(name: str) -> Case:
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    return Case(id=name, operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))


def targets(adapter: str, *modes: str) -> list[Target]:
    return [Target(adapter=adapter, mode=mode, device="cpu") for mode in modes]


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of numbers of live workers, one for each start, the started worker included; it grows."""
    counts = []
    original = Workers._spawn

    def spawn(self: Workers, *arguments: Any) -> Worker:
        worker = original(self, *arguments)
        counts.append(sum(other._process._process.poll() is None for other in list(self._live)))
        return worker

    monkeypatch.setattr(Workers, "_spawn", spawn)
    return counts


def test_no_more_targets_than_slots_have_a_process_and_all_get_their_turn(alive: list[int]) -> None:
    answers: list[Any] = []
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Slow")])
        wanted = targets("slow", *"abcde")
        pool.start({target: [case("x"), case("y")] for target in wanted}, answers.append, slots=2)
        assert pool.wait(PATIENCE)
    assert (len(alive), max(alive)) == (5, 2)
    got = sorted((answer.target, answer.case) for answer in answers)
    assert got == [(str(target), name) for target in wanted for name in "xy"]


def test_preparing_leaves_no_process_but_those_of_the_targets_prepared() -> None:
    with Pool() as pool:
        slow, right = pool.probe([resolve("tests.fakes:Slow"), resolve("tests.fakes:Right")])
        assert isinstance(slow, Ready), slow
        assert isinstance(right, Ready), right
        pool.prepare(targets("slow", "a"))
        os.kill(slow.pid, 0)
        with pytest.raises(ProcessLookupError):
            os.kill(right.pid, 0)


def test_a_mode_with_an_environment_has_a_process_that_was_started_in_it(alive: list[int]) -> None:
    news: list[tuple[str, str]] = []
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Limited")])
        wanted = targets("limited", "variable", "plain")
        pool.start(
            {target: [case("x")] for target in wanted},
            lambda answer: news.append((answer.target, type(answer).__name__)),
            settle=lambda target, settings: news.append((str(target), settings["variable"])),
            slots=1,
        )
        assert pool.wait(PATIENCE)
    assert len(alive) == 2, "the other one took the worker that was probed"
    assert news == [
        ("limited-variable-cpu", "set"),
        ("limited-variable-cpu", "Result"),
        ("limited-plain-cpu", "unset"),
        ("limited-plain-cpu", "Result"),
    ]


def test_waiting_for_a_slot_is_not_part_of_a_case_s_time() -> None:
    """Each case takes 0.2 seconds, so that the last one waits for longer than a case may take."""
    answers: list[Any] = []
    names = [str(number) for number in range(12)]
    with Pool(case_limit=2.0) as pool:
        pool.probe([resolve("tests.fakes:Slow")])
        first, second = targets("slow", "a", "b")
        pool.start({first: [case(name) for name in names], second: [case("x")]}, answers.append, slots=1)
        assert pool.wait(PATIENCE)
    assert [answer.case for answer in answers] == [*names, "x"]
    assert all(isinstance(answer.outcome, Returned) for answer in answers)


def test_settings_that_are_refused_make_the_target_s_cases_faults_and_the_next_one_runs() -> None:
    answers: list[Any] = []

    def refuse(target: Target, settings: dict[str, str]) -> None:
        if target.mode == "eager":
            raise StartError(f"{settings} are not what they were")  # noqa: EM102, TRY003

    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Right")])
        work = {target: [case("x"), case("y")] for target in targets("right", "eager", "jit")}
        pool.start(work, answers.append, settle=refuse, slots=1)
        assert pool.wait(PATIENCE)
    assert [type(answer) for answer in answers] == [Fault, Fault, Result, Result]
    assert answers[0].message == "{'mode': 'eager', 'device': 'cpu'} are not what they were"


def test_each_start_has_slots_of_its_own() -> None:
    answers: list[Any] = []
    with Pool(case_limit=600) as pool:
        pool.probe([resolve("tests.fakes:Hangs"), resolve("tests.fakes:Slow")])
        pool.start({targets("right", "eager")[0]: [case("bad-hang")]}, answers.append, slots=1)
        pool.start({target: [case("x")] for target in targets("slow", "a", "b")}, answers.append, slots=1)
        assert eventually(lambda: len(answers) == 2)
        assert not pool.wait(0)
    assert [answer.target for answer in answers] == ["slow-a-cpu", "slow-b-cpu"]
