"""A cap on a worker's memory: a call that asks for an absurd amount is refused, and takes no machine along.

What counts is memory that is private and writable (Linux's RLIMIT_DATA), beside what the framework itself took when it
was loaded: address space that is merely reserved, as drivers of GPUs do, is free.
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
GIB: Final = 2**30
_MOST: Final = 2**63 - 1


def cap(allowance: int) -> None:
    """Let this process take ``allowance`` bytes more than it has now; without effect where the system can't tell."""
    taken = _taken()
    if taken is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = min(taken + allowance, _MOST)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _taken() -> int | None:
    """The bytes of private, writable memory that this process has."""
    if not _STATUS.is_file():
        return None
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    size = next((line.split()[1] for line in lines if line.startswith("VmData:")), None)
    return None if size is None else int(size) * 1024
