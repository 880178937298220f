"""Going on with a run that was cut short: whether its file is this very run's, and what is still to be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from adapters.base import Target
from cases.model.case import Case
from reports.recording.options import UsageError
from reports.recording.run import TIMES, Run, RunError, read


def resumed(path: Path, header: dict[str, Any], cases: dict[str, Case]) -> Run:
    """The run at ``path``, if it was begun with this header and asks these cases as they are now.

    Raises:
        UsageError: if not.
    """
    run = _read(path)
    if _fixed(run.header) != _fixed(header):
        msg = f"--resume: {path} was begun with other targets, versions, options or code; run without --resume"
        raise UsageError(msg)
    changed = [name for name, case in cases.items() if name in run.cases and run.cases[name] != case]
    if changed:
        msg = f"--resume: {changed[0]} is another case than the one in {path}; run without --resume"
        raise UsageError(msg)
    return run


def _read(path: Path) -> Run:
    try:
        run = read(path)
    except RunError as error:
        msg = f"--resume: {error}"
        raise UsageError(msg) from None
    run.faults.clear()  # ours, and perhaps mended: they are asked again
    return run


def _fixed(header: dict[str, Any]) -> dict[str, Any]:
    """What of a header is known from the start: all but the settings of targets whose turn has yet to come."""
    facts = {name: {**fact, "settings": None} for name, fact in header.get("targets", {}).items()}
    return {"targets": facts} | {name: header.get(name) for name in ("missing", "suite", "weights", TIMES)}


def unanswered(cases: Iterable[Case], target: Target, old: Run | None) -> list[Case]:
    """The cases to which a target has no answer yet."""
    return [case for case in cases if old is None or (case.id, str(target)) not in old.records]


def sources() -> str:
    """A digest of the code that asks and answers: answers of other code are other answers."""
    root = Path(__file__).parents[2]
    files = sorted(path for room in ("cases", "adapters") for path in (root / room).rglob("*.py"))
    return hashlib.blake2b(b"\0".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


def calls(cases: Sequence[Case], target: Target, old: Run | None, times: int) -> list[Case]:
    """The cases that a target is still to be asked, so that each has ``times`` answers: once in order, then backwards.

    On the way back all repeats of a case follow one another. So each call is made at two places in one process, which
    shows what earlier calls leave behind and memory that nobody wrote, and back to back as well, which shows what a
    call leaves for itself. A race of threads shows anywhere. What counts is the first answer, which knows of none of
    this: it comes as it would if each case were asked once.
    """
    counts = ((case, old.repeats[case.id, str(target)] if old else 0) for case in reversed(cases))
    return unanswered(cases, target, old) + [case for case, done in counts for _ in range(times - 1 - done)]
