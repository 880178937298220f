"""Stopping: soon, from any thread, with nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from adapters.engine.handle import Ready
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.process import Process, SilentError
from adapters.engine.starting import StoppedError
from adapters.outcome import Fault, Result
from adapters.wire import pack
from cases.model.case import Case, TensorSpec
from tests.adapters.processes import PATIENCE, eventually, gone

ROOT = Path(__file__).parents[3]
EAGER = Target(adapter="right", mode="eager", device="cpu")


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``stop`` wait for the threads as long as a busy machine may need."""
    monkeypatch.setattr("adapters.engine.pool.JOINING", 2 * PATIENCE)


def case(name: str) -> Case:
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    return Case(id=name, operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))


@pytest.mark.parametrize("name", ["bad-hang", "bad-stuck"])
def test_stop_during_a_hang_is_quick_and_leaves_nothing(name: str) -> None:
    before = threading.active_count()
    answers: list[Any] = []
    pool = Pool(case_limit=600)
    (ready,) = pool.probe([resolve("tests.fakes:Hangs")])
    assert isinstance(ready, Ready)
    pool.start({EAGER: [case("a"), case(name), case("b")]}, answers.append)
    assert eventually(lambda: len(answers) == 1)
    started = time.monotonic()
    pool.stop()
    assert time.monotonic() - started < PATIENCE, "not only after the case's limit, or after JOINING"
    assert gone(ready.pid)
    assert threading.active_count() == before
    assert [answer.case for answer in answers] == ["a"], "a worker that was killed did not crash"
    pool.stop()


def test_stop_ends_a_probe_that_hangs() -> None:
    pool = Pool(start_limit=600)
    threading.Timer(0.5, pool.stop).start()
    started = time.monotonic()
    with pytest.raises(StoppedError):
        pool.probe([resolve("tests.fakes:HangsAtStart")])
    assert time.monotonic() - started < PATIENCE


def test_stop_may_be_called_while_delivering() -> None:
    answers: list[Any] = []
    pool = Pool()

    def deliver(answer: Result | Fault) -> None:
        answers.append(answer)
        pool.stop()

    pool.probe([resolve("tests.fakes:Right")])
    pool.start({EAGER: [case("a"), case("b")], Target(adapter="right", mode="jit", device="cpu"): [case("c")]}, deliver)
    assert pool.wait(PATIENCE)
    assert len(answers) == 1


def test_a_stopped_pool_starts_nothing() -> None:
    pool = Pool()
    pool.stop()
    with pytest.raises(StoppedError):
        pool.probe([resolve("tests.fakes:Right")])


def test_the_children_of_a_worker_end_with_it() -> None:
    answers: list[Any] = []
    with Pool(case_limit=5) as pool:
        (ready,) = pool.probe([resolve("tests.fakes:LeavesChild")])
        assert isinstance(ready, Ready)
        pool.start({EAGER: [case("bad")]}, answers.append)
        assert pool.wait(PATIENCE)
    assert eventually(lambda: gone(-ready.pid)), "its process group still has a member"


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"


def test_sending_to_a_process_that_reads_nothing_ends_at_the_limit() -> None:
    process = Process(None)
    try:
        process.serve("adapters.worker.serve", "tests.fakes:Right", (), PATIENCE)
        process.receive(PATIENCE)
        process.send(pack("offer", {}))
        ready = process.receive(PATIENCE)
        os.kill(ready.body["pid"], signal.SIGSTOP)
        assert eventually(lambda: _is_stopped(ready.body["pid"]))  # until then it may read on
        started = time.monotonic()
        with pytest.raises(OSError, match="cannot send"):
            process.send(("x" * 2_000_000, ()), 0.5)
        assert time.monotonic() - started < PATIENCE
        with pytest.raises(SilentError):
            process.receive(PATIENCE)
    finally:
        process.end()


SCRIPT = """
import sys, threading, time
from adapters.base import Target
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from tests.adapters.engine.{module} import case

pool = Pool(case_limit=600)
(ready,) = pool.probe([resolve("tests.fakes:Hangs")])
names, answered = [], threading.Event()
pool.start({{Target(adapter="right", mode="eager", device="cpu"): [case("a"), case("bad-stuck")]}},
           lambda answer: (names.append(answer.case), answered.set())[-1])
answered.wait()

def say():  # and then comes the signal, which must meet neither the start nor what stands before an end's ``try``
    print(*names, ready.pid, flush=True)

{end}
"""


def launched(end: str) -> tuple[subprocess.Popen[str], int]:
    """Return a parent whose worker hangs in its second case, and that worker's pid. ``end`` has to call ``say``."""
    script = SCRIPT.format(module=Path(__file__).stem, end=end)
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    name, pid = parent.stdout.readline().split()
    assert name == "a"
    return parent, int(pid)


def test_a_parent_that_forgets_to_stop_exits_and_leaves_nothing() -> None:
    parent, pid = launched("say()\ntime.sleep(0.5)")
    assert parent.communicate(timeout=PATIENCE)[0] == ""
    assert parent.returncode == 0
    assert gone(pid)


def test_ctrl_c_ends_the_parent_and_delivers_no_crash() -> None:
    parent, pid = launched(
        "try:\n    say()\n    pool.wait()\nexcept KeyboardInterrupt:\n    pool.stop()\n    sys.exit(9)"
    )
    parent.send_signal(signal.SIGINT)
    assert parent.communicate(timeout=PATIENCE)[0] == ""
    assert parent.returncode == 9
    assert gone(pid)
