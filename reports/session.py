"""One conformance run: choose the targets, start the engine, record what comes, judge, report.

pytest's hooks and items call this and nothing else, so that the whole flow can be read in one place.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from adapters.base import Target
from adapters.client import Missing, Ready, StartFailure
from adapters.launch import Launch, UnknownAdapterError, resolve
from adapters.outcome import Fault, Result
from adapters.pool import Pool
from cases.case import Case
from reports import known, render
from reports.run import Run, RunError, read
from reports.tables import Knowns
from reports.verdict import ORACLE

DEFAULT_ADAPTERS: Final = ("oracle", "tensorflow", "torch", "jax")
KNOWN: Final = Path(__file__).parent / "known"
_INSTALL: Final = {"tensorflow": "tensorflow-cpu", "torch": "torch", "jax": "jax"}


class UsageError(Exception):
    """What the user asked for can't be done: one line that says why and what to do."""


class LostError(Exception):
    """An answer that never came: ours, not a framework's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose on the command line."""

    targets: tuple[str, ...] = ()
    device: str = "auto"
    adapters: tuple[str, ...] = ()
    pythons: dict[str, str] = field(default_factory=dict)
    report: Path = Path("reports/latest")
    timeout: float = 60.0
    resume: bool = False


class Session:
    """A run from the choice of targets to the reports. Use ``choose``, then ``start``, ``answer`` and ``finish``."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.targets: list[Target] = []
        self.missing: dict[str, str] = {}
        self.unasked: list[str] = []
        self.knowns: Knowns = known.load(KNOWN)
        self.run: Run | None = None
        self.asked: set[tuple[str, str]] = set()
        self.started = False
        self.facts: dict[str, Any] = {}
        self._pool = Pool(case_limit=options.timeout)
        self._news = threading.Condition()

    def choose(self) -> None:
        """Find out which targets there are, and which of them are wanted.

        Raises:
            UsageError: if an adapter is unknown or broken, or nothing that was asked for can be run.
        """
        self._check_options()
        ready = self._probe()
        offered = [target for adapter in ready for target in _offered(adapter)]
        defaults = {adapter.name: adapter.modes[0] for adapter in ready}
        self.targets = [target for target in offered if self._wanted(target, defaults)]
        self._check_globs(offered)
        if not [target for target in self.targets if str(target) != ORACLE] and not self.options.targets:
            raise UsageError(self._nothing())
        settings = self._pool.prepare(dict.fromkeys([*self.targets, *_oracle(ready)]))
        for target, answer in settings.items():
            if isinstance(answer, StartFailure):
                raise UsageError(answer.message)
            self.facts[str(target)] = self._describe(target, ready, answer)

    def start(self, work: dict[Target, list[Case]]) -> None:
        """Begin: every case goes to the oracle, and to the targets given with it."""
        cases = {case.id: case for target_cases in work.values() for case in target_cases}
        self.run = self._open(cases)
        plan = {target: chosen for target, chosen in work.items() if str(target) != ORACLE}
        plan = {Target(adapter="oracle", mode="eager", device="cpu"): list(cases.values()), **plan}
        self.asked = {(case.id, str(target)) for target, chosen in plan.items() for case in chosen}
        todo = {target: [case for case in chosen if not self._done(case, target)] for target, chosen in plan.items()}
        self.started = True
        self._pool.start(todo, self._deliver)

    def answer(self, case: Case, target: str) -> None:
        """Wait until a target, and the oracle, have answered a case.

        Raises:
            LostError: if one of them broke on our side.
        """
        for name in {target, ORACLE}:
            with self._news:
                while not self._has(case.id, name):
                    self._news.wait(timeout=1.0)
                    self._check_pool(case.id, name)
            if fault := self._recorded().faults.get((case.id, name)):
                raise LostError(fault)

    def finish(self, *, complete: bool) -> list[Path]:
        """End the run: stop the workers, write the footer if all went its way, and the reports."""
        self._pool.stop()
        if self.run is None:
            return []
        if complete:
            self.run.end(asked=len(self.asked))
        paths = [self.run.path, *render.write(self.run, self.knowns, self.options.report)] if complete else []
        self.run.close()
        return paths

    def lost(self) -> list[str]:
        """What a run that is over should hold and doesn't: answers asked for and never recorded."""
        run = self._recorded()
        gone = [key for key in self.asked if key not in run.records and key not in run.faults]
        return [f"{case}[{target}] was asked and never answered" for case, target in sorted(gone)]

    def _check_options(self) -> None:
        limit, folder = self.options.timeout, self.options.report
        if not 0 < limit < math.inf:
            msg = f"--timeout {limit:g}: give a number of seconds above 0"
            raise UsageError(msg)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "run.jsonl").open("ab").close()
        except OSError as error:
            msg = f"--report {folder}: cannot write there ({error.strerror}); give a folder that can be written"
            raise UsageError(msg) from None

    def _probe(self) -> list[Ready]:
        answers = self._pool.probe(self._launches())
        for answer in answers:
            match answer:
                case Missing(launch=launch, message=message):
                    what = _INSTALL.get(launch.name, launch.name)
                    self.missing[launch.name] = f"not installed ({message}): pip install {what}"
                case StartFailure(message=message):
                    raise UsageError(message)
        return [answer for answer in answers if isinstance(answer, Ready)]

    def _launches(self) -> list[Launch]:
        names = [*DEFAULT_ADAPTERS, *self.options.adapters]
        for name in self.options.pythons:
            if name not in names:
                msg = f"--python {name}=...: no adapter {name!r} takes part; there are: {', '.join(names)}"
                raise UsageError(msg)
        self.unasked = [name for name in DEFAULT_ADAPTERS[1:] if not self._may_match(name)]
        wanted = [name for name in dict.fromkeys(names) if name not in self.unasked]
        try:
            return [resolve(name, self.options.pythons.get(name)) for name in wanted]
        except UnknownAdapterError as error:
            raise UsageError(str(error)) from None

    def _may_match(self, name: str) -> bool:
        """Whether a --target can name a target of this adapter: one that can't isn't started, which takes seconds."""
        heads = [re.split(r"[*?[]", glob, maxsplit=1)[0] for glob in self.options.targets]
        return not heads or any(head.startswith(f"{name}-") or f"{name}-".startswith(head) for head in heads)

    def _wanted(self, target: Target, defaults: dict[str, str]) -> bool:
        if self.options.device not in {"auto", target.device} and target.adapter != "oracle":
            return False
        if self.options.targets:
            return any(fnmatchcase(str(target), glob) for glob in self.options.targets)
        return target.mode == defaults[target.adapter]

    def _check_globs(self, offered: list[Target]) -> None:
        for glob in self.options.targets:
            if not any(fnmatchcase(str(target), glob) for target in self.targets):
                names = ", ".join(map(str, offered))
                absent = "".join(f"; {name} is {why}" for name, why in self.missing.items())
                absent += f"; and those of {', '.join(self.unasked)}" if self.unasked else ""
                msg = f"--target {glob} matches no target; there are: {names}{absent}"
                raise UsageError(msg)

    def _nothing(self) -> str:
        absent = "; ".join(f"{name} is {why}" for name, why in self.missing.items())
        return f"there is no framework to run on device {self.options.device!r}. {absent}".strip()

    def _describe(self, target: Target, ready: Iterable[Ready], settings: dict[str, str]) -> dict[str, Any]:
        adapter = next(adapter for adapter in ready if adapter.name == target.adapter)
        return {"versions": adapter.versions, "python": adapter.python, "settings": settings}

    def _open(self, cases: dict[str, Case]) -> Run:
        path = self.options.report / "run.jsonl"
        if not self.options.resume:
            path.unlink(missing_ok=True)
        run = self._resumed(path) if path.exists() and path.stat().st_size else Run(path)
        header = {"targets": self.facts, "missing": self.missing, "suite": _sources()}
        if run.header and {name: run.header.get(name) for name in header} != header:
            msg = f"--resume: {path} was begun with other targets, versions, settings or code; run without --resume"
            raise UsageError(msg)
        changed = [name for name, case in cases.items() if name in run.cases and run.cases[name] != case]
        if changed:
            msg = f"--resume: {changed[0]} is another case than the one in {path}; run without --resume"
            raise UsageError(msg)
        run.begin(header)
        for case in cases.values():
            run.ask(case)
        return run

    def _resumed(self, path: Path) -> Run:
        try:
            run = read(path)
        except RunError as error:
            msg = f"--resume: {error}"
            raise UsageError(msg) from None
        run.faults.clear()  # ours, and perhaps mended: they are asked again
        return run

    def _done(self, case: Case, target: Target) -> bool:
        return (case.id, str(target)) in self._recorded().records

    def _has(self, case: str, target: str) -> bool:
        run = self._recorded()
        return (case, target) in run.records or (case, target) in run.faults

    def _check_pool(self, case: str, target: str) -> None:
        if self._pool.wait(0) and not self._has(case, target):
            msg = f"{target} ended without an answer to {case}"
            raise LostError(msg)

    def _deliver(self, answer: Result | Fault) -> None:
        self._recorded().record(answer)
        with self._news:
            self._news.notify_all()

    def _recorded(self) -> Run:
        if self.run is None:
            msg = "the run has not begun"
            raise LostError(msg)
        return self.run


def _sources() -> str:
    """A digest of the code that asks and answers: answers of other code are other answers."""
    root = Path(__file__).parents[1]
    files = sorted(path for room in ("cases", "adapters") for path in (root / room).rglob("*.py"))
    return hashlib.blake2b(b"\0".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


def _offered(adapter: Ready) -> list[Target]:
    pairs = itertools.product(adapter.modes, adapter.devices)
    return [Target(adapter=adapter.name, mode=mode, device=device) for mode, device in pairs]


def _oracle(ready: Iterable[Ready]) -> list[Target]:
    return [Target(adapter="oracle", mode="eager", device="cpu") for adapter in ready if adapter.name == "oracle"]
