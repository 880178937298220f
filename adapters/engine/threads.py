"""Threads whose answer or exception is kept for whoever asks for it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Task(Generic[Answer]):
    """A function that runs in a thread of its own, which does not keep the interpreter from exiting."""

    def __init__(self, function: Callable[[], Answer], finished: threading.Condition) -> None:
        self._function = function
        self._finished = finished
        self.done = False
        self.answers: list[Answer] = []
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.answers.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is asked for
            self.error = error
        with self._finished:
            self.done = True
            self._finished.notify_all()


def side_by_side(function: Callable[[Key], Answer], keys: Sequence[Key]) -> list[Answer]:
    """The function's answer for each key, in order, computed at the same time.

    Raises:
        BaseException: the first exception among them, once all have ended.
    """
    finished = threading.Condition()
    tasks = [Task(partial(function, key), finished) for key in keys]
    for task in tasks:
        task.thread.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [answer for task in tasks for answer in task.answers]


def in_turn(waiting: deque[Callable[[], None]]) -> None:
    """Call what waits, one after another, until nothing does; several threads may share it."""
    while True:
        try:
            run = waiting.popleft()
        except IndexError:
            return
        run()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
