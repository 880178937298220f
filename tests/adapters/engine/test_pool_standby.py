"""Workers that stand by: started after a target's first loss if a processor is free, and never left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from adapters.engine import restarting
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.standby import Attempt, Places, Standby
from adapters.outcome import Crashed, Fault, Result, Returned
from cases.model.case import Case
from tests.adapters.asking import EAGER, Sink, case
from tests.adapters.processes import PATIENCE, alive, eventually, pids

COUNTED = "tests.adapters.fakes:Counted"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the fake's pids, and let the engine see two processors.

    ``stop`` waits for the threads as long as a busy machine may need.
    """
    folder = tmp_path / "pids"
    folder.mkdir()
    monkeypatch.setenv("COUNTED", str(folder))
    monkeypatch.setattr("adapters.engine.starting.processors", lambda: 2)
    monkeypatch.setattr("adapters.engine.pool.JOINING", PATIENCE)
    return folder


@pytest.fixture
def standbys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Standby]:  # noqa: ARG001 - set up first
    """Return the list of workers that are started to stand by; it grows."""
    made: list[Standby] = []

    class Noted(Standby):
        def __init__(self, attempt: Attempt) -> None:
            made.append(self)
            super().__init__(attempt)

    monkeypatch.setattr("adapters.engine.standby.Standby", Noted)
    return made


def cases(*names: str, more: int = 12) -> list[Case]:
    """Return cases of these names, and enough others behind them that workers still stand by."""
    return [case(f"{name}-{number}") for number, name in enumerate([*names, *["more"] * more])]


def ask(folder: Path, asked: list[Case], deliver: Callable[[Any], None] = lambda _: None) -> list[Any]:
    """Have a lane answer cases: each gets the outcome that its name says, and no process of the lane is left."""
    sink = Sink()

    def take(answer: Result | Fault) -> None:
        sink(answer)
        deliver(answer)

    with Pool() as pool:
        pool.probe([resolve(COUNTED)])
        pool.start({EAGER: asked}, take)
        assert pool.wait(PATIENCE)
        assert alive(folder) == [], "the lane is over, the pool is not"
    assert [answer.case for answer in sink.answers] == [one.id for one in asked]
    for answer in sink.answers:
        assert isinstance(answer, Result), answer
        assert isinstance(answer.outcome, Crashed if "bad" in answer.case else Returned), answer
    return sink.answers


def test_without_a_loss_no_worker_stands_by(folder: Path, standbys: list[Standby]) -> None:
    ask(folder, cases())
    assert standbys == []


def test_one_worker_stands_by_after_each_loss(folder: Path, standbys: list[Standby]) -> None:
    most = []
    ask(folder, cases("bad", "beside", "bad", "bad", "beside"), lambda _: most.append(len(alive(folder))))
    assert len(standbys) == 3
    assert max(most) == 2


def test_a_worker_that_stands_by_spares_the_start(folder: Path, standbys: list[Standby]) -> None:
    """It is configured before the second worker is lost, and answers next."""
    ready: list[int] = []

    def wait(answer: Result | Fault) -> None:
        if "beside" in answer.case:
            assert eventually(lambda: bool(standbys[0]._task.values))
            ready.extend(worker._process._process.pid for worker, _ in standbys[0]._task.values)

    answers = ask(folder, cases("bad", "beside", "bad", "fine"), wait)
    assert [int(answers[3].outcome.arrays["pid"])] == ready


def test_losses_in_a_row_start_two_workers_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake's starts fail unless two of them go on at the same time."""
    monkeypatch.setenv("COUNTED_PAIRS", "")
    ask(folder, cases("bad", "bad", "bad", "bad", "fine"))
    assert len(pids(folder)) >= 5


def test_where_few_cases_are_left_no_worker_stands_by(folder: Path, standbys: list[Standby]) -> None:
    ask(folder, cases("bad", more=restarting.FEW - 1))
    assert standbys == []
    ask(folder, cases("bad", more=restarting.FEW))
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
        pool.start({EAGER: cases("bad", "beside", "bad")}, Sink(), settle=lambda *news: told.append(news))
        assert pool.wait(PATIENCE)
    assert told == [(EAGER, {"mode": "eager", "device": "cpu"})] * 3
    assert len(standbys) == 2, "the second of them was not used"


def test_a_worker_that_died_while_it_stood_by_is_replaced(folder: Path, standbys: list[Standby]) -> None:
    def kill(answer: Result | Fault) -> None:
        if "beside" in answer.case:
            assert eventually(lambda: bool(standbys[-1]._task.values))
            (worker, _), *_ = standbys[-1]._task.values
            worker.kill()
            assert eventually(lambda: not worker.alive())

    ask(folder, cases("bad", "beside", "bad"), kill)
    assert len(standbys) == 2


def test_a_lane_that_ends_does_not_wait_for_a_worker_that_is_being_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That worker hangs, and its start would be given up after two minutes, longer than the test waits."""
    monkeypatch.setenv("COUNTED_HANG", "3")
    ask(folder, cases("bad", "beside", "bad", "beside"))
    assert len(pids(folder)) == 4


def test_stop_ends_a_worker_that_is_being_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED_HANG", "3")
    sink = Sink()
    pool = Pool(case_limit=600, start_limit=600)
    pool.probe([resolve(COUNTED)])
    pool.start({EAGER: cases("bad", "beside", "bad", "bad-hang")}, sink)
    assert eventually(lambda: len(pids(folder)) == 4 and len(sink.answers) == 3)
    pool.stop()
    assert pool.wait(0)
    assert alive(folder) == []
    assert len(sink.answers) == 3


def test_stop_ends_a_lane_that_waits_for_the_worker_that_stands_by(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTED_HANG", "3")
    sink = Sink()
    pool = Pool(case_limit=600, start_limit=600)
    pool.probe([resolve(COUNTED)])
    pool.start({EAGER: cases("bad", "beside", "bad", "bad")}, sink)
    assert eventually(lambda: len(sink.answers) == 4)
    pool.stop()
    assert pool.wait(0)
    assert alive(folder) == []
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
pool.start({{EAGER: cases("bad", "beside", "bad-stuck")}}, lambda answer: print(answer.case, flush=True))
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
    assert len(alive(folder)) == 2
    parent.send_signal(signal.SIGINT)
    assert parent.communicate(timeout=PATIENCE)[0] == b""
    assert parent.returncode == status
    assert alive(folder) == []


def test_two_targets_leave_no_place_on_two_processors(
    tmp_path: Path, standbys: list[Standby], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them loses its worker while the other is held at its first case."""
    monkeypatch.setenv("COUNTED_HOLD", str(tmp_path / "go"))
    jit, lost = Target(adapter="right", mode="jit", device="cpu"), cases("beside", "bad")

    def deliver(answer: Result | Fault) -> None:
        if (answer.target, answer.case) == (str(EAGER), lost[-1].id):
            (tmp_path / "go").touch()

    with Pool() as pool:
        pool.probe([resolve(COUNTED)])
        pool.start({EAGER: lost, jit: cases("held")}, deliver)
        assert pool.wait(PATIENCE)
    assert standbys == []
