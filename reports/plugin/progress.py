"""The lines in the terminal: the progress of a run, its targets, and the number of its answers."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from typing import Final, TextIO

from reports.recording import sampling
from reports.recording.record import Key
from reports.recording.session import Session

_EVERY: Final = 10.0
"""Seconds between two lines where the terminal can't rewrite one."""


class Progress:
    """A line with the number of answers. A terminal shows it in one place; elsewhere it is repeated now and then."""

    def __init__(self, session: Session, stream: TextIO | None = None) -> None:
        self._session = session
        self._stream = stream or sys.stderr  # read now: during the import of this module, pytest was capturing
        self._shown = time.monotonic()

    def is_due(self) -> bool:
        """Tell whether it is time for the line."""
        return time.monotonic() - self._shown >= (0.1 if self._stream.isatty() else _EVERY)

    def show(self) -> None:
        """Show the line if it is time for it."""
        if not self.is_due():
            return
        self._shown = time.monotonic()
        width = shutil.get_terminal_size().columns - 1  # a line that wraps can't be rewritten
        self._stream.write(f"\r{self._line()[:width]}\x1b[K" if self._stream.isatty() else f"{self._line()}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self._stream.isatty():
            self._stream.write("\r\x1b[K")

    def _line(self) -> str:
        """Return the line: all answers, those of each target that is under way, and the number of targets that wait."""
        run = self._session.run
        keys = [*run.records, *run.faults] if run else []  # a copy: answers come meanwhile
        done = Counter(target for _, target in keys)
        for (_, target), count in (run.repeats.copy() if run else Counter[Key]()).items():
            done[target] += count
        asked = Counter(target for _, target in self._session.asked)
        total = Counter({target: count * self._session.times for target, count in asked.items()})
        under_way = [target for target in sorted(total) if 0 < done[target] < total[target]]
        parts = [f"{done.total():,}/{total.total():,}", *(f"{t} {done[t]:,}/{total[t]:,}" for t in under_way)]
        waiting = sum(not done[target] for target in total)
        return f"deconform: {' · '.join(parts)}{f' · {waiting} to come' if waiting else ''}"


def describe(session: Session) -> list[str]:
    """Return a line for each target that runs, for each that is not asked every case, and for each that can't run."""
    lines = []
    for target, fact in session.facts.items():
        versions = ", ".join(f"{name} {version}" for name, version in fact["versions"].items())
        settings = "".join(f", {name} {value}" for name, value in fact["settings"].items())
        lines.append(f"{target}: {versions}, Python {fact['python']}{settings}")
    slow = session.options.slow
    limits = ((target, sampling.describe(options, slow=slow)) for target, options in session.targets.items())
    lines += [f"{target}: {limit}" for target, limit in limits if limit]
    return lines + [f"{name}: {why}" for name, why in session.missing.items()]


def totals(session: Session) -> list[str]:
    """Return a line with the number of answers of each kind, and a line for each fault that came more than once."""
    run = session.run
    if run is None:
        return []
    kinds = Counter(record.outcome.kind for record in run.records.values())
    parts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    lines = [f"{len(run.cases):,} cases, {len(run.records):,} answers: {parts}; {len(run.faults)} faults of ours"]
    faults = Counter((target, message.partition("\n")[0]) for (_, target), message in run.faults.items())
    return lines + [f"{target}: {count:,} times: {why}" for (target, why), count in faults.items() if count > 1]
