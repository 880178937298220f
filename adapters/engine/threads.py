"""Threads whose return value or exception is kept for the thread that asks for it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Task(Generic[Value]):
    """A function that runs in a thread of its own. The thread does not keep the interpreter from exiting.

    ``values`` holds the function's return value once there is one; ``finished`` is notified when the function has
    returned or raised.
    """

    def __init__(self, function: Callable[[], Value], finished: threading.Condition) -> None:
        self._function = function
        self._finished = finished
        self.done = False
        self.values: list[Value] = []
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.values.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised again where the value is asked for
            self.error = error
        with self._finished:
            self.done = True
            self._finished.notify_all()


def side_by_side(function: Callable[[Key], Value], keys: Sequence[Key]) -> list[Value]:
    """Call the function for all keys at the same time, and return its values in the keys' order.

    Raises:
        BaseException: the first exception in the keys' order, once all calls have ended.
    """
    finished = threading.Condition()
    tasks = [Task(partial(function, key), finished) for key in keys]
    for task in tasks:
        task.thread.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [value for task in tasks for value in task.values]


def in_turn(waiting: deque[Callable[[], None]]) -> None:
    """Call the waiting functions one after another until none is left. Several threads may share ``waiting``."""
    while True:
        try:
            run = waiting.popleft()
        except IndexError:
            return
        run()


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
