"""An id -> its case: only the file that the id names is read, the others where the id is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cases.loading.load import Loaded, file_id, find, load, load_each
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
    """Return the case with an id. Faults of other entries do not matter.

    Raises:
        UnknownIdError: if no case has the id; the message lists the faults of the file that the id names.
    """
    named = [load_each(path) for path in find(folder) if file_id(path) == case_id.partition("::")[0]]
    for case in (case for loaded in named for case in loaded.cases):
        if case.id == case_id:
            return case
    msg = f"no case has the id {case_id!r}; {_advice(folder, case_id, named)}"
    raise UnknownIdError(msg)


def _advice(folder: Path, case_id: str, named: list[Loaded]) -> str:
    if faults := [fault for loaded in named for fault in loaded.faults]:
        return "\n".join(("its file has faults, so mend them first:", *faults))
    ids = [case.id for path in find(folder) for case in load_each(path).cases]
    return "\n  close: ".join(("`python -m cases list GLOB` finds it", *_close(case_id, ids)))


def _close(case_id: str, ids: list[str]) -> list[str]:
    """Ids that hold the given text, or else are spelt nearly so."""
    holding = [other for other in ids if case_id in other]
    return holding[:_CLOSE] or difflib.get_close_matches(case_id, ids, n=_CLOSE, cutoff=0.8)
