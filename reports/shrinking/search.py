"""The search for the smallest call that shows one finding of a run on one target.

A call shows the finding if its answer ends alike: the same kind of end with the same message or diagnosis, and known by
the same fact, or new. Each call is judged in a run of its own, by the code that judges every run.

A pipeline that was one program is cut down to the fewest of its steps in a row that depart too. Of these the kind of
end counts alone, since later steps make other numbers of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from adapters.engine.in_process import ask
from adapters.oracle import Oracle
from adapters.outcome import Fault, Result
from cases.coverage.feasible import build_call
from cases.drawing.entry import entry_of
from cases.drawing.smaller import Fields, smallest
from cases.loading.sizes import BuildError
from cases.model.case import Case, question
from reports.judging.behaviours import Accepted
from reports.judging.ending import ending
from reports.judging.judge import Verdicts, judge
from reports.judging.verdict import Verdict
from reports.recording.run import Run
from reports.recording.targets import ORACLE
from reports.shrinking import programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Answers of a run that ended alike on one target, and the case that shows it with the fewest elements.

    ``end`` is what happened, in the words of a fact. ``fact`` is the fact that explains it; empty if none does.
    """

    case: Case
    target: str
    end: dict[str, Any]
    fact: str
    count: int = 1


@dataclass(slots=True, kw_only=True)
class Witness:
    """The smallest call that shows a finding, with its answer and the verdict on it.

    ``fields`` are those of its entry in a case file; there are none for a pipeline. ``asked`` is the number of calls
    that were tried.
    """

    finding: Finding
    fields: Fields
    run: Run
    case: Case
    verdict: Verdict
    asked: int


@dataclass(kw_only=True)
class Search:
    """The search for one finding's smallest call.

    Send each answer to ``heard``. It returns the next call, or None at the end; ``witness`` then has the smallest call,
    unless the finding's own case did not show it again.
    """

    finding: Finding
    name: str
    header: dict[str, Any]
    accepted: Accepted
    folder: Path
    witness: Witness | None = None
    asked: int = 0
    _fields: Fields = field(default_factory=dict)
    _case: Case | None = None
    _calls: Generator[Fields | Case, bool, Fields | None] | None = None

    def first(self) -> Case | None:
        """Return the finding's case under its new id; None if no entry of a case file gives it."""
        case = self.finding.case
        said = programs.with_literals(case) if case.steps else entry_of(case)
        return None if said is None else self._next(said)

    def heard(self, answer: Result | Fault) -> Case | None:
        """Take in the answer to the last call, and return the next call; None at the end."""
        shows = isinstance(answer, Result) and self._shows(answer)
        if self._calls is None:
            if not shows:
                return None
            case = self.finding.case
            self._calls = programs.shortest(case) if case.steps else smallest(self._fields, self._made)
            return self._advance(self._calls.__next__)
        return self._advance(partial(self._calls.send, shows))

    def _advance(self, call: Callable[[], Fields | Case]) -> Case | None:
        try:
            return self._next(call())
        except StopIteration:
            return None

    def _next(self, said: Fields | Case) -> Case | None:
        if isinstance(said, Case):
            self._fields, self._case = {}, replace(said, id=self.name, about="", source="")
        else:
            self._fields, self._case = said, self._made(said)
        self.asked += 1
        return self._case

    def _made(self, fields: Fields) -> Case | None:
        try:
            made = build_call(self.finding.case.operator, fields)
        except (BuildError, ValidationError, ValueError, ZeroDivisionError, IndexError):
            return None
        return replace(made, id=self.name, about="", source="")

    def _shows(self, result: Result) -> bool:
        """Tell whether an answer shows the finding. If so, it is the smallest one so far."""
        assert self._case is not None  # noqa: S101 - it was asked
        run = self._judged(self._case, result)
        verdict = judge(run, self._case, result.target)
        if verdict.difference is None or not self._is_alike(run, verdict):
            return False
        self.witness = Witness(
            finding=self.finding,
            fields=self._fields,
            run=run,
            case=self._case,
            verdict=verdict,
            asked=self.asked,
        )
        return True

    def _is_alike(self, run: Run, verdict: Verdict) -> bool:
        assert self._case is not None  # noqa: S101 - it was asked
        fact = verdict.fact.fact if verdict.fact else ""
        if self._case.steps:  # the steps behind make another difference of it, in another tensor
            end = ending(run, self._case, self.finding.target, verdict)
            return fact == self.finding.fact and list(end.items())[:1] == list(self.finding.end.items())[:1]
        ends = [
            ending(run, self._case, self.finding.target, replace(verdict, diagnosis=one))
            for one in (verdict.diagnosis or "").split(" or ")
        ]  # a small call may not tell two diagnoses apart
        return fact == self.finding.fact and self.finding.end in ends

    def _judged(self, case: Case, result: Result) -> Run:
        """Return a run of the answer and of the definition's."""
        run = Run(self.folder / f"{self.asked}.jsonl")
        run.begin(self.header)
        run.ask(case)
        oracle = Oracle()
        outcome = ask(oracle, question(case))
        if not isinstance(outcome, str):
            call = "" if case.steps else oracle.call(case)
            run.record(Result(case=case.id, target=ORACLE, outcome=outcome, call=call, seconds=0.0))
        run.record(result)
        run.close()
        run.verdicts = Verdicts(accepted=replace(self.accepted, behaviours={}))  # one case id stands for many calls
        return run
