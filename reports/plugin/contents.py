"""The contents of case files, which are read while frameworks are imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from adapters.base import Target
from cases.loading.load import Loaded, load_each
from cases.model.case import Case
from reports.judging.expectation import is_judged
from reports.recording import sampling
from reports.recording.session import Session


class Reading:
    """Read case files in a thread, in the given order, while frameworks are imported. The caller must ``stop`` it."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._files = {path: self._thread.submit(load_each, path) for path in paths}

    def take(self, path: Path) -> Loaded:
        """Return a file, and forget it. A file that is not among the paths is read now."""
        reading = self._files.pop(path, None)
        return load_each(path) if reading is None else reading.result()

    def stop(self) -> None:
        """Read no more files. The one that is being read is read to its end."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Contents:
    """The cases of one file in file order, the targets that are asked each of them, and the faults of the file."""

    def __init__(self, session: Session, loaded: Loaded) -> None:
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
