"""pytest's item of one case on one target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from cases.model.case import Case
from reports.judging import acceptance
from reports.judging.behaviours import Accepted, behaviour
from reports.judging.verdict import Verdict, expectation, judge, step_expectation, wanted
from reports.pages import determinism
from reports.pages.reproducer import program, small
from reports.recording.messages import in_full
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.session import Session

SESSION = pytest.StashKey[Session]()
ACCEPTED = pytest.StashKey[Accepted]()


class DifferenceError(Exception):
    """A new difference, or a known one that is gone: the message is the whole failure."""


class CaseItem(pytest.Item):
    """One case on one target. Waiting for the answer is set-up: what goes wrong there is ours, and an error."""

    def __init__(self, *, asks: tuple[Case, Target], **rest: Any) -> None:
        super().__init__(**rest)
        self.case, self.target = asks

    def setup(self) -> None:
        """Wait for the answer."""
        self.session_of_run.answer(self.case, str(self.target))

    def runtest(self) -> None:
        """Judge the answer: pass, skip what is unsupported, expect what is known, fail at anything new."""
        run = self.session_of_run.run
        assert run is not None  # noqa: S101 - set-up waited for it
        verdict = judge(run, self.case, str(self.target))
        if varies := determinism.explain(run, self.config.stash[ACCEPTED], self.case, str(self.target)):
            raise DifferenceError(varies)
        if departs := self._departs(run):
            raise DifferenceError(departs)
        self._expect_known(run, verdict)
        if verdict.status == "unsupported":
            pytest.skip(verdict.reason)
        if verdict.difference is not None:
            raise DifferenceError(self._explain(verdict))

    def _expect_known(self, run: Run, verdict: Verdict) -> None:
        """Expect a known difference, or a recorded behaviour; fail where a known difference is gone or another."""
        accepted, target = self.config.stash[ACCEPTED], str(self.target)
        if known := acceptance.known_difference(run, accepted, self.case.id, target, verdict):
            pytest.xfail(f"{known.reason} ({known.link})")
        entry = acceptance.find_known(run, accepted, self.case.id, target, verdict)
        recorded = acceptance.is_recorded(run, accepted, self.case, target)
        if recorded and verdict.difference is not None:
            pytest.xfail(f"{acceptance.RECORDED}: {verdict.difference.summary}")
        gone = verdict.difference is not None or (entry is not None and entry.shown_by == "all")
        if entry is not None and not recorded and gone:
            raise DifferenceError(self._changed(entry.reason, verdict))

    def _departs(self, run: Run) -> str:
        """What a call that has no result did, and what it did before; empty if that is the same or never recorded."""
        target = str(self.target)
        recorded = self.config.stash[ACCEPTED].behaviours.get(target) if not self.case.has_answer else None
        before = recorded.of(self.case.id) if recorded else None
        record = run.records[self.case.id, target]
        if recorded is None or before == (now := behaviour(run, record)):
            return ""
        if before is None and self.case.behaviour and self._is_thinned():
            return ""  # asked with --slow alone
        versions = acceptance.version_of(run, target)
        return (
            f"{target} does otherwise than recorded\n"
            f"now:    {now}  ({self.target.adapter} {versions}{in_full(record)})\n"
            f"before: {before or 'never recorded'}  ({recorded.version})\n"
            f"if that is right: python -m reports record {run.path}, and commit the change\n"
            f"to reproduce, paste into an interpreter:\n{program(self.case, run.call(record))}"
        )

    def _is_thinned(self) -> bool:
        """Whether the target's mode is by default not asked every case."""
        return self.session_of_run.targets[self.target].one_in > 1

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: a traceback through this suite tells nobody anything."""
        if isinstance(excinfo.value, (DifferenceError, pytest.xfail.Exception)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the item comes from."""
        return self.path, None, self.nodeid

    @property
    def session_of_run(self) -> Session:
        """The conformance run that this item is part of."""
        return self.config.stash[SESSION]

    def _changed(self, reason: str, verdict: Verdict) -> str:
        if verdict.difference is None:
            return (
                f"{self.nodeid}: a known difference has vanished ({verdict.status} now). "
                f"Narrow or remove its entry in reports/known/{self.target.adapter}.yaml: {reason}"
            )
        return f"a known difference has changed (it was: {reason})\n\n{self._explain(verdict)}"

    def _explain(self, verdict: Verdict) -> str:
        run = self.session_of_run.run
        assert run is not None and verdict.difference is not None  # noqa: S101, PT018 - there is one to explain
        record = run.records[self.case.id, str(self.target)]
        parts = [
            verdict.difference.summary,
            f"call: {call_line(run.call(record), verdict.step)}",
            f"diagnosis: {verdict.diagnosis or 'none of the known transforms explains it'}",
            *(f"and {later.difference.summary}: {later.diagnosis}" for later in verdict.later if later.difference),
        ]
        if record.kind == "returned":
            parts += _arrays(run, self.case, str(self.target), verdict.step)
        source = program(self.case, run.call(record), wanted(run, self.case, str(self.target)))
        return "\n".join([*parts, "to reproduce, paste into an interpreter:", source])


def _arrays(run: Run, case: Case, target: str, step: str) -> Iterator[str]:
    """What was expected and what came; of a pipeline the tensors of one step."""
    arrays, expected = run.arrays(run.records[case.id, target]), {}
    if step:
        expected = step_expectation(case, arrays, step)
        arrays = {name: arrays[name] for name in expected}
    elif not case.invalid:
        expected = expectation(run, case)
    for name in arrays:
        if name in expected:
            yield f"expected {name}:\n{small(expected[name])}"
        yield f"actual {name}:\n{small(arrays[name])}"
