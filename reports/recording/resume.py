"""Resuming a run that was cut short: check that the file belongs to this run, and find what is still to be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from adapters.base import Target
from cases.model.case import Case
from reports.recording.options import UsageError
from reports.recording.run import OWN, SHARD, STRICT, TIMES, Run, RunError, read


def resumed(path: Path, header: dict[str, Any], cases: dict[str, Case]) -> Run | None:
    """Return the run to go on with, after a check that it has this header and that its cases have not changed.

    None if there is no file at ``path``, or an empty one: then the run begins as any other.

    Raises:
        UsageError: if the file is no run, the header is another one, or a case has changed.
    """
    if not path.exists() or not path.stat().st_size:
        return None
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
    run.faults.clear()  # faults are on our side and may be mended now, so these cases are asked again
    return run


def _fixed(header: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a header that is known from the start: all but the settings that targets report later."""
    facts = {name: {**fact, "settings": None} for name, fact in header.get("targets", {}).items()}
    same = ("missing", "suite", "weights", STRICT, OWN, TIMES, SHARD)
    return {"targets": facts} | {name: header.get(name) for name in same}


def unanswered(cases: Iterable[Case], target: Target, old: Run | None) -> list[Case]:
    """Return the cases to which a target has no answer yet."""
    return [case for case in cases if old is None or (case.id, str(target)) not in old.records]


def sources(*parts: str) -> str:
    """Return a digest of the code in these folders and files of the project: what one code made is not another's."""
    root = Path(__file__).parents[2]
    paths = [root / part for part in parts]
    files = sorted(path for part in paths for path in ([part] if part.is_file() else part.rglob("*.py")))
    return hashlib.blake2b(b"\0".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


def calls(cases: Sequence[Case], target: Target, old: Run | None, times: int) -> list[Case]:
    """Return the cases that a target must still be asked, so that each gets ``times`` answers.

    Each case comes once in order, and then the cases come in reverse order, with all repeats of a case in a row. So
    each call is made at two places in one process. This shows what earlier calls leave behind, and memory that nobody
    wrote. The repeats in a row show what a call leaves for its own next call. A race of threads may show at any place.
    The first answer counts. It is the same as if each case were asked once, since it comes before all repeats.
    """
    counts = ((case, old.repeats[case.id, str(target)] if old else 0) for case in reversed(cases))
    return unanswered(cases, target, old) + [case for case, done in counts for _ in range(times - 1 - done)]
