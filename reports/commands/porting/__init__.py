"""The commands for people who port: measure what words mean, say a call, translate one."""

from __future__ import annotations

from collections.abc import Collection

from reports.recording.options import UsageError


def named(option: str, text: str, known: Collection[str], what: str = "framework") -> list[str]:
    """Return the names of an option's text, ``a,b``; none if it is empty.

    Raises:
        UsageError: if a name is not ``known``.
    """
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            msg = f"{option} {name}: there is no such {what}; there are: {', '.join(known)}"
            raise UsageError(msg)
    return names
