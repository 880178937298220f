"""Workers that stand by: after a target's first loss, where a processor has nothing to do, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from adapters.engine import target_queue
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.standby import Attempt, Places, Standby
from adapters.outcome import Crashed, Fault, Result, Returned
from cases.model.case import Case
from tests.adapters.asking import EAGER, Sink, case

COUNTED = "tests.adapters.fakes:Counted"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where each process of the fake leaves its pid; with two processors, however many there are."""
    monkeypatch.setenv("COUNTED", str(tmp_path))
    monkeypatch.setattr("adapters.engine.starting.processors", lambda: 2)
    return tmp_path


@pytest.fixture
def standbys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Standby]:  # noqa: ARG001 - set up first
    """Every worker that was started to stand by."""
    made: list[Standby] = []

    class Noted(Standby):
        def __init__(self, attempt: Attempt) -> None:
            made.append(self)
            super().__init__(attempt)

    monkeypatch.setattr("adapters.engine.standby.Standby", Noted)
    return made


def pids(folder: Path) -> list[int]:
    files = sorted(folder.iterdir(), key=lambda file: int(file.name))
    return [int(text) for text in (file.read_text() for file in files) if text]


def alive(folder: Path) -> int:
    return sum(_is_alive(pid) for pid in pids(folder))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(true: Callable[[], bool], limit: float = 5.0) -> bool:
    deadline = time.monotonic() + limit
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def cases(*names: str, more: int = 12) -> list[Case]:
    """The cases named, and so many more that workers still stand by."""
    return [case(f"{name}-{number}") for number, name in enumerate([*names, *["more"] * more])]


def ask(folder: Path, asked: list[Case], deliver: Callable[[Any], None] = lambda _: None) -> None:
    """Have a lane answer cases; each has the outcome that its name says, and nothing is left of the lane."""
    sink = Sink()

    def take(answer: Result | Fault) -> None:
        sink(answer)
        deliver(answer)

    with Pool() as pool:
        pool.probe([resolve(COUNTED)])
        pool.start({EAGER: asked}, take)
        assert pool.wait(20)
        assert alive(folder) == 0, "the lane is over, the pool is not"
    assert [answer.case for answer in sink.answers] == [one.id for one in asked]
    for answer in sink.answers:
        assert isinstance(answer.outcome, Crashed if "bad" in answer.case else Returned), answer


def test_without_a_loss_no_worker_stands_by(folder: Path, standbys: list[Standby]) -> None:
    ask(folder, cases())
    assert standbys == []


def test_one_worker_stands_by_after_each_loss(folder: Path, standbys: list[Standby]) -> None:
    most = []
    ask(folder, cases("bad", "long", "bad", "bad", "long"), lambda _: most.append(alive(folder)))
    assert len(standbys) == 3
    assert max(most) == 2


def test_a_worker_that_stands_by_spares_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED_START", "0.6")
    times: list[float] = []
    ask(folder, cases("bad", "long", "bad", "fine"), lambda _: times.append(time.monotonic()))
    assert times[3] - times[2] < 0.4, "from the second crash to the next answer"


def test_losses_in_a_row_start_two_workers_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED_START", "0.6")
    times: list[float] = []
    ask(folder, cases("bad", "bad", "bad", "bad", "fine"), lambda _: times.append(time.monotonic()))
    assert times[4] - times[0] < 4 * 0.6, "one after another, four starts take that alone"


def test_where_few_cases_are_left_no_worker_stands_by(folder: Path, standbys: list[Standby]) -> None:
    ask(folder, cases("bad", more=target_queue.FEW - 1))
    assert standbys == []
    ask(folder, cases("bad", more=target_queue.FEW))
    assert len(standbys) == 1


