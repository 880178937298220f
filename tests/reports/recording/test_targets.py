"""The targets that are wanted, and the reasons for those that can't run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from adapters.base import ModeOptions, Target
from adapters.engine.handle import Missing, Ready
from adapters.engine.launch import Launch
from cases.model.case import Case
from reports.recording.options import Options, UsageError
from reports.recording.targets import (
    DEFAULT_ADAPTERS,
    check,
    choose,
    due,
    in_order,
    is_framework,
    launches,
    sorted_out,
)


def ready(name: str, devices: tuple[str, ...] = ("cpu",), **modes: ModeOptions) -> Ready:
    launch = Launch(name=name, locator="")
    return Ready(
        launch=launch,
        name=name,
        modes=tuple(modes),
        options=modes,
        devices=devices,
        versions={},
        python="3.11",
        processor="",
        pid=1,
    )


PLAIN = ModeOptions()
ORACLE = ready("oracle", eager=PLAIN, matrix=PLAIN)
TORCH = ready(
    "torch",
    eager=PLAIN,
    compile=ModeOptions(missing="no C++ compiler in /usr/local/bin: install g++"),
    tf32=ModeOptions(devices=("cuda",)),
)
DOCUMENT = ready("document", after=PLAIN, between=ModeOptions(operators=("conv_transpose",)))
JAX = ready("jax", ("cpu", "cuda"), jit=PLAIN, host=ModeOptions(devices=("cpu",)))


def chosen(**options: Any) -> tuple[list[str], dict[str, str]]:
    choice = choose([ORACLE, TORCH, JAX], Options(**options))
    return [str(target) for target in choice.targets], choice.missing


def test_by_default_all_modes_run_on_all_devices_but_one_of_the_oracle_s() -> None:
    names, missing = chosen()
    assert names == ["oracle-eager-cpu", "torch-eager-cpu", "jax-jit-cpu", "jax-jit-cuda", "jax-host-cpu"]
    assert missing == {
        "torch-compile": "no C++ compiler in (path): install g++",
        "torch-cuda": "the framework sees no GPU",
    }


def test_another_of_the_oracle_s_forms_can_be_asked_for() -> None:
    assert chosen(targets=("oracle-*",)) == (["oracle-eager-cpu", "oracle-matrix-cpu"], {})


def test_a_mode_that_runs_by_name_runs_if_it_is_named_and_for_drawn_calls() -> None:
    native = ready("torch", eager=PLAIN, native=ModeOptions(by_name=True))

    def names(**options: Any) -> list[str]:
        return [str(target) for target in choose([native], Options(**options)).targets]

    assert names() == ["torch-eager-cpu"]
    assert names(targets=("*-native-*",)) == ["torch-native-cpu"]
    assert names(targets=("torch-*",)) == ["torch-eager-cpu"]
    assert names(fuzz_seed=0) == ["torch-eager-cpu", "torch-native-cpu"]


def test_what_was_not_asked_for_is_not_missing() -> None:
    assert chosen(targets=("torch-eager-cpu",)) == (["torch-eager-cpu"], {})
    assert chosen(device="cpu")[1].keys() == {"torch-compile"}


def test_one_device_is_that_device_alone_and_the_oracle() -> None:
    assert chosen(device="cuda")[0] == ["oracle-eager-cpu", "jax-jit-cuda"]


def test_no_gpu_is_one_line_that_names_the_frameworks_that_see_none() -> None:
    options = Options(device="cuda")
    found, absent = sorted_out([ORACLE, TORCH, Missing(launch=Launch(name="jax", locator=""), message="No module")])
    choice = choose(found, options)
    with pytest.raises(UsageError) as caught:
        check(choice, {**absent, **choice.missing}, [], options)
    assert str(caught.value) == (
        "there is no framework to run on device 'cuda': "
        "jax: not installed (No module): pip install jax; torch-cuda: the framework sees no GPU"
    )


def test_of_a_plug_in_it_is_not_said_that_it_sees_no_gpu() -> None:
    """A plug-in may never use a GPU."""
    choice = choose([ORACLE, ready("mine", run=PLAIN)], Options(device="cuda"))
    assert choice.missing == {"mine-cuda": "the adapter offers no cuda here, only cpu"}


def test_a_target_that_is_missing_here_says_why() -> None:
    options = Options(targets=("torch-compile-*",))
    choice = choose([ORACLE, TORCH], options)
    with pytest.raises(UsageError, match=r"matches no target; .*; torch-compile: no C\+\+ compiler in"):
        check(choice, choice.missing, [], options)


def test_of_a_mode_that_runs_by_name_the_name_is_said() -> None:
    found = [ORACLE, ready("torch", eager=PLAIN, program=ModeOptions(by_name=True))]
    options = Options(targets=("torch-prog*",))
    choice = choose(found, options)
    with pytest.raises(UsageError, match=r"matches no target \(name the mode as in '\*-program-\*'\); there are: "):
        check(choice, choice.missing, [], options)


def test_the_tutorial_s_algorithms_run_by_default_and_lack_no_gpu() -> None:
    choice = choose([ORACLE, DOCUMENT], Options())
    assert [str(target) for target in choice.targets] == [
        "oracle-eager-cpu",
        "document-after-cpu",
        "document-between-cpu",
    ]
    assert choice.missing == {}
    assert "document" in DEFAULT_ADAPTERS


def test_they_are_no_framework_to_run() -> None:
    names = ("oracle-eager-cpu", "document-after-cpu", "torch-eager-cpu", "documented-eager-cpu")
    assert [is_framework(name) for name in names] == [False, False, True, True]
    choice = choose([ORACLE, DOCUMENT], Options())
    with pytest.raises(UsageError, match="there is no framework to run on device 'auto': torch: not installed"):
        check(choice, {"torch": "not installed"}, [], Options())
    check(choose([ORACLE, DOCUMENT, TORCH], Options()), {}, [], Options())
    asked = Options(targets=("document-*",))
    check(choose([ORACLE, DOCUMENT], asked), {}, [], asked)


def test_a_target_of_a_framework_does_not_start_them() -> None:
    wanted, unasked = launches(DEFAULT_ADAPTERS, Options(targets=("torch-*",)))
    assert [launch.name for launch in wanted] == ["oracle", "torch"]
    assert "document" in unasked


def test_what_takes_longest_begins_first() -> None:
    case: Any = object.__new__(Case)
    targets = [Target(adapter="x", mode=mode, device="cpu") for mode in "abcd"]
    work = dict(zip(targets, ([case] * 3, [case] * 9, [case], [case] * 3), strict=True))
    costs = dict(zip(targets, (1.0, 1.0, 10.0, 1.0), strict=True))
    options = {target: ModeOptions(cost=cost) for target, cost in costs.items()}
    assert [target.mode for target in in_order(work, options, timed=False)] == ["c", "b", "a", "d"]
    assert next(reversed(in_order(work, options, timed=True))).mode == "c", "what the others leave of their time is its"


def test_answers_are_due_in_the_order_in_which_two_targets_at_a_time_give_them() -> None:
    cases: list[Any] = [SimpleNamespace(id=name) for name in "pqr"]
    slow, fast, last = (Target(adapter="x", mode=mode, device="cpu") for mode in ("slow", "fast", "last"))
    options = {slow: ModeOptions(cost=4.0), fast: ModeOptions(cost=1.0), last: ModeOptions(cost=1.0)}
    times = due({slow: cases, fast: cases, last: cases[:1]}, options, 2)
    order = sorted(times, key=lambda key: times[key])
    assert order[:3] == [("p", fast), ("q", fast), ("r", fast)]
    assert {*order[3:5]} == {("p", slow), ("p", last)}
    assert order[5:] == [("q", slow), ("r", slow)]
