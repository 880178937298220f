"""Faults that once were put down to the wrong call, or that outlived a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.engine import process as engine_process
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.process import Process
from adapters.outcome import Crashed, Returned
from adapters.wire import MOST_WORDS
from tests.adapters.asking import EAGER, Sink, case, run
from tests.adapters.processes import PATIENCE, eventually, gone

FAKES = "tests.adapters.fakes"
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("mess", ["alarm", "folder", "variable", "filters", "descriptors", "numpy"])
def test_what_a_call_leaves_behind_touches_no_other_call(mess: str) -> None:
    """An alarm would kill the next call, and a closed descriptor make a fault of it."""
    outcomes = run(f"{FAKES}:LeavesMess", [case("fine"), case(f"bad-{mess}"), case("slow"), case("fine-again")])
    assert [type(outcome) for outcome in outcomes] == [Returned] * 4, outcomes


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_a_worker_that_is_killed_from_outside_is_asked_once_more(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIES_ONCE", str(tmp_path / "flag"))
    monkeypatch.setenv("DIES_OF", name)
    once, fine, always = run(f"{FAKES}:DiesOnce", [case("bad"), case("fine"), case("bad-always")])
    assert isinstance(once, Returned)
    assert isinstance(fine, Returned)
    assert isinstance(always, Crashed)
    assert always.signal == name


def test_a_child_in_a_session_of_its_own_does_not_hold_the_run_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEFT_SECONDS", str(2 * PATIENCE))
    started = time.monotonic()
    crashed, fine = run(f"{FAKES}:LeavesSession", [case("bad"), case("fine")], limit=PATIENCE)
    assert isinstance(crashed, Crashed)
    assert isinstance(fine, Returned)
    assert time.monotonic() - started < PATIENCE


def test_stderr_without_end_takes_little_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call writes 360 MB in three seconds, and its last words are still told."""
    most = 0
    forget = Process._forget

    def measured(self: Any) -> None:
        nonlocal most
        forget(self)
        most = max(most, os.fstat(self._log.fileno()).st_blocks * 512)

    monkeypatch.setattr(Process, "_forget", measured)
    talked, crashed = run(f"{FAKES}:Talks", [case("bad"), case("bad-abort")], limit=PATIENCE)
    assert isinstance(talked, Returned)
    assert isinstance(crashed, Crashed)
    assert "last words" in crashed.stderr
    assert 0 < most <= engine_process.STDERR_MOST


def test_the_time_in_which_the_parent_stood_still_is_not_the_worker_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-Z stops the parent alone, so its clock jumps in the middle of a wait."""
    jumped, real = 0.0, time.monotonic
    monkeypatch.setattr("adapters.engine.process.time.monotonic", lambda: real() + jumped)
    sink = Sink()
    with Pool(case_limit=10.0) as pool:
        pool.probe([resolve(f"{FAKES}:LeavesMess")])
        pool.start({EAGER: [case("fine"), case("slow"), case("fine-again")]}, sink)
        assert eventually(lambda: len(sink.answers) == 1)
        time.sleep(0.3)
        jumped = 1000.0
        assert pool.wait(PATIENCE)
    assert [type(answer.outcome) for answer in sink.answers] == [Returned] * 3


PARENT = """
import signal
import time
from adapters.base import Target
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from tests.adapters.asking import EAGER, case

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored
pool = Pool(case_limit=600.0)
(ready,) = pool.probe([resolve("tests.fakes:Hangs")])
print(ready.pid, flush=True)
pool.start({EAGER: [case("bad-stuck")]}, print)
time.sleep(600)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_a_worker_that_hangs_in_c_does_not_outlive_its_parent(name: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            time.sleep(1.0)  # the worker is in its call
            assert not gone(pid)
            parent.send_signal(getattr(signal, name))
            assert parent.wait(PATIENCE) == -getattr(signal, name)
        finally:
            parent.kill()
    assert eventually(lambda: gone(pid))


def test_what_guards_a_process_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    guards: list[subprocess.Popen[bytes]] = []
    guarded = Process._guarded

    def kept(self: Process) -> subprocess.Popen[bytes]:
        guards.append(guarded(self))
        return guards[-1]

    monkeypatch.setattr(Process, "_guarded", kept)
    run("Right", [case("fine")])
    assert guards
    assert {guard.poll() for guard in guards} == {0}


def test_an_exception_s_text_may_be_anything() -> None:
    """A text without end would fill the run's file, and one that steers a terminal would hide what is shown."""
    names = ("bad-mute", "bad-long", "bad-odd", "bad-lines", "fine")
    mute, long, odd, lines, fine = run(f"{FAKES}:SaysOddly", [case(name) for name in names])
    assert mute.message == "(no text: its own code raised KeyError)"
    assert (len(long.message) < MOST_WORDS + 100, long.message[-3:]) == (True, "end")
    assert "99,980,003 characters left out" in long.message
    assert odd.message == "\\x1b[2J\\x00 \\udc80 <b>"
    assert lines.message == "one\n\ttwo"
    assert isinstance(fine, Returned)
