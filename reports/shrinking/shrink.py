"""The findings of a run, and the engine that searches the smallest call of each: all on one worker for each target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from adapters.base import Target
from adapters.engine.pool import Pool
from adapters.engine.threads import processors
from adapters.outcome import Fault, Result
from adapters.worker.memory import GIB
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.judging.ending import ending
from reports.judging.judge import judged
from reports.judging.verdict import Verdict
from reports.pages.findings import size
from reports.recording import targets
from reports.recording.options import Options, UsageError
from reports.recording.run import Run
from reports.recording.sampling import WHOLE
from reports.recording.targets import DEFAULT_ADAPTERS, adapter_of
from reports.shrinking.search import Finding, Search, Witness

FOLDER: Final = "smallest"
"""The folder that the ids of the smallest calls name."""


def findings(run: Run, *, known: bool = False) -> list[Finding]:
    """Return the findings of a run: the answers that are new, or with ``known`` those that facts explain.

    Answers of one adapter that ended alike are one finding. Pipelines that were called step by step are left out,
    since single calls show the same; so is what varies from call to call.
    """
    whole = {target for target, told in run.header["targets"].items() if told.get(WHOLE)}
    found: dict[tuple[str, str, str, bool], Finding] = {}
    for case, target, verdict in judged(run):
        if verdict.difference is None or (case.steps and target not in whole) or not _is_wanted(verdict, known=known):
            continue
        fact = verdict.fact.fact if verdict.fact and known else ""
        end = ending(run, case, target, verdict)
        key = adapter_of(target), fact, "" if fact else repr(end), case.invalid is None
        one = Finding(case=case, target=target, end=end, fact=fact)
        before = found.setdefault(key, replace(one, count=0))
        found[key] = replace(min(before, one, key=lambda finding: size(finding.case)), count=before.count + 1)
    return list(found.values())


def _is_wanted(verdict: Verdict, *, known: bool) -> bool:
    if known:
        return verdict.follows == "known" and verdict.fact is not None and not verdict.may_vary
    return verdict.follows in {"new", "changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every search of a run has in common.

    ``folder`` keeps the answers of the calls that are tried. ``tell`` is called with a line about each finding.
    """

    run: Run
    accepted: Accepted
    options: Options
    folder: Path
    tell: Callable[[str], None]

    def search(self, finding: Finding, name: str) -> Search:
        """Return the search for the smallest call of a finding; the call gets the id ``name``."""
        header = {"targets": self.run.header["targets"], "missing": {}}
        folder = self.folder / name.replace("/", "-")
        folder.mkdir()
        return Search(finding=finding, name=name, header=header, accepted=self.accepted, folder=folder)


def shrink(found: Sequence[Finding], setting: Setting) -> list[Witness]:
    """Return the smallest call of each finding that was shown again, in the order of the findings.

    Raises:
        UsageError: if a finding's target can't be used here.
    """
    searches = [setting.search(one, name) for one, name in zip(found, _names(found), strict=True)]
    by_target: dict[str, list[Search]] = {}
    for search in searches:
        by_target.setdefault(search.finding.target, []).append(search)
    lanes = {target: _Lane(waiting=several, tell=setting.tell) for target, several in by_target.items()}
    with Pool(case_limit=setting.options.timeout, memory=int(setting.options.memory * GIB)) as pool:
        _ask(pool, lanes, setting.options)
    return [search.witness for search in searches if search.witness is not None]


def _names(found: Iterable[Finding]) -> list[str]:
    return [f"{FOLDER}/{one.case.operator}.yaml::w{number:02}" for number, one in enumerate(found, start=1)]


@dataclass(kw_only=True)
class _Lane:
    """The searches of one target, one after another."""

    waiting: list[Search]
    tell: Callable[[str], None]
    _current: Search | None = field(default=None, init=False)

    def next(self) -> Case | None:
        """Return the first call of the next search; None after the last one."""
        while self.waiting:
            self._current = self.waiting.pop(0)
            if (case := self._current.first()) is not None:
                return case
            self.tell(f"{self._current.finding.case.id}: no single entry of a case file gives it; it stays as it is")
        return None

    def heard(self, answer: Result | Fault) -> list[Case]:
        """Take in an answer, and return the next call in a list, which is empty at the end."""
        assert self._current is not None  # noqa: S101 - it was asked
        following = self._current.heard(answer)
        if following is None:
            self.tell(_told(self._current))
            following = self.next()
        return [] if following is None else [following]


def _told(search: Search) -> str:
    finding = search.finding
    if search.witness is None:
        return f"{finding.case.id}[{finding.target}]: not shown again with other numbers; it stays as it is"
    return f"{finding.case.id}[{finding.target}]: {search.asked} calls tried"


def _ask(pool: Pool, lanes: dict[str, _Lane], options: Options) -> None:
    ready, missing = targets.sorted_out(pool.probe(_launches(lanes, options)))
    places = (
        Target(adapter=adapter.name, mode=mode, device=device)
        for adapter in ready
        for mode in adapter.modes
        for device in adapter.devices
    )
    offered = {str(target): target for target in places}
    for name in lanes:
        if name not in offered:
            why = missing.get(adapter_of(name), "no adapter of this name takes part; give --adapter module:Class")
            msg = f"{name}: {why}"
            raise UsageError(msg)
    firsts = {offered[name]: case for name, lane in lanes.items() if (case := lane.next()) is not None}
    asked = {target: [case] for target, case in firsts.items()}
    pool.start(asked, lambda answer: lanes[answer.target].heard(answer), slots=processors())
    while not pool.wait(1.0):  # in short waits, so that Ctrl-C is noticed
        pass


def _launches(lanes: Iterable[str], options: Options) -> list[Any]:
    names = {adapter_of(name) for name in lanes}
    ours = [name for name in DEFAULT_ADAPTERS if name in names]
    pythons = {name: path for name, path in options.pythons.items() if name in {*ours, *options.adapters}}
    return targets.launches(ours, replace(options, targets=(), pythons=pythons))[0]
