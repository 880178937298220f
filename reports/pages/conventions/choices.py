"""The page of choices: what targets return where the definition has no single answer, each answer in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.outcome import Crashed, Raised, Returned, Unsupported
from cases.model.case import OPERATORS, Case
from cases.model.fill import fill
from reports.judging.judge import judge
from reports.pages.markdown import cell
from reports.recording.messages import normal
from reports.recording.record import Record, call_line
from reports.recording.run import Run
from reports.recording.targets import ORACLE

Array = npt.NDArray[Any]

BORDERLINE: Final = "borderline"
"""The topic of arguments that some take and some refuse; the page of wrong calls shows these."""
_FEW: Final = 40
"""The largest number of elements of a tensor that is shown. A call with more of them is left out."""
_LEAST: Final = 1e-4
_MOST: Final = 1e15
"""Numbers below and beyond are written with a power of ten."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A call without a single right answer, and who answers what.

    ``call`` is the call as the definition says it. ``inputs`` are the lines of its tensors. ``answers`` has the text of
    each answer and the targets that gave it, the most frequent first.
    """

    name: str
    why: str
    call: str
    inputs: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]


def choices(run: Run, targets: Iterable[str]) -> list[tuple[str, list[Choice]]]:
    """Return the choices of each operator: small valid calls whose result the definition leaves open."""
    names = list(targets)
    return [(operator, found) for operator in OPERATORS if (found := list(_of(run, operator, names)))]


def _of(run: Run, operator: str, targets: list[str]) -> Iterator[Choice]:
    for case in run.cases.values():
        oracle = run.records.get((case.id, ORACLE))
        if case.operator == operator and oracle is not None and _is_small(case):
            answers = tuple(_answers(run, case, targets))
            if answers:
                tensors = tuple(f"{name} {array.shape} = {text(array)}" for name, array in fill(case).items())
                call = call_line(run.call(oracle)).removeprefix("oracle.")
                yield Choice(case.id, case.behaviour or "", call, tensors, answers)


def _is_small(case: Case) -> bool:
    small = all(0 < np.prod(spec.shape) <= _FEW for spec in case.inputs.values())
    return case.behaviour is not None and case.topic != BORDERLINE and small


def _answers(run: Run, case: Case, targets: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the text of each answer, and the targets that gave it, unless a tensor is too large to be shown.

    A target that has no such call, or was not asked it, is left out.
    """
    given: dict[str, list[str]] = {}
    for target in targets:
        record = run.records.get((case.id, target))
        if record is None or isinstance(record.outcome, Unsupported):
            continue
        if isinstance(record.outcome, Returned) and any(a.size > _FEW for a in record.outcome.arrays.values()):
            return
        varies = " (varies)" if judge(run, case, target).may_vary else ""
        given.setdefault(_answer(case.outputs, record) + varies, []).append(target)
    for answer, names in sorted(given.items(), key=lambda item: -len(item[1])):
        yield answer, ", ".join(names)


def _answer(names: Iterable[str], record: Record) -> str:
    match record.outcome:
        case Returned(arrays=arrays):
            return "; ".join(f"{name} {_whole(arrays[name])}" for name in names if name in arrays)
        case Raised(type=type_, message=message):
            return str(cell(f"{type_}: {normal(message)}"))
        case Crashed(signal=signal):
            return f"the process ends: {signal}"
    return str(record.outcome.kind)


def _whole(array: Array) -> str:
    return f"`{array.dtype} {array.shape} {text(array)}`"


def text(array: Array) -> str:
    """Return the elements of a tensor as nested lists without its axes of length 1, zeros with their signs."""
    return _nested(np.squeeze(array))


def _nested(array: Array) -> str:
    if array.ndim:
        return f"[{', '.join(map(_nested, array))}]"
    if array.dtype.kind != "f" or not np.isfinite(array):
        return str(array.item())
    plain = array == 0 or _LEAST <= abs(float(array)) < _MOST
    write = np.format_float_positional if plain else np.format_float_scientific
    number: Any = array[()]
    return write(number, unique=True, trim="-")
