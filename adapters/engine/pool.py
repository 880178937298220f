"""The engine: it runs as many targets at the same time as there are slots, each in worker processes of its own.

Each slot has a thread. A worker that dies becomes an outcome, and so does one that is silent. Nothing here waits
forever, no answer is kept, and nothing here imports a framework.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from adapters.base import Target
from adapters.engine.handle import Missing, Ready, StartFailure, Worker
from adapters.engine.launch import Launch
from adapters.engine.restarting import Deliver, Lane
from adapters.engine.standby import Opened, Settings
from adapters.engine.starting import StoppedError, Workers
from adapters.engine.threads import Task, in_turn
from adapters.worker.memory import GIB
from cases.model.case import Case

if TYPE_CHECKING:
    from typing import Self

Heard = TypeVar("Heard")
Settle = Callable[[Target, Settings], None]

JOINING: Final = 3.0
"""The seconds that ``stop`` waits for the threads. Their workers are dead by then."""


def _agree(_target: Target, _settings: Settings) -> None:
    """Accept any settings."""


class Pool:
    """Workers for any number of targets. Call ``probe`` first, then ``start``; at the end ``stop``, or use ``with``.

    ``case_limit`` is the seconds that a case may take, ``start_limit`` the seconds of each step of starting a worker,
    and ``memory`` the bytes that calls may take.
    """

    def __init__(self, *, case_limit: float = 60.0, start_limit: float = 120.0, memory: int = 4 * GIB) -> None:
        self._case_limit = case_limit
        self._workers = Workers(start_limit, memory)
        self._runs: list[Task[None]] = []
        self._telling = threading.Lock()
        self._finished = threading.Condition()
        atexit.register(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def probe(self, launches: Sequence[Launch]) -> list[Ready | Missing | StartFailure]:
        """Start every adapter at the same time, and return what each offers, in the given order.

        The worker of a ready adapter has the environment of the adapter's first mode, and is kept for its first target
        whose mode needs the same.

        Raises:
            StoppedError: if the pool is stopped meanwhile.
        """
        return self._workers.probe(launches)

    def prepare(self, targets: Iterable[Target]) -> dict[Target, Settings | StartFailure]:
        """Start and configure a worker for each target at the same time, and return the settings that each chose.

        This is optional, since ``start`` does it for targets that are not prepared. Probed workers that no target took
        end here, so that only prepared targets hold a process.

        Raises:
            ValueError: if a target's adapter was not ready when probed.
            StoppedError: if the pool is stopped meanwhile.
        """
        return self._workers.prepare(targets)

    def start(
        self,
        work: Mapping[Target, Sequence[Case]],
        deliver: Deliver,
        *,
        settle: Settle = _agree,
        slots: int | None = None,
    ) -> None:
        """Begin to run every target's cases in order, and return at once. It may be called again.

        At most ``slots`` of these targets run at the same time (None: all). The others wait for a slot, in the given
        order and without a process. ``deliver`` is called with each answer as it comes, and may return more cases for
        the same target. ``settle`` is called with the settings of each of a target's workers, before that worker's
        answers. Both are called from the slots' threads, one call at a time. If ``settle`` raises StartError, the rest
        of the target's cases become faults.

        Raises:
            ValueError: if a target's adapter was not ready when probed.
        """
        waiting: deque[Callable[[], None]] = deque()
        for target in self._workers.known(work):
            lane = Lane(target, work[target], partial(self._tell, deliver), self._case_limit)
            waiting.append(partial(self._run, lane, target, settle))
        for _ in range(min(len(waiting), slots or len(waiting))):
            self._runs.append(Task(partial(in_turn, waiting), self._finished))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to ``timeout`` seconds (None: without a limit), and tell whether all targets have finished.

        Raises:
            BaseException: any exception from ``deliver`` or ``settle``, as soon as it is raised; it ends its slot.
        """
        with self._finished:
            self._finished.wait_for(lambda: self._errors() or self._over(), timeout)
        for error in self._errors():
            raise error
        return self._over()

    def _over(self) -> bool:
        return all(run.done for run in self._runs)

    def _errors(self) -> list[BaseException]:
        return [run.error for run in self._runs if run.error and not isinstance(run.error, StoppedError)]

    def stop(self) -> None:
        """Kill every worker and end every thread, in a few seconds at most. Nothing is delivered afterwards.

        It may be called from any thread, from ``deliver``, and more than once.
        """
        idle = self._workers.kill()
        deadline = time.monotonic() + JOINING
        threads = [run.thread for run in self._runs]
        if threading.current_thread() not in threads:
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        for worker in idle:
            worker.end()
        atexit.unregister(self.stop)

    def _run(self, lane: Lane, target: Target, settle: Settle) -> None:
        with contextlib.closing(self._workers.supply(target)) as supply:
            lane.run(lambda ahead: self._worker(partial(supply.open, ahead=ahead), target, settle))

    def _worker(self, opened: Callable[[], Opened], target: Target, settle: Settle) -> Worker:
        worker, settings = opened()
        agreed = False
        try:
            self._tell(settle, target, settings)
            agreed = True
        finally:
            if not agreed:
                worker.end()
        return worker

    def _tell(self, listener: Callable[..., Heard], *news: object) -> Heard:
        with self._telling:
            self._workers.check()  # a worker that ``stop`` killed must not be delivered as a crash
            return listener(*news)
