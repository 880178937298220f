"""An id -> its case: only the file that the id names is read, the others where the id is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cases.loading.load import file_id, find, load
from cases.model.case import Case

SHIPPED: Final = Path(__file__).parents[1]
"""The folder of the suite's own case files."""
_CLOSE: Final = 3
"""Ids that are offered instead of one that isn't there."""


class UnknownIdError(LookupError):
    """No case has the id; the message says so, and which ids come close."""


def every(folder: Path) -> Iterator[Case]:
    """All cases below a folder, file by file."""
    for path in find(folder):
        yield from load(path)


def lookup(folder: Path, case_id: str) -> Case:
    """The case with an id.

    Raises:
        UnknownIdError: if there is none.
        CaseFileError: if a file that had to be read is wrong.
    """
    named = case_id.partition("::")[0]
    for path in find(folder):
        if file_id(path) == named:
            for case in load(path):
                if case.id == case_id:
                    return case
    close = "".join(f"\n  close: {other}" for other in _close(case_id, [case.id for case in every(folder)]))
    msg = f"no case has the id {case_id!r}; `python -m cases list GLOB` finds it{close}"
    raise UnknownIdError(msg)


def _close(case_id: str, ids: list[str]) -> list[str]:
    """Ids that hold the given text, or else are spelt nearly so."""
    holding = [other for other in ids if case_id in other]
    return holding[:_CLOSE] or difflib.get_close_matches(case_id, ids, n=_CLOSE, cutoff=0.8)
