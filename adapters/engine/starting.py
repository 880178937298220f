"""The start of workers: probe adapters, start and configure a worker for a target, keep idle workers for later."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from adapters.base import Target
from adapters.engine.handle import Missing, Ready, StartError, StartFailure, Worker, in_first_mode
from adapters.engine.launch import Launch
from adapters.engine.standby import Opened, Places, Settings, Supply
from adapters.engine.threads import processors, side_by_side

STARTS: Final = 3
"""The number of times that a worker is started if it dies while starting; then its target is given up."""


class StoppedError(Exception):
    """The pool was stopped while it was in use."""


class Workers:
    """Every worker of a pool. Any thread may use this.

    ``limit`` is the seconds that each step of starting a worker may take. A worker's calls may take ``memory`` bytes.
    """

    def __init__(self, limit: float, memory: int) -> None:
        self._limit = limit
        self._memory = memory
        self._places = Places(processors())
        self._ready: dict[str, Ready] = {}
        self._probed: dict[str, Worker] = {}
        self._prepared: dict[Target, Opened] = {}
        self._live: weakref.WeakSet[Worker] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def probe(self, launches: Sequence[Launch]) -> list[Ready | Missing | StartFailure]:
        """Do what ``Pool.probe`` says."""
        return side_by_side(self._probe, launches)

    def _probe(self, launch: Launch) -> Ready | Missing | StartFailure:
        try:
            worker = in_first_mode(partial(self._spawn, launch), self._limit)
        except StartError as error:
            self.check()
            return StartFailure(launch=launch, message=str(error))
        kept = False
        try:
            answer = worker.start(self._limit)
            if isinstance(answer, Ready):
                self._keep(answer, worker)
                kept = True
        except StartError as error:
            self.check()
            return StartFailure(launch=launch, message=str(error))
        finally:
            if not kept:
                worker.end()
        return answer

    def _keep(self, ready: Ready, worker: Worker) -> None:
        with self._lock:
            self.check()
            other = self._ready.setdefault(ready.name, ready).launch
            if ready.name in self._probed or other != ready.launch:
                names = f"{other.name} and {ready.launch.name}"
                msg = f"{ready.launch.name}: two adapters call themselves {ready.name!r} ({names}): rename one"
                raise StartError(msg)
            self._probed[ready.name] = worker

    def prepare(self, targets: Iterable[Target]) -> dict[Target, Settings | StartFailure]:
        """Do what ``Pool.prepare`` says."""
        wanted = self.known(targets)
        answers = dict(zip(wanted, side_by_side(self._prepare, wanted), strict=True))
        with self._lock:
            idle = list(self._probed.values())
            self._probed.clear()
        for worker in idle:
            worker.end()
        return answers

    def _prepare(self, target: Target) -> Settings | StartFailure:
        try:
            opened = self._start(target)
        except StartError as error:
            return StartFailure(launch=self._ready[target.adapter].launch, message=str(error))
        with self._lock:
            stopped = self._stopping.is_set()
            useless = opened if stopped else self._prepared.pop(target, None)
            if not stopped:
                self._prepared[target] = opened
        if useless is not None:
            useless[0].end()
        self.check()
        return opened[1]

    def supply(self, target: Target) -> Supply:
        """Return a target's supply of workers. The caller must ``end`` each worker and ``close`` the supply."""
        return Supply(partial(self._open, target), partial(self._attempt, target), self._places)

    def _open(self, target: Target) -> Opened:
        with self._lock:
            prepared = self._prepared.pop(target, None)
        return prepared or self._start(target)

    def known(self, targets: Iterable[Target]) -> list[Target]:
        """Return the targets as a list, if the adapter of each was ready when probed.

        Raises:
            ValueError: if one was not ready or not probed.
        """
        wanted = list(targets)
        for target in wanted:
            if target.adapter not in self._ready:
                msg = f"{target}: no adapter {target.adapter!r} was found ready; probe it first"
                raise ValueError(msg)
        return wanted

    def check(self) -> None:
        """Return if the pool has not been stopped.

        Raises:
            StoppedError: if it has been stopped.
        """
        if self._stopping.is_set():
            raise StoppedError

    def kill(self) -> list[Worker]:
        """Kill every worker, start no others, and return the idle ones, which the caller must ``end``."""
        self._stopping.set()
        with self._lock:
            idle = [*self._probed.values(), *(worker for worker, _ in self._prepared.values())]
            self._probed.clear()
            self._prepared.clear()
            for worker in self._live:
                worker.kill()
        return idle

    def _spawn(self, launch: Launch, environment: Mapping[str, str] = MappingProxyType({})) -> Worker:
        with self._lock:  # either ``kill`` sees this worker, or this sees that the pool is stopped
            self.check()
            worker = Worker(launch, environment)
            self._live.add(worker)
        return worker

    def _start(self, target: Target, tries: int = STARTS) -> Opened:
        try:
            return self._attempt(target)
        except StartError as error:
            self.check()
            if error.final:
                raise
            if tries == 1:
                msg = f"{error} ({STARTS} times in a row)"
                raise StartError(msg) from error
        return self._start(target, tries - 1)

    def _attempt(self, target: Target, shown: Callable[[Worker], None] = lambda _: None) -> Opened:
        """Start and configure a worker. Call ``shown`` with it once it has a process, so that it can be killed."""
        ready = self._ready[target.adapter]
        environment = ready.options[target.mode].environment
        with self._lock:  # a probed worker has the environment of the first mode, which not every mode shares
            fits = target.adapter in self._probed and self._probed[target.adapter].environment == environment
            probed = self._probed.pop(target.adapter) if fits else None
        worker = probed or self._spawn(ready.launch, environment)
        fine = False
        try:
            shown(worker)
            if probed is None and isinstance(worker.start(self._limit), Missing):
                msg = f"{target}: the framework was found before and is missing now; check that it is still installed"
                raise StartError(msg)
            settings = worker.configure(target.mode, target.device, self._limit, self._memory)
            fine = True
        finally:
            if not fine:
                worker.end()
        return worker, settings
