"""Asking again: which calls a target still has to make, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.base import Target
from cases.case import Case
from reports.resume import unanswered
from reports.run import Run


def calls(cases: Sequence[Case], target: Target, old: Run | None, times: int) -> list[Case]:
    """The cases that a target is still to be asked, so that each has ``times`` answers: once in order, then backwards.

    On the way back all repeats of a case follow one another. So each call is made at two places in one process, which
    shows what earlier calls leave behind and memory that nobody wrote, and back to back as well, which shows what a
    call leaves for itself. A race of threads shows anywhere. What counts is the first answer, which knows of none of
    this: it comes as it would if each case were asked once.
    """
    counts = ((case, old.repeats[case.id, str(target)] if old else 0) for case in reversed(cases))
    return unanswered(cases, target, old) + [case for case, done in counts for _ in range(times - 1 - done)]
