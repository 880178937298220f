"""The cases that the command line names: by their ids, by their files, or as the quick ones.

pytest itself compares every id with every item of its file. Here each file is read once for any number of ids, and
each id is looked up by name.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from cases.loading.lookup import SHIPPED, UnknownIdError, quick_ids
from reports.plugin.contents import Contents, Reading
from reports.recording.session import Session

_CLOSE: Final = 3
"""Names that are offered instead of one that no case has."""
_UNKNOWN: Final = "no case has this name"
_HINTS: Final = 10
"""Unknown names for which similar ones are looked for: each search compares a name with those of a whole file."""


def quick(arguments: Sequence[str], folder: Path) -> list[str]:
    """Return the ids of the quick cases that stand in the files and folders that the arguments name.

    Raises:
        UsageError: if an argument is an id, or holds none of them.
    """
    try:
        ids = [str(SHIPPED.parent / case_id) for case_id in quick_ids()]
    except UnknownIdError as error:
        raise pytest.UsageError(str(error)) from None
    found: dict[str, None] = {}
    for argument in arguments:
        place = (folder / argument).resolve()
        here = [id_ for id_ in ids if _stands_in(id_, place)]
        if not here:
            msg = f"--quick: none of the quick cases stands in {argument}; name {SHIPPED}, or files and folders of it"
            raise pytest.UsageError(msg)
        found |= dict.fromkeys(here)
    return [id_ for id_ in ids if id_ in found]


def _stands_in(case_id: str, place: Path) -> bool:
    return Path(case_id.partition("::")[0]).resolve().is_relative_to(place)


class NamedCases:
    """The cases that the command line names by ids, such as ``cases/conv/strides.yaml::same-i5[torch-eager-cpu]``.

    A plug-in of pytest, which puts the items into the order of the command line. ``arguments`` is the command line in
    which each file stands once instead of its ids.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, reading: Reading) -> None:
        self._reading = reading
        self.arguments: list[str] = []
        self._ids: list[tuple[str, Path, str]] = []
        self._places: dict[Path, dict[str, int]] = {}
        self._whole: dict[Path, int] = {}
        self._contents: dict[Path, Contents] = {}
        for place, argument in enumerate(arguments):
            self._take(argument, place, folder)
        for path in [path for path in self._places if self._around(path)]:
            del self._places[path]

    def _take(self, argument: str, place: int, folder: Path) -> None:
        file, colons, name = argument.partition("::")
        path = Path(os.path.abspath(folder / file))  # noqa: PTH100 - as pytest: links are kept, and .. is none
        if not colons or path.suffix != ".yaml" or not path.is_file():
            self._whole.setdefault(path, place)
            self.arguments.append(argument)
            return
        self._ids.append((argument, path, name))
        if path not in self._places:
            self.arguments.append(file)
        self._places.setdefault(path, {}).setdefault(name, place)

    def _around(self, path: Path) -> list[int]:
        """Return the places of the arguments that name a file, or folders around it, as a whole; the outermost last."""
        return [self._whole[place] for place in (path, *path.parents) if place in self._whole]

    def check(self, session: Session, *, chosen: bool = True) -> None:
        """Check that every id has an item. Of ids that the user has not ``chosen``, only unknown ones are told.

        Raises:
            UsageError: if an id has none; one line for each such id.
        """
        whys = {argument: self._why_missing(session, path, name) for argument, path, name in self._ids}
        if not chosen:
            whys = {argument: why for argument, why in whys.items() if why == _UNKNOWN}
        unknown = [one for one in self._ids if whys.get(one[0]) == _UNKNOWN]
        close = {argument: self._close(path, name) for argument, path, name in unknown[:_HINTS]}
        lines = [f"{argument}: {why}{close.get(argument, '')}" for argument, why in whys.items() if why]
        if lines:
            raise pytest.UsageError(*lines)

    def _why_missing(self, session: Session, path: Path, name: str) -> str:
        """Return why an id has no item; empty if it has one, or if its case may be among the file's faulty entries."""
        if path not in self._contents:
            self._contents[path] = Contents(session, self._reading.take(path))
        contents = self._contents[path]
        if name.partition("[")[0] in contents.names:
            return contents.why_unasked(name)
        return "" if contents.faults else _UNKNOWN

    def _close(self, path: Path, name: str) -> str:
        names = difflib.get_close_matches(name.partition("[")[0], self._contents[path].names, n=_CLOSE)
        return f"; close: {', '.join(names)}" if names else ""

    def take(self, session: Session, path: Path) -> Contents:
        """Return the contents of a file."""
        return self._contents.pop(path, None) or Contents(session, self._reading.take(path))

    def wants(self, path: Path, name: str) -> bool:
        """Tell whether an item of a file was asked for: by its id, by its case's, or with the whole file."""
        places = self._places.get(path)
        return places is None or name in places or name.partition("[")[0] in places

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the items into the order of the command line."""
        items.sort(key=self._place)

    def _place(self, item: pytest.Item) -> int:
        places = self._places.get(item.path)
        if places is None:
            return next(reversed(self._around(item.path)), 0)
        case_name = item.name.partition("[")[0]
        return places[case_name] if case_name in places else places[item.name]


NAMED: Final = pytest.StashKey[NamedCases]()
