"""One conformance run: choose the targets, start the engine and record the answers.

pytest's hooks and items make a run through this module alone, so the whole flow can be read in one place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from adapters.base import ModeOptions, Target
from adapters.engine.handle import Ready, StartError, StartFailure
from adapters.engine.pool import Pool
from adapters.outcome import Fault, Result
from adapters.worker.memory import GIB
from cases.loading.lookup import UnknownIdError, value_ids
from cases.model.case import Case
from reports.recording import not_asked, sampling, targets
from reports.recording.filters import Weights
from reports.recording.options import Options, UsageError
from reports.recording.resume import calls, resumed, sources
from reports.recording.run import FUZZ, OWN, SHARD, STRICT, TIMES, Run
from reports.recording.shares import Shares
from reports.recording.targets import DEFAULT_ADAPTERS, ORACLE

_ORACLE: Final = Target(adapter="oracle", mode="eager", device="cpu")


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder of reports.

    Raises:
        UsageError: if another process holds it, or the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        msg = f"--report {folder}: cannot write there ({error.strerror}); give a folder that can be written"
        raise UsageError(msg) from None
    try:
        _lock(folder, handle)
        yield
    finally:
        os.close(handle)


def _lock(folder: Path, handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = f"--report {folder}: another run writes there; wait for its end, or give another folder"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"--report {folder}: cannot be locked ({error.strerror}); give a folder on another disk"
        raise UsageError(msg) from None


class LostError(Exception):
    """An answer that never came, by a fault on our side and not by a framework's."""


