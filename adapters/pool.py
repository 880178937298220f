"""The engine: targets side by side, each in worker processes of its own, one thread a target.

A death becomes an outcome, a silence too; nothing hangs and nothing is kept. Nothing here imports a framework.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.base import Target
from adapters.client import Missing, Ready, StartError, StartFailure, Worker
from adapters.lane import Deliver, Lane
from adapters.launch import Launch
from adapters.outcome import Fault, Result
from adapters.tasks import Task, side_by_side
from cases.case import Case

if TYPE_CHECKING:
    from typing import Self

STARTS: Final = 3
"""How often a worker is started that dies in starting, before its target is given up."""
JOINING: Final = 3.0
"""Seconds that ``stop`` waits for the threads, whose workers are dead by then."""


class StoppedError(Exception):
    """The pool was stopped while this was under way."""


class Pool:
    """Workers for any number of targets. ``case_limit`` and ``start_limit`` are in seconds.

    Probe first, then start. Stop at the end, or leave a ``with`` block.
    """

    def __init__(self, *, case_limit: float = 60.0, start_limit: float = 120.0) -> None:
        self._case_limit = case_limit
        self._start_limit = start_limit
        self._launches: dict[str, Launch] = {}
        self._probed: dict[str, Worker] = {}
        self._prepared: dict[Target, Worker] = {}
        self._live: weakref.WeakSet[Worker] = weakref.WeakSet()
        self._runs: list[Task[None]] = []
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._finished = threading.Condition()
        self._stopping = threading.Event()
        atexit.register(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def probe(self, launches: Sequence[Launch]) -> list[Ready | Missing | StartFailure]:
        """Start every adapter, side by side, and say what each offers, in the order given.

        The worker of one that is ready is kept for its first target.

        Raises:
            StoppedError: if the pool is stopped meanwhile.
        """
        return side_by_side(self._probe, launches)

    def _probe(self, launch: Launch) -> Ready | Missing | StartFailure:
        try:
            worker = self._spawn(launch)
        except StartError as error:
            return StartFailure(launch=launch, message=str(error))
        kept = False
        try:
            answer = worker.start(self._start_limit)
            if isinstance(answer, Ready):
                self._keep(answer, worker)
                kept = True
        except StartError as error:
            self._check()
            return StartFailure(launch=launch, message=str(error))
        finally:
            if not kept:
                worker.end()
        return answer

    def _keep(self, ready: Ready, worker: Worker) -> None:
        with self._lock:
            self._check()
            other = self._launches.setdefault(ready.name, ready.launch)
            if ready.name in self._probed or other != ready.launch:
                names = f"{other.name} and {ready.launch.name}"
                msg = f"{ready.launch.name}: two adapters call themselves {ready.name!r} ({names}): rename one"
                raise StartError(msg)
            self._probed[ready.name] = worker

    def prepare(self, targets: Iterable[Target]) -> dict[Target, dict[str, str] | StartFailure]:
        """Start and configure a worker for each target, side by side, and say what settings each chose.

        Optional: ``start`` does it for targets that are not prepared.

        Raises:
            ValueError: if a target's adapter was not ready when probed.
            StoppedError: if the pool is stopped meanwhile.
        """
        wanted = self._known(targets)
        return dict(zip(wanted, side_by_side(self._prepare, wanted), strict=True))

    def _prepare(self, target: Target) -> dict[str, str] | StartFailure:
        try:
            worker, settings = self._open(target)
        except StartError as error:
            return StartFailure(launch=self._launches[target.adapter], message=str(error))
        with self._lock:
            stopped = self._stopping.is_set()
            useless = worker if stopped else self._prepared.pop(target, None)
            if not stopped:
                self._prepared[target] = worker
        if useless is not None:
            useless.end()
        self._check()
        return settings

    def start(self, work: Mapping[Target, Sequence[Case]], deliver: Deliver) -> None:
        """Begin to run every target's cases, in order, targets side by side; returns at once.

        ``deliver`` is called with each answer as it comes, from the targets' threads, one call at a time.

        Raises:
            ValueError: if a target's adapter was not ready when probed.
        """
        one_at_a_time = partial(self._deliver, deliver)
        for target in self._known(work):
            lane = Lane(target, work[target], one_at_a_time, self._case_limit)
            self._runs.append(Task(partial(lane.run, partial(self._worker, target)), self._finished))

    def wait(self, timeout: float | None = None) -> bool:
        """Whether all targets have finished, within ``timeout`` seconds.

        Raises:
            BaseException: what ``deliver`` raised, as soon as it did; that target has ended.
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

        May be called from anywhere, also from ``deliver``, and more than once.
        """
        self._stopping.set()
        with self._lock:
            idle = [*self._probed.values(), *self._prepared.values()]
            self._probed.clear()
            self._prepared.clear()
            for worker in self._live:
                worker.kill()
        deadline = time.monotonic() + JOINING
        threads = [run.thread for run in self._runs]
        if threading.current_thread() not in threads:
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        for worker in idle:
            worker.end()
        atexit.unregister(self.stop)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def _known(self, targets: Iterable[Target]) -> list[Target]:
        wanted = list(targets)
        for target in wanted:
            if target.adapter not in self._launches:
                msg = f"{target}: no adapter {target.adapter!r} was found ready"
                raise ValueError(msg)
        return wanted

    def _spawn(self, launch: Launch) -> Worker:
        with self._lock:  # either stop sees this worker, or this sees stop
            self._check()
            worker = Worker(launch)
            self._live.add(worker)
        return worker

    def _worker(self, target: Target) -> Worker:
        with self._lock:
            prepared = self._prepared.pop(target, None)
        return prepared or self._open(target)[0]

    def _open(self, target: Target, tries: int = STARTS) -> tuple[Worker, dict[str, str]]:
        """A worker that is configured for a target, and its settings."""
        try:
            return self._attempt(target)
        except StartError as error:
            self._check()
            if error.final:
                raise
            if tries == 1:
                msg = f"{error} ({STARTS} times in a row)"
                raise StartError(msg) from error
        return self._open(target, tries - 1)

    def _attempt(self, target: Target) -> tuple[Worker, dict[str, str]]:
        with self._lock:
            probed = self._probed.pop(target.adapter, None)
        worker = probed or self._spawn(self._launches[target.adapter])
        fine = False
        try:
            if probed is None and isinstance(worker.start(self._start_limit), Missing):
                msg = f"{target}: the framework was found before and is not found now"
                raise StartError(msg)
            settings = worker.configure(target.mode, target.device, self._start_limit)
            fine = True
        finally:
            if not fine:
                worker.end()
        return worker, settings

    def _deliver(self, deliver: Deliver, answer: Result | Fault) -> None:
        with self._delivering:
            self._check()  # a worker that stop killed did not crash
            deliver(answer)
