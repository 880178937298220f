"""Case files as pytest collects them, and the ids of cases on the command line.

pytest itself compares every id with every item of its file. Here each file is read once for any number of ids, and
each id is looked up by name.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.base import Target
from cases.loading.load import load_each
from cases.model.case import Case
from reports.judging.expectation import is_judged
from reports.plugin.items import SESSION, CaseItem
from reports.recording import sampling
from reports.recording.session import Session

_CLOSE: Final = 3
"""Names that are offered instead of one that no case has."""
_UNKNOWN: Final = "no case has this name"
_HINTS: Final = 10
"""Unknown names for which similar ones are looked for: each search compares a name with those of a whole file."""


class Contents:
    """The cases of one file in file order, the targets that are asked each of them, and the faults of the file."""

    def __init__(self, session: Session, path: Path) -> None:
        loaded = load_each(path)
        self.faults = loaded.faults
        self._session = session
        self._cases = session.weighted(loaded.cases)
        self._asked = {target: session.chosen(self._cases, target) for target in session.targets}

    @cached_property
    def names(self) -> dict[str, Case]:
        """The cases by the part of their ids that follows the file's."""
        return {case.name: case for case in self._cases}

    @cached_property
    def _asked_with_slow(self) -> dict[Target, set[str]]:
        return {
            target: sampling.asked(self._cases, limit, slow=True) for target, limit in self._session.targets.items()
        }

    def items(self) -> Iterator[tuple[str, Case, Target]]:
        """Yield each case with each target that is asked it and can be judged on it, and the name of the item."""
        for case in self._cases:
            for target in self._session.targets:
                if self._has_item(case, target):
                    yield f"{case.name}[{target}]", case, target

    def _has_item(self, case: Case, target: Target) -> bool:
        return case.id in self._asked[target] and is_judged(case, str(target))

    def why_unasked(self, name: str) -> str:
        """Return why a case of this file has no item; empty if it has one.

        ``name`` is the case's own, alone or with a target in brackets. A case that is named alone has an item if it
        has one on any target.
        """
        case_name = name.partition("[")[0]
        case, there = self.names[case_name], self._session.targets
        targets = [target for target in there if name in {case_name, f"{case_name}[{target}]"}]
        if not targets:
            return f"no target {name[len(case_name) :]} takes part; there are: {', '.join(map(str, there))}"
        if any(self._has_item(case, target) for target in targets):
            return ""
        return self._why_limited(case, targets) or f"{targets[0]} gives the right answers, and is not judged by them"

    def _why_limited(self, case: Case, targets: Sequence[Target]) -> str:
        """Return which limits of the targets' modes keep the case from them; empty if none does."""
        limited = [target for target in targets if case.id not in self._asked[target]]
        thinned = [str(target) for target in limited if case.id in self._asked_with_slow[target]]
        if thinned:
            return f"asked of {', '.join(thinned)} only with --slow"
        limits = {target: sampling.describe(self._session.targets[target], slow=True) for target in limited}
        return "; ".join(f"{target} is asked {limit}" for target, limit in limits.items())


class NamedCases:
    """The cases that the command line names by ids, such as ``cases/conv/strides.yaml::same-i5[torch-eager-cpu]``.

    A plug-in of pytest, which puts the items into the order of the command line. ``arguments`` is the command line in
    which each file stands once instead of its ids.
    """

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
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

    def check(self, session: Session) -> None:
        """Check that every id has an item.

        Raises:
            UsageError: if an id has none; one line for each such id.
        """
        whys = {argument: self._why_missing(session, path, name) for argument, path, name in self._ids}
        unknown = [one for one in self._ids if whys[one[0]] == _UNKNOWN]
        close = {argument: self._close(path, name) for argument, path, name in unknown[:_HINTS]}
        lines = [f"{argument}: {why}{close.get(argument, '')}" for argument, why in whys.items() if why]
        if lines:
            raise pytest.UsageError(*lines)

    def _why_missing(self, session: Session, path: Path, name: str) -> str:
        """Return why an id has no item; empty if it has one, or if its case may be among the file's faulty entries."""
        if path not in self._contents:
            self._contents[path] = Contents(session, path)
        contents = self._contents[path]
        if name.partition("[")[0] in contents.names:
            return contents.why_unasked(name)
        return "" if contents.faults else _UNKNOWN

    def _close(self, path: Path, name: str) -> str:
        names = difflib.get_close_matches(name.partition("[")[0], self._contents[path].names, n=_CLOSE)
        return f"; close: {', '.join(names)}" if names else ""

    def take(self, session: Session, path: Path) -> Contents:
        """Return the contents of a file, which is read now unless its ids have been checked."""
        return self._contents.pop(path, None) or Contents(session, path)

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


class CaseFile(pytest.File):
    """A YAML file of cases."""

    def collect(self) -> Iterator[CaseItem | Faults]:
        """Yield one item for each case on each target that can be judged on it, of those that were asked for.

        The file's faults are a node of their own, so that they fail nothing else.
        """
        named = self.config.stash[NAMED]
        contents = named.take(self.config.stash[SESSION], self.path)
        for name, case, target in contents.items():
            if named.wants(self.path, name):
                # The whole id: pytest takes a bare name to have no parameter, and --lf then does not find the item.
                yield CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}", asks=(case, target))
        if contents.faults:
            yield Faults.from_parent(self, name="faults", nodeid=self.nodeid, lines=contents.faults)


class Faults(pytest.Collector):
    """The faults of a case file: an error of collection, beside the items of the cases that have none.

    Its id is the file's, so that --lf collects the file again.
    """

    def __init__(self, *, lines: Sequence[str], **rest: Any) -> None:
        super().__init__(**rest)
        self._lines = lines

    def collect(self) -> list[pytest.Item]:
        """Tell the faults.

        Raises:
            CollectError: always; one line a fault.
        """
        raise self.CollectError("\n".join(self._lines))