class Session:
    """A run from the choice of targets to the last answer. Use ``choose``, then ``start``, ``answer`` and ``finish``.

    ``facts`` holds what the run's header says of each target. The settings of a target are empty until its first worker
    has reported them. ``waiting`` is called now and then while ``answer`` waits.

    Raises:
        UsageError: if an option is out of range, or the folder can't be written.
    """

    def __init__(self, options: Options, waiting: Callable[[], None] = lambda: None) -> None:
        options.check()
        self.options = options
        self.targets: dict[Target, ModeOptions] = {}
        self.missing: dict[str, str] = {}
        self.run: Run | None = None
        self.asked: set[tuple[str, str]] = set()
        self.started = False
        self.times = options.determinism or 1
        """The number of times that every call is made."""
        self.facts: dict[str, dict[str, Any]] = {}
        self._waiting = waiting
        self._pool = Pool(case_limit=options.timeout, memory=int(options.memory * GIB))
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._has_unwritten_settings = False
        self._weights = Weights(options)
        self._places: dict[str, int] = {}
        self._shares = Shares(None, options.workers, {})
        self._not_asked = not_asked.load()
        self._hold = contextlib.ExitStack()
        """Holds the lock that keeps other runs out of the folder of the reports."""
        try:
            self._values = frozenset(value_ids())
        except UnknownIdError as error:
            raise UsageError(str(error)) from None

    def choose(self) -> None:
        """Find the targets that can run, and choose those that the options want.

        Raises:
            UsageError: if an adapter is unknown or broken, or no wanted target can run.
        """
        launches, unasked = targets.launches(DEFAULT_ADAPTERS, self.options)
        ready, absent = targets.sorted_out(self._pool.probe(launches))
        choice = targets.choose(ready, self.options)
        self.targets = choice.targets
        self.missing = {**absent, **choice.missing}
        targets.check(choice, self.missing, unasked, self.options)
        defines = [_ORACLE for adapter in ready if adapter.name == targets.DEFINITION]
        for target in dict.fromkeys([*self.targets, *defines]):
            self.facts[str(target)] = self._describe(target, ready)

    def chosen(self, cases: Sequence[Case], target: Target) -> set[str]:
        """Return the ids of the cases that a target is asked. ``cases`` are all cases of a file."""
        return sampling.asked(cases, self.targets[target], slow=self.options.slow, values=self._values)

    def weighted(self, cases: Sequence[Case]) -> list[Case]:
        """Return all cases of a file. Those that take real filters get the filters that the user gave."""
        self._places |= {case.id: place for place, case in enumerate(cases)}
        return self._weights.given_to(cases)

    def start(self, work: dict[Target, list[Case]]) -> dict[tuple[str, Target], float]:
        """Start the run: every case goes to the oracle, and to the targets that ``work`` gives it to.

        Return by case id and target when each answer is expected. The numbers tell the order alone.

        Raises:
            UsageError: if another run uses the report's folder, the run can't be resumed, no case takes the user's
                filters, or one of the targets that begin at once can't be configured.
        """
        self._hold.enter_context(held(self.options.report))
        cases = {case.id: case for target_cases in work.values() for case in target_cases}
        self._weights.check(cases.values())
        unasked = {target: self._unasked(chosen, target) for target, chosen in work.items() if target != _ORACLE}
        plan = {_ORACLE: list(cases.values())}
        for target, left_out in unasked.items():
            plan[target] = [case for case in work[target] if case.id not in left_out]
        self.asked = {(case.id, str(target)) for target, chosen in plan.items() for case in chosen}
        old = self._old(cases)
        todo = {target: calls(chosen, target, old, self.times) for target, chosen in plan.items()}
        oracle = {_ORACLE: todo.pop(_ORACLE)}
        left = {target: chosen for target, chosen in todo.items() if chosen}
        others = targets.in_order(left, self.targets, timed=self.options.fuzz_seconds is not None)
        self._prepare([*(oracle if oracle[_ORACLE] else ()), *islice(others, self.options.workers)])
        self.run = self._open(old, cases)
        self._leave_out(self.run, unasked)
        self.started = True
        self._pool.start(oracle, self._deliver, settle=self._settle)
        by_name = {str(target): chosen for target, chosen in others.items()}
        self._shares = Shares(self.options.fuzz_seconds, self.options.workers, by_name)
        firsts = {target: self._shares.first(str(target)) for target in others}
        self._pool.start(firsts, self._deliver, settle=self._settle, slots=self.options.workers)
        return targets.due(others, self.targets, self.options.workers)

    @staticmethod
    def _leave_out(run: Run, unasked: dict[Target, dict[str, str]]) -> None:
        for target, left_out in unasked.items():
            for case_id, reason in left_out.items():
                run.leave_out(case_id, str(target), reason)

    def answer(self, case: Case, target: str) -> None:
        """Wait until the oracle and a target have answered a case.

        Raises:
            LostError: if there is no answer, by a fault on our side.
        """
        names = [name for name in (ORACLE, target) if (case.id, name) not in self._recorded().unasked]
        for name in names:  # both, so that the end of the run does not cut off the other answer
            self._await(case.id, name)
        faults = self._recorded().faults
        if fault := next((faults[case.id, name] for name in names if (case.id, name) in faults), None):
            raise LostError(fault)

    def _await(self, case: str, target: str) -> None:
        answered = False
        while not answered:
            with self._news:
                answered = self._news.wait_for(partial(self._has, case, target), timeout=0.5)
            self._record_settings()
            if not answered:
                self._waiting()
                self._check_pool(case, target)

    def release(self) -> None:
        """Let other runs use the folder of the reports."""
        self._hold.close()

    def finish(self, *, complete: bool, problems: Sequence[str] = (), hold: bool = False) -> None:
        """End the run: stop the workers, write the footer if the run is complete, and close the file.

        ``problems`` are lines about what fails the run beside its answers. If ``hold``, other runs are kept out of the
        folder until ``release``.
        """
        if not hold:
            self.release()
        self._pool.stop()
        if self.run is None:
            return
        try:
            self._record_settings()
            if complete:
                self.run.end(asked=len(self.asked), **({"problems": list(problems)} if problems else {}))
        finally:
            self.run.close()

    def lost(self) -> list[str]:
        """Return a line for each answer that was asked for and never recorded. Call this when the run is over."""
        run = self._recorded()
        gone = [key for key in sorted(self.asked) if not self._has(*key)]
        again = f"answered less than {self.times} times"
        return [
            f"{case}[{target}] was asked and {again if (case, target) in run.records else 'never answered'}"
            for case, target in gone
        ]

    def _unasked(self, chosen: Iterable[Case], target: Target) -> dict[str, str]:
        """Return the ids of the cases that a target is not asked, each with the reason."""
        version = self.facts[str(target)]["versions"].get(target.adapter, "0")
        whys = ((case.id, not_asked.why(self._not_asked, case, str(target), version)) for case in chosen)
        return {case_id: reason for case_id, reason in whys if reason}

    def _describe(self, target: Target, ready: Iterable[Ready]) -> dict[str, Any]:
        adapter = next(adapter for adapter in ready if adapter.name == target.adapter)
        limits = sampling.facts(adapter.options[target.mode], slow=self.options.slow)
        memory = f"{self.options.memory:g} GiB"
        found = {"versions": adapter.versions, "python": adapter.python, "processor": adapter.processor}
        return {**found, "memory": memory, "settings": {}, **limits}

    def _prepare(self, first: Iterable[Target]) -> None:
        """Configure the targets that begin at once, while a usage error can still stop the run.

        Raises:
            UsageError: if one of them can't be configured.
        """
        for target, answer in self._pool.prepare(first).items():
            if isinstance(answer, StartFailure):
                raise UsageError(answer.message)
            try:
                self._settle(target, answer)
            except StartError as error:
                raise UsageError(str(error)) from None

    def _settle(self, target: Target, settings: dict[str, str]) -> None:
        """Note the settings that a worker of a target chose.

        Raises:
            StartError: if another worker of the target chose other settings.
        """
        fact = self.facts[str(target)]
        if not fact["settings"] and settings:
            fact["settings"] = settings
            self._has_unwritten_settings = True
        if fact["settings"] != settings:
            msg = f"{target}: the settings are {settings} and were {fact['settings']}; run without --resume"
            raise StartError(msg)

    def _record_settings(self) -> None:
        """Write the header again if it has new settings. Of several headers in a file the last one counts.

        Only the thread that also judges may call this: any other thread would leave it without a header for a moment.
        """
        run = self._recorded()
        with self._writing:
            if self._has_unwritten_settings:
                self._has_unwritten_settings = False
                header, run.header = run.header, {}
                run.begin(header)

    def _old(self, cases: dict[str, Case]) -> Run | None:
        """Return the run to resume; None if there is none."""
        path = self.options.report / "run.jsonl"
        run = resumed(path, self._header(), cases) if self.options.resume else None
        if run is not None:
            self.facts = run.header["targets"]
        return run

    def _header(self) -> dict[str, Any]:
        header = {"targets": self.facts, "missing": self.missing, "suite": sources("cases", "adapters")}
        options = {
            "weights": self._weights.facts,
            TIMES: self.options.determinism,
            STRICT: self.options.strict_versions,
            OWN: list(self.options.own_facts),
            SHARD: asdict(self.options.shard) if self.options.shard else {},
        }
        fuzz = {} if self.options.fuzz_seed is None else {FUZZ: self.options.fuzz_seed}
        return header | {name: value for name, value in options.items() if value} | fuzz

    def _open(self, old: Run | None, cases: dict[str, Case]) -> Run:
        path = self.options.report / "run.jsonl"
        if old is None:
            path.unlink(missing_ok=True)
        run = old or Run(path)
        if old is None:
            self._has_unwritten_settings = False  # the header that ``begin`` writes has them
        run.begin(self._header())
        for case in cases.values():
            run.ask(case, self._places.get(case.id, 0))
        return run

    def _has(self, case: str, target: str) -> bool:
        run = self._recorded()
        key = case, target
        return key in run.faults or key in run.unasked or (key in run.records and run.repeats[key] >= self.times - 1)

    def _check_pool(self, case: str, target: str) -> None:
        if self._pool.wait(0) and not self._has(case, target):
            msg = f"{target} ended without an answer to {case}"
            raise LostError(msg)

    def _deliver(self, answer: Result | Fault) -> list[Case]:
        """Record an answer, and return the target's next calls; note those for which its time does not last."""
        target = answer.target
        with self._writing:
            self._recorded().record(answer)
            for case in self._shares.left(target):
                self._recorded().leave_out(case.id, target, "the time of --fuzz-seconds was over")
        with self._news:
            self._news.notify_all()
        return self._shares.more(target)

    def _recorded(self) -> Run:
        if self.run is None:
            msg = "the run has not begun"
            raise LostError(msg)
        return self.run
