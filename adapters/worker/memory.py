"""A cap on a worker's memory: a call that asks for an absurd amount is refused before it brings the machine down.

Only private, writable memory counts (Linux's RLIMIT_DATA), and only what is taken after the framework was loaded.
Address space that is only reserved, as GPU drivers do, does not count.
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
GIB: Final = 2**30
_MOST: Final = 2**63 - 1


def cap(allowance: int) -> None:
    """Let this process take at most ``allowance`` bytes more than it has now.

    Without Linux's /proc this does nothing, since the process can't tell how much it has.
    """
    taken = _taken()
    if taken is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = min(taken + allowance, _MOST)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _taken() -> int | None:
    """Return the bytes of private, writable memory that this process has; None if the system does not tell."""
    if not _STATUS.is_file():
        return None
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    size = next((line.split()[1] for line in lines if line.startswith("VmData:")), None)
    return None if size is None else int(size) * 1024
