"""The check of an adapter by itself: each way to break the protocol has a line of its own."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.__main__ import main
from adapters.check.check import TimeLimits, check
from adapters.check.lines import Line
from adapters.check.samples import SAMPLES
from adapters.engine.launch import Launch, resolve
from cases.model.case import OPERATORS, Case
from cases.model.fill import fill
from cases.model.rules import broken

ROOT = Path(__file__).parents[3]


@functools.cache
def failures(fake: str, limit: float = 20.0) -> list[str]:
    lines = check(resolve(f"tests.fakes:{fake}"), TimeLimits(case=limit))
    return [str(line) for line in lines if line.fails]


@pytest.mark.parametrize("case", SAMPLES, ids=lambda case: case.id)
def test_the_samples_are_valid(case: Case) -> None:
    assert broken(case, fill(case).get("indices")) is None


def test_there_is_a_sample_of_each_operator() -> None:
    assert [*dict.fromkeys(case.operator for case in SAMPLES)] == list(OPERATORS)
    assert {"drop"} < {case.ceil_mode for case in SAMPLES}
    assert 5 in {case.divisor for case in SAMPLES}


def test_a_right_adapter_passes_in_every_mode() -> None:
    lines = list(check(resolve("tests.fakes:Right")))
    assert not [line for line in lines if line.fails]
    assert Line(what="jit-cpu max_pool_argmax indices dtype") in lines
    assert Line(what="eager-cpu configure", note="mode=eager, device=cpu") in lines


@pytest.mark.parametrize(
    ("fake", "line"),
    [
        ("ChangesInputs", "eager-cpu conv run: run() changed value: give the framework a copy"),
        ("WrongShape", "eager-cpu conv output shape: is (2, 5, 3, 4), not (2, 3, 4, 5): channels come last here"),
        ("WrongShape", "eager-cpu conv output dtype: is float64: make it float32, the value's"),
        ("WrongShape", "eager-cpu max_pool_argmax indices dtype: is float64: make it int64"),
        ("Unsteady", "eager-cpu conv twice: two runs differ: set the framework's seed, or wait for its result"),
        ("NoCall", "eager-cpu max_pool_argmax outputs: returned output: return output, indices"),
        ("TwoResults", "eager-cpu conv call: it must be a program with one line that starts with `result = `"),
        ("AlwaysRaises", "eager-cpu conv run: ZeroDivisionError while calling: division by zero;"),
        ("AlwaysCrashes", "eager-cpu conv run: the process ended with SIGABRT; later operators were not tried"),
        ("AlwaysHangs", "eager-cpu conv run: no answer in 1 seconds; later operators were not tried"),
        ("AlwaysGarbage", "eager-cpu conv run: run() returned list, not a dict of arrays by name"),
        ("NeedsMissingModule", "framework: No module named 'a_framework_that_is_not_installed': install"),
        ("WrongModes", "start: tests.fakes:WrongModes: cannot start in"),
        ("RefusesDevice", "eager-cpu configure: tests.fakes:RefusesDevice: cannot configure eager on cpu in"),
    ],
)
def test_each_fault_has_its_line(fake: str, line: str) -> None:
    assert any(
        failure.startswith(f"FAIL  {line}") for failure in failures(fake, limit=1.0 if "Hangs" in fake else 20.0)
    )


def test_what_is_not_supported_is_listed_and_fine() -> None:
    lines = list(check(resolve("tests.fakes:SupportsNothing")))
    assert not [line for line in lines if line.fails]
    assert Line(what="eager-cpu conv run", note="not supported: not here") in lines


def test_modes_are_tried_in_their_environment_and_dtype_unless_they_are_missing() -> None:
    lines = list(check(resolve("tests.fakes:Limited")))
    assert not [line for line in lines if line.fails]
    assert Line(what="plain-cpu configure", note="variable=unset") in lines
    assert Line(what="variable-cpu configure", note="variable=set") in lines
    assert Line(what="double-cpu conv_transpose output dtype") in lines
    assert Line(what="plain-cpu max_pool_argmax native_indices dtype") in lines
    assert Line(what="nowhere", note="not tried: no compiler: install one") in lines
    assert "nowhere-cpu" not in {line.what.partition(" ")[0] for line in lines}


def test_a_framework_is_imported_in_its_mode_s_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTLY", str(tmp_path / "imports"))
    assert not [line for line in check(resolve("tests.fakes:Costly")) if line.fails]
    assert (tmp_path / "imports").read_text(encoding="utf-8").splitlines() == ["set", "unset"]


def test_a_name_other_than_the_registered_one_fails() -> None:
    line = next(line for line in check(Launch(name="torch", locator="tests.fakes:Right")) if line.what == "name")
    assert str(line) == "FAIL  name: is 'right': make it 'torch', the name under which it is registered"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "adapters", *arguments]
    return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_a_line_a_check_and_exits_1_on_failure() -> None:
    done = command("check", "tests.fakes:AlwaysGarbage")
    assert done.returncode == 1
    assert done.stderr == ""
    assert {line[:6] for line in done.stdout.splitlines()} == {"ok    ", "FAIL  "}


def test_the_command_exits_0_for_a_right_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "tests.fakes:Right", "--python", sys.executable]) == 0
    assert "FAIL" not in capsys.readouterr().out


@pytest.mark.parametrize("python", [None, "/no/such/python"])
def test_usage_errors_exit_2_with_one_line(python: str | None) -> None:
    done = command("check", "tests.fakes:Right", "--python", python) if python else command("check", "orakle")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_list_says_what_can_be_used(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    names = {
        "right": "tests.fakes:Right",
        "absent": "tests.fakes:NeedsMissingModule",
        "dead": "tests.fakes:DiesAtStart",
        "limited": "tests.fakes:Limited",
    }
    monkeypatch.setattr("adapters.__main__.known", lambda: names)
    monkeypatch.setattr("adapters.engine.launch.known", lambda: names)
    assert main(["list"]) == 0
    right, absent, dead, _, *limits = capsys.readouterr().out.splitlines()
    assert right.startswith("right       right 1.0 (Python 3.")
    assert absent == "absent      not installed: No module named 'a_framework_that_is_not_installed'"
    assert dead.startswith("dead        broken: dead: cannot start in")
    assert limits == [
        "            variable: FAKE_VARIABLE=set",
        "            double: only on cpu; only values of float64",
        "            nowhere: can't be used here: no compiler: install one",
        "            thin: asked one in 40 cases of a topic, and all with --slow",
    ]


@pytest.mark.parametrize("arguments", ["check tests.fakes:Right", "list"])
def test_a_reader_that_has_enough_ends_it_quietly(arguments: str) -> None:
    command = f"{sys.executable} -m adapters {arguments} | true"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