def test_where_no_processor_is_free_no_worker_stands_by(
    folder: Path, standbys: list[Standby], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.engine.starting.processors", lambda: 1)
    ask(folder, cases("bad", "fine", "bad"))
    assert standbys == []


def test_every_target_and_every_worker_that_stands_by_takes_a_place() -> None:
    places = Places(2)
    places.take()
    assert places.try_take()
    assert not places.try_take()
    places.take()
    places.leave()
    assert not places.try_take()
    places.leave()
    assert places.try_take()


def test_settings_are_told_of_workers_that_are_used_alone(standbys: list[Standby]) -> None:
    told: list[Any] = []
    with Pool() as pool:
        pool.probe([resolve(COUNTED)])
        pool.start({EAGER: cases("bad", "long", "bad")}, Sink(), settle=lambda *news: told.append(news))
        assert pool.wait(20)
    assert told == [(EAGER, {"mode": "eager", "device": "cpu"})] * 3
    assert len(standbys) == 2, "the second of them was not used"


def test_a_worker_that_died_while_it_stood_by_is_replaced(folder: Path, standbys: list[Standby]) -> None:
    def kill(answer: Result | Fault) -> None:
        if "long" in answer.case:
            (worker, _), *_ = standbys[-1]._task.answers
            worker.kill()
            assert eventually(lambda: not worker.alive())

    ask(folder, cases("bad", "long", "bad"), kill)
    assert len(standbys) == 2


def test_a_lane_that_ends_does_not_wait_for_a_worker_that_is_being_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTED_HANG", "3")
    begun = time.monotonic()
    ask(folder, cases("bad", "long", "bad", "long"))
    assert len(pids(folder)) == 4
    assert time.monotonic() - begun < 6


def test_stop_ends_a_worker_that_is_being_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED_HANG", "3")
    sink = Sink()
    pool = Pool(case_limit=600, start_limit=600)
    pool.probe([resolve(COUNTED)])
    pool.start({EAGER: cases("bad", "long", "bad", "bad-hang")}, sink)
    assert eventually(lambda: len(pids(folder)) == 4 and len(sink.answers) == 3)
    begun = time.monotonic()
    pool.stop()
    assert time.monotonic() - begun < 3
    assert alive(folder) == 0
    assert len(sink.answers) == 3


def test_stop_ends_a_lane_that_waits_for_the_worker_that_stands_by(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTED_HANG", "3")
    sink = Sink()
    pool = Pool(case_limit=600, start_limit=600)
    pool.probe([resolve(COUNTED)])
    pool.start({EAGER: cases("bad", "long", "bad", "bad")}, sink)
    assert eventually(lambda: len(sink.answers) == 4)
    pool.stop()
    assert pool.wait(0)
    assert alive(folder) == 0
    assert len(sink.answers) == 4


SCRIPT = """
import sys
from adapters.engine import starting
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from tests.adapters.asking import EAGER
from tests.adapters.engine.test_pool_standby import COUNTED, cases

starting.processors = lambda: 2
pool = Pool(case_limit=600)
pool.probe([resolve(COUNTED)])
pool.start({{EAGER: cases("bad", "long", "bad-stuck")}}, lambda answer: print(answer.case, flush=True))
{end}
"""


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("try:\n    pool.wait()\nexcept KeyboardInterrupt:\n    pool.stop()\n    sys.exit(9)", 9),
        ("try:\n    pool.wait()\nexcept KeyboardInterrupt:\n    pass", 0),
    ],
)
def test_ctrl_c_leaves_no_worker_that_stands_by(folder: Path, end: str, status: int) -> None:
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT.format(end=end)], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline()
    assert parent.stdout.readline()
    assert alive(folder) == 2
    parent.send_signal(signal.SIGINT)
    assert parent.communicate(timeout=8)[0] == b""
    assert parent.returncode == status
    assert alive(folder) == 0


def test_two_targets_leave_no_place_on_two_processors(standbys: list[Standby]) -> None:
    with Pool() as pool:
        pool.probe([resolve(COUNTED)])
        jit = Target(adapter="right", mode="jit", device="cpu")
        pool.start({EAGER: cases("long", "bad"), jit: cases("long", "long")}, Sink())
        assert pool.wait(20)
    assert standbys == []
