"""The surroundings of calls in a worker's process, put back after each call, so that no call changes the next one's."""

from __future__ import annotations

import contextlib
import locale
import os
import signal
import warnings
from collections.abc import Callable
from typing import Final

import numpy as np

_TIMERS: Final = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_STDERR: Final = 2


class Surroundings:
    """The state of this process before the first call."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._environment = dict(os.environ)
        self._filters = list(warnings.filters)
        self._locale = locale.setlocale(locale.LC_ALL)
        self._errors = np.geterr()
        self._stderr = os.dup(_STDERR)
        self._log = _file(self._stderr)

    def restore(self) -> None:
        """Put back what a call may have left: timers, the folder, variables, warning filters, the locale, stderr."""
        for timer in _TIMERS:
            signal.setitimer(timer, 0)  # an alarm would go off in the call of another case
        if _folder() != self._folder:
            _tried(lambda: os.chdir(self._folder))
        if os.environ != self._environment:
            self._restore_variables()
        if warnings.filters != self._filters:
            warnings.filters = list(self._filters)  # a call may have put anything there
        if locale.setlocale(locale.LC_ALL) != self._locale:
            _tried(lambda: locale.setlocale(locale.LC_ALL, self._locale))
        np.seterr(**self._errors)
        if _file(_STDERR) != self._log:
            _tried(lambda: os.dup2(self._stderr, _STDERR))

    def _restore_variables(self) -> None:
        """Put back the variables that differ, and no others: a framework's thread may read one meanwhile."""
        for name in os.environ.keys() - self._environment.keys():
            del os.environ[name]
        for name, text in self._environment.items():
            if os.environ.get(name) != text:
                os.environ[name] = text


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text to compare
    except OSError:  # it is gone
        return ""


def _file(descriptor: int) -> tuple[int, int] | None:
    """Return what tells an open file from all others; None if the descriptor is closed."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _tried(step: Callable[[], object]) -> None:
    with contextlib.suppress(OSError, locale.Error):
        step()
