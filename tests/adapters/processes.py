"""The processes of the engine's tests: waiting for them, and telling which of them live."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0
"""The seconds after which a test gives up waiting. On a busy machine a step that takes a moment may take many."""


def eventually(true: Callable[[], bool]) -> bool:
    """Wait until something is true, ``PATIENCE`` seconds at most, and tell whether it is."""
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def pids(folder: Path) -> list[int]:
    """Return the pids that ``Counted``'s processes wrote, in the order of their starts."""
    files = sorted(folder.iterdir(), key=lambda file: int(file.name))
    return [int(text) for text in (file.read_text() for file in files) if text]


def alive(folder: Path) -> list[int]:
    """Return the pids of ``Counted``'s processes that still live."""
    return [pid for pid in pids(folder) if not gone(pid)]


def gone(pid: int) -> bool:
    """Tell whether no such process is left, not even as a zombie; for a negative pid, no such process group."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
