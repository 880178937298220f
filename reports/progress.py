"""What a person sees in the terminal: what runs, how far it is, what came out."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Final, TextIO

from reports.session import Session

_EVERY: Final = 10.0
"""Seconds between two lines where the terminal can't rewrite one."""


class Progress:
    """A line that says how many answers there are; rewritten in a terminal, repeated now and then elsewhere."""

    def __init__(self, session: Session, stream: TextIO = sys.stderr) -> None:
        self._session = session
        self._stream = stream
        self._shown = time.monotonic()

    def show(self) -> None:
        """Show the line if it is time to."""
        now = time.monotonic()
        live = self._stream.isatty()
        if now - self._shown < (0.1 if live else _EVERY):
            return
        self._shown = now
        self._stream.write(f"\r{self._line()}\x1b[K" if live else f"{self._line()}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self._stream.isatty():
            self._stream.write("\r\x1b[K")

    def _line(self) -> str:
        run = self._session.run
        done = Counter(target for _, target in (list(run.records) if run else ()))  # a copy: answers come meanwhile
        total = Counter(target for _, target in self._session.asked)
        parts = " · ".join(f"{target} {done[target]:,}/{total[target]:,}" for target in sorted(total))
        return f"deconform: {parts}"


def describe(session: Session) -> list[str]:
    """A line for each target that runs, and for each adapter that can't."""
    facts = session.facts
    lines = []
    for target, fact in facts.items():
        versions = ", ".join(f"{name} {version}" for name, version in fact["versions"].items())
        settings = "".join(f", {name} {value}" for name, value in fact["settings"].items())
        lines.append(f"{target}: {versions}, Python {fact['python']}{settings}")
    return lines + [f"{name}: {why}" for name, why in session.missing.items()]


def totals(session: Session) -> list[str]:
    """How many answers each kind of outcome has."""
    run = session.run
    if run is None:
        return []
    kinds = Counter(record.kind.replace("_", " ") for record in run.records.values())
    parts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return [f"{len(run.cases):,} cases, {len(run.records):,} answers: {parts}; {len(run.faults)} faults of ours"]
