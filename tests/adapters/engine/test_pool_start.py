"""Starting: each adapter that can be used, is missing or is broken has one line; and targets run side by side."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from adapters.engine.handle import Missing, Ready, StartFailure, Worker
from adapters.engine.launch import Launch, UnknownAdapterError, resolve
from adapters.engine.pool import Pool
from adapters.engine.starting import Workers
from adapters.outcome import Crashed, Fault, Result, Returned
from cases.model.case import Case, TensorSpec
from tests.adapters.processes import PATIENCE

ROOT = Path(__file__).parents[3]


def case(name: str) -> Case:
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    return Case(id=name, operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))


def probe(*names: str, python: str | None = None, limit: float = PATIENCE) -> list[Any]:
    with Pool(start_limit=limit) as pool:
        return pool.probe([resolve(f"tests.fakes:{name}", python) for name in names])


def test_a_ready_adapter_says_what_it_offers() -> None:
    (ready,) = probe("Right")
    assert isinstance(ready, Ready)
    assert (ready.name, ready.modes, ready.devices, ready.versions) == (
        "right",
        ("eager", "jit"),
        ("cpu",),
        {"right": "1.0"},
    )
    assert ready.python == ".".join(map(str, sys.version_info[:3]))
    assert ready.pid != os.getpid()


def test_a_framework_that_is_not_installed_is_missing() -> None:
    (missing,) = probe("NeedsMissingModule")
    assert isinstance(missing, Missing)
    assert missing.message == "No module named 'a_framework_that_is_not_installed'"


@pytest.mark.parametrize(
    ("locator", "line"),
    [
        ("tests.fakes:DiesAtStart", "its process ended with SIGABRT (no driver found)"),
        ("tests.fakes:DiesInDevices", "its process ended with SIGABRT"),
        ("tests.fakes:DiesInDevices", "; the framework or the adapter ended it"),
        ("tests.fakes:BreaksAtStart", "RuntimeError: no license"),
        ("tests.fakes:BreaksInDevices", "RuntimeError: no license ask the vendor"),
        ("tests.fakes:WrongModes", "TypeError: modes is 'eager'; it must be a tuple of one or more words"),
        ("tests.fakes:WrongVersions", "TypeError: versions() returned ('1.0',); it must return a dict of strings"),
        ("tests.fakes:Absent", "AttributeError: module 'tests.fakes' has no attribute 'Absent'"),
        ("tests.no_such:Fake", "ModuleNotFoundError: No module named 'tests.no_such'"),
    ],
)
def test_a_broken_adapter_fails_in_one_clear_line(locator: str, line: str) -> None:
    with Pool() as pool:
        (failure,) = pool.probe([resolve(locator)])
    assert isinstance(failure, StartFailure)
    assert line in failure.message
    assert failure.message.startswith(f"{locator}: cannot start in {sys.executable}: ")
    assert "\n" not in failure.message


def test_an_adapter_that_hangs_at_start_is_given_up_at_the_limit() -> None:
    started = time.monotonic()
    (failure,) = probe("HangsAtStart", limit=1.0)
    assert "it took longer than 1 seconds" in failure.message
    assert time.monotonic() - started < PATIENCE


def test_an_interpreter_that_does_not_exist_fails_in_one_clear_line() -> None:
    (failure,) = probe("Right", python="/no/such/python")
    assert failure.message == (
        "tests.fakes:Right: cannot run the interpreter '/no/such/python' (No such file or directory): check its path"
    )


@pytest.mark.parametrize("program", ["true", "echo", "cat", "sleep"])
def test_a_program_that_is_no_interpreter_fails_in_one_clear_line(program: str) -> None:
    (failure,) = probe("Right", python=shutil.which(program) or program)
    assert "; it must be " in failure.message
    assert "\n" not in failure.message


def test_an_interpreter_that_never_answers_is_given_up_at_the_limit(tmp_path: Path) -> None:
    """The limit also holds while execnet waits for it, although execnet has no limit."""
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nsleep 3600\n")
    silent.chmod(0o755)
    (failure,) = probe("Right", python=str(silent), limit=1.0)
    assert "it took longer than 1 seconds" in failure.message


def test_a_python_that_prints_at_start_is_told_from_one_that_died(tmp_path: Path) -> None:
    chatty = tmp_path / "python"
    chatty.write_text(f'#!/bin/sh\necho welcome\nexec {sys.executable} "$@"\n')
    chatty.chmod(0o755)
    (failure,) = probe("Right", python=str(chatty))
    assert "it wrote to its stdout before it was asked anything" in failure.message


def others() -> list[str]:
    """Return the interpreters on the PATH, except this one, that have NumPy."""
    names = [f"python3.{minor}" for minor in range(10, 16)] + ["python3"]
    paths = {path for name in names if (path := shutil.which(name))} - {sys.executable}
    trial = "import sys, numpy; print(sys.prefix)"
    runs = {path: subprocess.run([path, "-c", trial], capture_output=True, text=True, check=False) for path in paths}
    return [path for path, done in runs.items() if done.returncode == 0 and done.stdout.strip() != sys.prefix]


@pytest.mark.parametrize("which", ["this", "other"])
def test_an_interpreter_can_be_named_and_need_not_have_execnet(which: str) -> None:
    python = sys.executable if which == "this" else next(iter(others()), None)
    if python is None:
        pytest.skip("no other interpreter on the PATH has NumPy")
    answers: list[Result | Fault] = []
    with Pool() as pool:
        (ready,) = pool.probe([resolve("tests.fakes:Right", python)])
        assert isinstance(ready, Ready), ready
        pool.start({Target(adapter="right", mode="jit", device="cpu"): [case("a")]}, answers.append)
        assert pool.wait(PATIENCE)
    assert isinstance(answers[0], Result)
    assert isinstance(answers[0].outcome, Returned)


def test_two_adapters_of_one_name_are_refused() -> None:
    answers = probe("Right", "Crashes")
    (failure,) = [answer for answer in answers if isinstance(answer, StartFailure)]
    assert "two adapters call themselves 'right'" in failure.message


def test_preparing_gives_each_targets_settings_or_what_is_wrong() -> None:
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Right")])
        targets = [Target(adapter="right", mode=mode, device="cpu") for mode in ("eager", "jit")]
        settings = pool.prepare(targets)
        assert settings == {target: {"mode": target.mode, "device": "cpu"} for target in targets}
        answers: list[Result | Fault] = []
        pool.start({target: [case("a"), case("b")] for target in targets}, answers.append)
        assert pool.wait(PATIENCE)
    assert sorted(f"{answer.target} {answer.case}" for answer in answers) == [
        "right-eager-cpu a",
        "right-eager-cpu b",
        "right-jit-cpu a",
        "right-jit-cpu b",
    ]


def test_a_target_that_cannot_be_configured_is_one_line_when_prepared_and_faults_when_run() -> None:
    target = Target(adapter="right", mode="eager", device="cuda")
    answers: list[Any] = []
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:RefusesDevice")])
        failure = pool.prepare([target])[target]
        assert isinstance(failure, StartFailure)
        assert failure.message.endswith("RuntimeError: no cuda today")
        pool.start({target: [case("a"), case("b")]}, answers.append)
        assert pool.wait(PATIENCE)
    assert [answer.message for answer in answers] == [failure.message] * 2


def test_a_target_of_an_unknown_adapter_is_refused() -> None:
    with Pool() as pool, pytest.raises(ValueError, match="no adapter 'torch' was found ready; probe it first"):
        pool.start({Target(adapter="torch", mode="eager", device="cpu"): []}, print)


def spied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the names of what is started; it grows."""
    started = []
    original = Workers._spawn

    def spawn(self: Workers, launch: Launch, *environment: Any) -> Worker:
        started.append(launch.name)
        return original(self, launch, *environment)

    monkeypatch.setattr(Workers, "_spawn", spawn)
    return started


