"""One answer that bears a claim out and one that refutes it, small enough to read."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.outcome import Crashed, Raised, TimedOut
from adapters.program import CALL
from cases.loading.claims import Undecidable
from cases.model.case import Case
from reports.judging.compare import outputs
from reports.pages.tutorial import claims
from reports.pages.tutorial.answer import Answer, Question
from reports.pages.tutorial.claims import Finding
from reports.recording.messages import normal
from reports.recording.record import Record, call_line
from reports.recording.run import Run

_WRITTEN: Final = 32
"""Elements of a tensor that are written out."""
_CUT: Final = 200
"""Characters of a message or a call that are shown."""
_STEPS: Final = 5
"""Calls of a pipeline that are shown."""
_DEFINES: Final = ("@", "def ")
_OWN: Final = "cases/document/"
"""Where the text's own examples are, which show a thing best."""
_FRAMEWORK: Final = "tensorflow-"
"""The targets of the framework that the text is about."""


def evidence(run: Run, found: Sequence[Finding], *, supports: bool) -> dict[str, Any] | None:
    """The smallest answer to one of the text's own examples, or else to any case, that decides in this way.

    ``found`` are the findings on one claim.
    """
    answers = [
        (run.cases[case], finding)
        for finding in found
        for case in (finding.supporting if supports else finding.refuting)
    ]
    if not answers:
        return None
    case, finding = min(answers, key=lambda answer: _weight(answer[0], answer[1].target))
    record = run.records[case.id, finding.target]
    call = _call(run.call(record))
    return {"case": case.id, "target": finding.target, "call": call, "came": list(_came(run, finding, record))}


def _weight(case: Case, target: str) -> tuple[bool, bool, int]:
    """The text's own examples come first, then the framework that it is about, then what is small."""
    size = sum(abs(math.prod(spec.shape)) for spec in case.inputs.values())
    return not case.id.startswith(_OWN), not target.startswith(_FRAMEWORK), size


def _call(text: str) -> str:
    """The framework's call; where a function is made of it, with that function; of a pipeline those of some steps."""
    lines = text.splitlines()
    calls = [line.removeprefix(CALL) for line in lines if line.startswith(CALL)]
    if len(calls) > _STEPS:
        calls = [*calls[: _STEPS - 1], f"# and {len(calls) - _STEPS} more calls", calls[-1]]
    if len(calls) > 1:
        return "\n".join(map(_cut, calls))
    start = next((number for number, line in enumerate(lines) if line.startswith(_DEFINES)), len(lines))
    defined = [line for line in itertools.takewhile(lambda line: not line.startswith(CALL), lines[start:]) if line]
    return "\n".join(map(_cut, [*defined, call_line(text)]))


def _came(run: Run, finding: Finding, record: Record) -> Iterator[str]:
    """A line for each tensor that the claim is about, inputs first, and for what each was compared with."""
    question = Question(run, run.cases[record.case])
    answer = Answer(question, record)
    inputs = () if question.case.given else tuple(question.case.inputs)
    names = finding.claim.tensors or (*inputs, *outputs(record.digests))
    known = {*record.digests, *inputs}
    for name in sorted(known.intersection(names), key=lambda name: (name in record.digests, names.index(name))):
        yield f"{name} {_text(answer.tensor(name))}"
    answer.holds(finding.claim.expression)
    for name, other in answer.compared:
        array = question.output(other) if isinstance(other, str) else other
        yield f"{name} {'none' if array is None else _text(array)}"
    yield from _failure(record)


def _failure(record: Record) -> Iterator[str]:
    match record.outcome:
        case Raised(type=name, message=message):
            yield _cut(f"{name}: {normal(message)}")
        case Crashed():
            yield f"the process ended: {record.outcome.end.removeprefix('crashed: ')}"
        case TimedOut():
            yield "no answer within the limit"


def _text(array: npt.NDArray[Any]) -> str:
    """A tensor's dtype and shape, and its elements if they are few, without the axes of length 1; a number as such."""
    if not array.ndim:
        return f"{array:.2f}"
    head = f"{array.dtype} {array.shape}"
    return f"{head}: {_numbers(np.squeeze(array))}" if array.size <= _WRITTEN else head


def _numbers(array: npt.NDArray[Any]) -> str:
    return f"{array.item():.12g}" if array.ndim == 0 else f"[{', '.join(map(_numbers, array))}]"


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[: _CUT - 3]}..."


_SIDES: Final = (("Bears it out", True), ("Refutes it", False))


def review(run: Run, found: Sequence[Finding], undecidable: Sequence[Undecidable]) -> dict[str, Any]:
    """The parts of the page that ``found`` makes, by the names that its template has for them."""
    parts = [several for _, several in claims.by_claim(found)]
    table = claims.table(found)
    table["claim"] = [f"[{name}](#{name})" for name in table["claim"]]
    return {
        "total": len(parts),
        "counts": Counter(claims.overall(several) for several in parts),
        "table": table,
        "claims": [_section(run, several) for several in parts],
        "undecidable": undecidable,
    }


def _section(run: Run, found: Sequence[Finding]) -> dict[str, Any]:
    """One claim: the verdicts, and an answer on either side as far as there is one."""
    claim = found[0].claim
    sides = {title: evidence(run, found, supports=supports) for title, supports in _SIDES}
    return {
        **claim.model_dump(include={"name", "statement", "at", "refuted_by"}),
        "instead": "" if claims.overall(found) == "holds" else claim.instead,
        "verdicts": claims.verdicts(found),
        "evidence": {title: answer for title, answer in sides.items() if answer},
    }
