"""A target's workers, one after another. Once the target has lost a worker, another one is started ahead.

Importing a framework takes seconds, so every call that ends its worker would cost these seconds again. For a target
that has lost no worker nothing is started ahead, because that would double the processes of all targets for nothing.
Nothing is started ahead either if every processor has work already, because it would slow down work that others wait
for.
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
    """Nobody needs the worker that is being started any more."""


class Standby:
    """A worker that is started ahead, in a thread of its own. The caller must ``take`` it or ``drop`` it.

    ``attempt`` starts and configures a worker. It calls its argument with the worker as soon as that has a process.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._lock = threading.Lock()
        self._dropped = False
        self._worker: Worker | None = None
        self._task = Task(lambda: attempt(self._shown), threading.Condition())

    def _shown(self, worker: Worker) -> None:
        with self._lock:  # either ``drop`` sees the worker, or this sees that it was dropped
            if self._dropped:
                raise DroppedError
            self._worker = worker

    def take(self) -> Opened | None:
        """Wait until the worker is configured and return it; return None if that failed or the worker died since."""
        self._task.thread.join()
        for worker, settings in self._task.values:
            if worker.alive():
                return worker, settings
            worker.end()
        return None

    def drop(self) -> None:
        """Kill the worker, whether it is ready or still starting, and free all that it holds."""
        with self._lock:
            self._dropped = True
            if self._worker is not None:
                self._worker.kill()
        self._task.thread.join()
        for worker, _ in self._task.values:
            worker.end()


class Places:
    """The processes that can work at the same time: one for each processor. Any thread may use this."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take a place even if none is left, for work that must be done."""
        with self._lock:
            self._free -= 1

    def try_take(self) -> bool:
        """Take a place if one is left, and tell whether it was taken."""
        with self._lock:
            free = self._free > 0
            self._free -= free
        return free

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._free += 1


class Supply:
    """One target's workers. One thread uses it and must ``close`` it.

    A worker that stands by takes a place of its own, so none is started if every processor has work already.
    """

    def __init__(self, start: Callable[[], Opened], attempt: Attempt, places: Places) -> None:
        self._start = start
        self._attempt = attempt
        self._places = places
        self._standby: Standby | None = None
        places.take()

    def open(self, *, ahead: bool) -> Opened:
        """Return a configured worker and its settings: the worker that stands by, or else one that is started now.

        With ``ahead``, another worker is started to stand by if there is a place. Its start begins before this method
        waits for the worker that it returns: calls that end their workers often come in a row, and then two processors
        import at the same time.

        Raises:
            StartError, StoppedError: if no worker can be had.
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
        """End the worker that stands by, if there is one."""
        standby = self._taken()
        self._places.leave()
        if standby is not None:
            standby.drop()
