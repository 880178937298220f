"""A target's workers, one after another; once one was lost, one more than is needed is started.

Importing a framework takes seconds, so a call that ends its worker would cost as much again. Nothing is started ahead
for a target that has lost no worker, which would double the processes of all targets for nothing, nor where every
processor has work already, which would take it from what others wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from adapters.engine.handle import Worker
from adapters.engine.threads import Task

Settings = dict[str, str]
Opened = tuple[Worker, Settings]
Attempt = Callable[[Callable[[Worker], None]], Opened]


class DroppedError(Exception):
    """Nobody wants the worker any more that is being started."""


class Standby:
    """A worker that is started in a thread of its own. Whoever made this has to ``take`` or to ``drop`` it.

    ``attempt`` starts and configures a worker, and shows it to the function given as soon as it has a process.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._lock = threading.Lock()
        self._dropped = False
        self._worker: Worker | None = None
        self._task = Task(lambda: attempt(self._shown), threading.Condition())

    def _shown(self, worker: Worker) -> None:
        with self._lock:  # either drop sees the worker, or this sees drop
            if self._dropped:
                raise DroppedError
            self._worker = worker

    def take(self) -> Opened | None:
        """The worker, as soon as it is configured; None if it could not be, or died of itself since."""
        self._task.thread.join()
        for worker, settings in self._task.answers:
            if worker.alive():
                return worker, settings
            worker.end()
        return None

    def drop(self) -> None:
        """Kill the worker however far it has come, and leave nothing of it."""
        with self._lock:
            self._dropped = True
            if self._worker is not None:
                self._worker.kill()
        self._task.thread.join()
        for worker, _ in self._task.answers:
            worker.end()


class Places:
    """How many processes can work at once: one to each processor. Any thread may use this."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take a place, if there is none left as well: for what can't be left undone."""
        with self._lock:
            self._free -= 1

    def try_take(self) -> bool:
        """Take a place if one is left; says whether."""
        with self._lock:
            free = self._free > 0
            self._free -= free
        return free

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._free += 1


class Supply:
    """One target's workers. One thread uses it, and has to ``close`` it.

    A worker that stands by takes a place of its own, so that none is started where every processor has work already.
    """

    def __init__(self, start: Callable[[], Opened], attempt: Attempt, places: Places) -> None:
        self._start = start
        self._attempt = attempt
        self._places = places
        self._standby: Standby | None = None
        places.take()

    def open(self, *, ahead: bool) -> Opened:
        """A worker that is configured, and its settings: the one that stands by, or else one started now.

        With ``ahead``, another is started to stand by if there is a place. It begins before this one is waited for:
        calls that end their workers come in rows, and then two processors import at once.

        Raises:
            StartError, StoppedError: if there can be none.
        """
        standby = self._taken()
        if ahead and self._places.try_take():
            self._standby = Standby(self._attempt)
        return (standby and standby.take()) or self._start()

    def _taken(self) -> Standby | None:
        standby, self._standby = self._standby, None
        if standby is not None:
            self._places.leave()
        return standby

    def close(self) -> None:
        """End the worker that stands by, if one does."""
        standby = self._taken()
        self._places.leave()
        if standby is not None:
            standby.drop()
