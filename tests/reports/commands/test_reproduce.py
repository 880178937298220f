"""Programs are run in interpreters of their own, and held against what the run says of their calls."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.model.case import Case
from reports.commands import fresh_interpreter as module
from reports.commands.fresh_interpreter import Limits, Program, reproduce
from reports.commands.reproduce import KINDS, choose
from reports.recording.run import Run, digest, read
from reports.recording.targets import ORACLE
from tests.reports.making import JAX, TORCH, make, oracle, record, result, right

OUTPUTS = "import numpy as np\noutputs = {'output': np.ones((2, 3), 'float32'), 'native_indices': np.zeros(2)}\n"
ACCEPTED = "accepted: output float32 (2, 3)"
INVALID = make(
    "conv_transpose", "wrong", given={"strides": [0, 0]}, invalid={"rule": "stride", "reason": "windows in one place"}
)
CASE = make("conv_transpose")
LARGE = make("conv_transpose", "large", image=[20, 20], in_channels=5)
BEHAVING = make("conv_transpose", "odd", behaviour="it has no right answer")


def _shown(text: str, recorded: str = ACCEPTED, digests: dict[str, str] | None = None) -> Program:
    return Program(case="id", target="fake-eager-cpu", text=text, folder=None, recorded=recorded, digests=digests or {})


def _found(folder: Path, *programs: Program, timeout: float = 20.0) -> list[str]:
    """What each program did otherwise, in the order given."""
    done = reproduce(programs, folder, Limits(workers=2, timeout=timeout))
    found = {id(one): what for one, what, _ in done}
    return [found[id(one)] for one in programs]


CRASH = "import os, signal\nos.kill(os.getpid(), signal.SIGFPE)\n"
RAISE = "class Odd(ValueError): pass\nraise Odd('one\\n  message')\n"
AT_EXIT = f"import atexit, os\natexit.register(os.abort)\n{OUTPUTS}"


@pytest.mark.parametrize(
    ("text", "recorded", "otherwise"),
    [
        (OUTPUTS, ACCEPTED, ""),
        (OUTPUTS, "accepted: output float32 (3, 2)", ACCEPTED),
        (OUTPUTS, "accepted: output float64 (2, 3)", ACCEPTED),
        (OUTPUTS, "timed out", ACCEPTED),
        (CRASH, "crashed: SIGFPE", ""),
        (CRASH, "crashed: SIGSEGV", "crashed: SIGFPE"),
        (CRASH, ACCEPTED, "crashed: SIGFPE"),
        (AT_EXIT, ACCEPTED, "crashed: SIGABRT"),
        ("import sys\nsys.exit(3)", "crashed: exit status 3", ""),
        ("import sys\nsys.exit(1)", "ValueError", "crashed: exit status 1"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGRTMIN + 1)", "crashed: signal 35", ""),
        (RAISE, "Odd", ""),
        (RAISE, "ValueError", "Odd: one message"),
        ("no program", "TypeError", "SyntaxError: invalid syntax"),
        ("x = 1\n", "KeyError", ""),
    ],
)
def test_what_a_program_did_otherwise(tmp_path: Path, text: str, recorded: str, otherwise: str) -> None:
    (found,) = _found(tmp_path, _shown(text, recorded))
    assert found.startswith(otherwise) if otherwise else found == ""


def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    text = f"import subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\nopen({str(tmp_path / 'pid')!r}, 'w')"
    text += ".write(str(child.pid))\ntime.sleep(600)\n"
    started = time.monotonic()
    assert _found(tmp_path, _shown(text, "timed out"), _shown(text), timeout=4.0) == ["", "timed out"]
    assert time.monotonic() - started < 60
    assert _is_gone(int((tmp_path / "pid").read_text()))


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # nobody here has to reap it
            return True
        time.sleep(0.05)
    return False


def test_those_under_way_end_when_nobody_waits_any_more(tmp_path: Path) -> None:
    text = f"import os, time\nopen({str(tmp_path)!r} + '/pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    done = reproduce([_shown("outputs = {}", "accepted: "), _shown(text)], tmp_path, Limits(workers=2))
    with contextlib.closing(done):
        next(done)
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.05)
    assert _is_gone(int((tmp_path / "pid").read_text()))


MAIN = """
import inspect, sys
import beside
def function(): pass
assert __name__ == "__main__" and sys.argv == [__file__] and "pytest" not in sys.modules
assert sys.stdin.read() == "" and "def function" in inspect.getsource(function)
print("much" * 1_000_000)
print("much" * 1_000_000, file=sys.stderr)
"""


def test_one_whose_parent_is_gone_ends_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    words = [str(path), str(tmp_path / "answer.json"), str(2**32), "1"]
    done = subprocess.run([sys.executable, "-c", module._BOOT, *words], check=False, timeout=20)
    assert done.returncode == -signal.SIGALRM


def test_it_is_the_main_program_of_a_fresh_interpreter(tmp_path: Path) -> None:
    """It reads nothing, may print whatever it likes, and finds modules in the current folder."""
    (tmp_path / "beside.py").write_text("", encoding="utf-8")
    assert _found(tmp_path, _shown(MAIN + OUTPUTS)) == [""]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts no private memory")
def test_its_memory_is_bounded(tmp_path: Path) -> None:
    assert _found(tmp_path, _shown("held = bytearray(2**33)\n", "MemoryError")) == [""]


def test_only_the_texts_of_others_stay(tmp_path: Path) -> None:
    programs = [_shown(OUTPUTS), _shown(OUTPUTS, "timed out"), _shown("raise ValueError")]
    paths = {path.name: what for _, what, path in reproduce(programs, tmp_path, Limits(workers=1))}
    assert paths == {
        "0000-fake-eager-cpu.py": "",
        "0001-fake-eager-cpu.py": ACCEPTED,
        "0002-fake-eager-cpu.py": "ValueError: ",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [name for name in paths if paths[name]]
    assert (tmp_path / "0001-fake-eager-cpu.py").read_text(encoding="utf-8") == OUTPUTS


def test_values_count_where_they_can_be_wrong(tmp_path: Path) -> None:
    same = {"output": digest(np.ones((2, 3), "float32"))}
    other = {"output": digest(-np.ones((2, 3), "float32"))}
    more = same | {"native_indices": digest(np.ones(2))}
    programs = [_shown(OUTPUTS, digests=digests) for digests in (same, other, more)]
    assert _found(tmp_path, *programs) == ["", "other values in output", "other values in native_indices"]


def test_an_interpreter_of_one_s_own(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    python.chmod(0o755)
    limits = Limits(pythons={"fake": str(python)})
    assert [found for _, found, _ in reproduce([_shown(OUTPUTS)], tmp_path, limits)] == ["crashed: exit status 7"]


RETURNED = Returned(arrays={"output": np.ones((2, 3), "float32")})
CRASHED = Crashed(signal="SIGABRT", stderr="")
RAISED = Raised(type="ValueError", message="no", stage="calling")


def _chosen(run: Run, *kinds: str, cases: str = "*", targets: str = "*") -> list[tuple[str, str, str]]:
    """The last part of each id, the target, and what is recorded."""
    found = choose(run, kinds or KINDS[:3], cases, targets)
    return [(one.case.rpartition(":")[2], one.target, one.recorded) for one in found]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    answers: list[tuple[Case, str, Outcome]] = [
        oracle(CASE),
        oracle(LARGE),
        (CASE, TORCH, RETURNED),
        (CASE, JAX, CRASHED),
        (LARGE, TORCH, RETURNED),
        (LARGE, JAX, Returned(arrays=right(LARGE))),
        (INVALID, ORACLE, RAISED),
        (INVALID, TORCH, RETURNED),
        (INVALID, JAX, RAISED),
        (BEHAVING, TORCH, TimedOut(seconds=60.0)),
        (BEHAVING, JAX, RETURNED),
        (INVALID, "jax-jit-cpu", Unsupported(reason="no")),
    ]
    return record(tmp_path, answers)


def test_crashes_time_outs_and_acceptances_are_chosen(run: Run) -> None:
    assert _chosen(run) == [("plain", JAX, "crashed: SIGABRT"), ("wrong", TORCH, ACCEPTED), ("odd", TORCH, "timed out")]
    assert _chosen(run, "crashes", "timeouts", targets="torch-*") == [("odd", TORCH, "timed out")]
    assert _chosen(run, "refusals") == [("wrong", JAX, "ValueError")]
    assert _chosen(run, cases="*::wrong") == [("wrong", TORCH, ACCEPTED)]


def test_differences_are_chosen_one_of_each_or_all(run: Run) -> None:
    every = {(case, target) for case, target, _ in _chosen(run, "every-difference")}
    assert every == {("plain", TORCH), ("large", TORCH), ("wrong", TORCH), ("odd", TORCH), ("plain", JAX)}
    some = {(case, target) for case, target, _ in _chosen(run, "differences")}
    assert some < every
    assert len(some & {("plain", TORCH), ("large", TORCH)}) == 1


def test_values_of_calls_that_have_a_right_result_are_compared(run: Run) -> None:
    found = {one.case: one for one in choose(run, KINDS, targets="torch-*")}
    assert found[LARGE.id].digests == run.records[LARGE.id, TORCH].digests
    assert found[INVALID.id].digests == {}


def test_only_large_inputs_need_the_clone(run: Run, tmp_path: Path) -> None:
    found = {one.case: one.folder for one in choose(run, KINDS, targets="torch-*")}
    assert found[CASE.id] is None
    assert found[LARGE.id] == Path(__file__).parents[3]
    text = f"import cases, pathlib\nassert pathlib.Path(cases.__file__).parents[1] == pathlib.Path.cwd()\n{OUTPUTS}"
    one = dataclasses.replace(_shown(text), folder=found[LARGE.id])
    assert _found(tmp_path, one) == [""]


def test_without_a_text_there_is_no_program(tmp_path: Path) -> None:
    answer = result(CASE, TORCH, CRASHED)
    whole = Run(tmp_path / "run.jsonl")
    whole.begin({})
    whole.ask(CASE)
    whole.record(dataclasses.replace(answer, call=""))
    whole.close()
    assert choose(read(whole.path)) == []


def test_a_program_of_a_run_runs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle's text stands for a framework's: here it does not crash as the record says."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    folder = tmp_path / "programs"
    folder.mkdir()
    (found,) = _found(folder, *choose(run, ("crashes",)))
    assert found.startswith("accepted: output ")
