"""Id -> Case. Only the file that the id names is read; the other files are read if no case has the id."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cases.loading.load import Loaded, file_id, find, load, load_each
from cases.model.case import Case, split_id

SHIPPED: Final = Path(__file__).parents[1]
"""The folder of the suite's own case files."""
QUICK: Final = SHIPPED / "quick.txt"
"""The file with the ids of the quick cases, one a line (see ``reports.power.quick``)."""
VALUES: Final = SHIPPED / "values.txt"
"""The file with the ids of cases that together have every value of each operator, one a line."""
_CLOSE: Final = 3
"""The largest number of similar ids that are suggested for an unknown id."""


class UnknownIdError(LookupError):
    """An id that no case has. The message suggests similar ids."""


def every(folder: Path) -> Iterator[Case]:
    """Yield all cases below a folder, file by file.

    Raises:
        CaseFileError: if anything in a file is wrong; the message has one line for each fault.
    """
    for path in find(folder):
        yield from load(path)


def quick_ids() -> list[str]:
    """Return the ids of the quick cases.

    Raises:
        UnknownIdError: if their file can't be read.
    """
    return _listed(QUICK)


def value_ids() -> list[str]:
    """Return the ids of cases that together have every value of each operator.

    Raises:
        UnknownIdError: if their file can't be read.
    """
    return _listed(VALUES)


def _listed(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); `tox -e power -- --publish` writes it"
        raise UnknownIdError(msg) from None


def by_id(ids: Iterable[str]) -> Iterator[Case]:
    """Yield the suite's own cases with these ids, file by file. Each file is read once.

    Raises:
        UnknownIdError: if no case of the suite has one of the ids.
    """
    wanted = set(ids)
    files = {split_id(case_id)[0] for case_id in wanted}
    for path in find(SHIPPED):
        found = [case for case in load(path) if case.id in wanted] if file_id(path) in files else []
        wanted -= {case.id for case in found}
        yield from found
    if wanted:
        msg = f"no case has the id {min(wanted)!r}"
        raise UnknownIdError(msg)


def lookup(folder: Path, case_id: str) -> Case:
    """Return the case with an id. Faults of other entries do not matter.

    Raises:
        UnknownIdError: if no case has the id; the message lists the faults of the file that the id names.
    """
    named = [load_each(path) for path in find(folder) if file_id(path) == split_id(case_id)[0]]
    for case in (case for loaded in named for case in loaded.cases):
        if case.id == case_id:
            return case
    msg = f"no case has the id {case_id!r}; {_advice(folder, case_id, named)}"
    raise UnknownIdError(msg)


def _advice(folder: Path, case_id: str, named: list[Loaded]) -> str:
    if faults := [fault for loaded in named for fault in loaded.faults]:
        return "\n".join(("its file has faults; correct them first:", *faults))
    ids = [case.id for path in find(folder) for case in load_each(path).cases]
    return "\n  close: ".join(("`python -m cases list` prints all ids", *_close(case_id, ids)))


def _close(case_id: str, ids: list[str]) -> list[str]:
    """Return ids that contain the given text; if there are none, ids with a similar spelling."""
    holding = [other for other in ids if case_id in other]
    return holding[:_CLOSE] or difflib.get_close_matches(case_id, ids, n=_CLOSE, cutoff=0.8)
