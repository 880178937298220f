"""Evidence on a claim: one answer that bears the claim out and one that refutes it, both small enough to read."""

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
from reports.pages.tutorial.answer import AnswerFacts, CaseInRun
from reports.pages.tutorial.claims import Finding
from reports.recording.messages import normal
from reports.recording.record import Record, call_line
from reports.recording.run import Run

_WRITTEN: Final = 32
"""The most elements of a tensor that are written out."""
_CUT: Final = 200
"""The most characters of a message or a call that are shown."""
_STEPS: Final = 5
"""The most calls of a pipeline that are shown."""
_DEFINES: Final = ("@", "def ")
_OWN: Final = "cases/document/"
"""The folder of the text's own examples. They are the best evidence."""
_FRAMEWORK: Final = "tensorflow-"
"""The beginning of targets of the framework that the text is about."""


def evidence(run: Run, found: Sequence[Finding], *, supports: bool) -> dict[str, Any] | None:
    """Return the best answer that supports a claim, or that refutes it; None if there is no such answer.

    ``found`` holds the findings on one claim. Answers to the text's own examples come first, then answers of the
    framework that the text is about, then answers to small cases.
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
    """Return a key that sorts the best evidence first."""
    size = sum(abs(math.prod(spec.shape)) for spec in case.inputs.values())
    return not case.id.startswith(_OWN), not target.startswith(_FRAMEWORK), size


def _call(text: str) -> str:
    """Return the framework's call from a call's text.

    A function that the text defines for the call stands before it. Of a long pipeline only some calls are shown.
    """
    lines = text.splitlines()
    calls = [line.removeprefix(CALL) for line in lines if line.startswith(CALL)]
    shown = _shortened(calls) if len(calls) > 1 else [*_defined(lines), call_line(text)]
    return "\n".join(map(_cut, shown))


def _shortened(calls: list[str]) -> list[str]:
    """Return a pipeline's calls. Of many calls only the first ones and the last one are kept."""
    if len(calls) <= _STEPS:
        return calls
    return [*calls[: _STEPS - 1], f"# and {len(calls) - _STEPS} more calls", calls[-1]]


def _defined(lines: list[str]) -> list[str]:
    """Return the lines that define the function that is called; none if the text defines no function."""
    from_definition = itertools.dropwhile(lambda line: not line.startswith(_DEFINES), lines)
    return [line for line in itertools.takewhile(lambda line: not line.startswith(CALL), from_definition) if line]


def _came(run: Run, finding: Finding, record: Record) -> Iterator[str]:
    """Yield a line for each tensor that the claim is about, inputs first, and for each tensor compared with these."""
    asked = CaseInRun(run, run.cases[record.case])
    answer = AnswerFacts(asked, record)
    inputs = () if asked.case.given else tuple(asked.case.inputs)
    names = finding.claim.tensors or (*inputs, *outputs(record.digests))
    known = {*record.digests, *inputs}
    for name in sorted(known.intersection(names), key=lambda name: (name in record.digests, names.index(name))):
        yield f"{name} {_text(answer.tensor(name))}"
    answer.holds(finding.claim.expression)
    for name, other in answer.compared:
        array = asked.output(other) if isinstance(other, str) else other
        yield f"{name} {'none' if array is None else _text(array)}"
    yield from _failure(record)


def _failure(record: Record) -> Iterator[str]:
    """Yield a line that says how a call ended, unless it returned."""
    match record.outcome:
        case Raised(type=name, message=message):
            yield _cut(f"{name}: {normal(message)}")
        case Crashed():
            yield f"the process ended: {record.outcome.end.removeprefix('crashed: ')}"
        case TimedOut():
            yield "no answer within the limit"


def _text(array: npt.NDArray[Any]) -> str:
    """Return a tensor as text: dtype and shape, and the elements without axes of length 1 if there are few.

    A tensor without axes is written as a plain number.
    """
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
    """Return the parts of the page's template that the findings ``found`` make."""
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
    """Return one claim's section: its verdicts, and an answer on each side if there is one."""
    claim = found[0].claim
    sides = {title: evidence(run, found, supports=supports) for title, supports in _SIDES}
    return {
        **claim.model_dump(include={"name", "statement", "at", "refuted_by"}),
        "instead": "" if claims.overall(found) == "holds" else claim.instead,
        "verdicts": claims.verdicts(found),
        "evidence": {title: answer for title, answer in sides.items() if answer},
    }