def test_the_probed_worker_is_the_first_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    started = spied(monkeypatch)
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Right")])
        pool.start({Target(adapter="right", mode="eager", device="cpu"): [case("a")]}, lambda _: None)
        assert pool.wait(PATIENCE)
    assert started == ["tests.fakes:Right"]


@pytest.mark.parametrize(("mode", "imports"), [("first", ["set"]), ("plain", ["set", "unset"])])
def test_a_framework_is_not_imported_to_be_thrown_away(
    mode: str, imports: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSTLY", str(tmp_path / "imports"))
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Costly")])
        pool.start({Target(adapter="costly", mode=mode, device="cpu"): [case("a")]}, lambda _: None)
        assert pool.wait(PATIENCE)
    assert (tmp_path / "imports").read_text().splitlines() == imports


def test_a_worker_that_cannot_be_restarted_makes_the_rest_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARTS_ONCE", str(tmp_path / "flag"))
    answers: list[Any] = []
    with Pool() as pool:
        pool.probe([resolve("tests.fakes:StartsOnce")])
        target = Target(adapter="right", mode="eager", device="cpu")
        pool.start({target: [case(name) for name in ("a", "bad", "b", "c")]}, answers.append)
        assert pool.wait(PATIENCE)
    assert [answer.case for answer in answers] == ["a", "bad", "b", "c"]
    assert isinstance(answers[1].outcome, Crashed)
    for fault in answers[2:]:
        assert isinstance(fault, Fault)
        assert fault.message.endswith("(3 times in a row)")
        assert "\n" not in fault.message


def test_names_resolve_to_locators() -> None:
    assert resolve("oracle") == Launch(name="oracle", locator="adapters.oracle:Oracle")
    assert resolve("torch", "/usr/bin/python3").python == "/usr/bin/python3"
    assert resolve("my.module:Mine").locator == "my.module:Mine"


@pytest.mark.parametrize("name", ["torhc", "module:", "a b:C"])
def test_an_unknown_name_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(
        UnknownAdapterError, match="known are document, flax, jax, keras, onnx, onnxruntime, oracle, tensorflow, torch"
    ) as caught:
        resolve(name)
    assert ("did you mean 'torch'?" in str(caught.value)) == (name == "torhc")


def test_plug_ins_of_installed_distributions_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[deconform.adapters]\nplug = plug.in:Plug\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve("plug").locator == "plug.in:Plug"


def test_a_plug_in_is_found_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("from tests.fakes import Right\nclass Mine(Right):\n    name = 'mine'\n")
    monkeypatch.chdir(tmp_path)
    with Pool() as pool:
        (ready,) = pool.probe([resolve("mine:Mine")])
    assert isinstance(ready, Ready), ready
    assert ready.name == "mine"


def test_the_parent_imports_no_framework() -> None:
    modules = "sys, adapters.engine.pool, adapters.check.check"
    script = f"import {modules}; print({{'torch', 'tensorflow', 'jax'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
