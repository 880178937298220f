"""Readings of the tutorial's recipes: where each reading is right and where it goes wrong.

Every cell and every sentence comes from a run's verdicts. Only valid cases count. Cases of special values don't count,
because they ask something else. Cases without elements don't count, because nothing can be wrong in them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from adapters import OURS
from cases.model import shapes
from cases.model.case import Case
from reports.judging.judge import judge
from reports.judging.verdict import Verdict
from reports.pages.tutorial.conditions import Word, condition, sentence
from reports.recording.run import Run
from reports.recording.targets import ORACLE, adapter_of

_OURS: Final = tuple(sorted(OURS - {adapter_of(ORACLE)}))
"""The adapters of the tutorial's recipes: all of the suite's own adapters but the oracle."""
WORDS: Final[dict[str, dict[str, Word]]] = {
    "conv_transpose": {
        "the padding is SAME": lambda case, _: case.padding == "SAME",
        "the stride is 1": lambda _, axis: axis.stride == 1,
        "the stride is 2": lambda _, axis: axis.stride == 2,  # noqa: PLR2004 - as it says
        "the stride is no more than the kernel": lambda _, axis: axis.stride <= axis.kernel,
        "the total padding is even": lambda _, axis: (axis.before + axis.after) % 2 == 0,
        "the full result reaches the image's end": lambda _, axis: axis.full >= axis.image,
        "the image ends stride - 2 elements or more after the full result": (
            lambda _, axis: axis.image - axis.full >= axis.stride - 2
        ),
        "stride x the value's size is no more than image + kernel - 1": (
            lambda _, axis: axis.stride * axis.count < axis.image + axis.kernel
        ),
    },
    "max_unpool": {
        "the padding is SAME": lambda case, _: case.padding == "SAME",
        "the window is as large as the stride": lambda _, axis: axis.kernel == axis.stride,
        "the stride divides the image": lambda _, axis: axis.image % axis.stride == 0,
        "stride x the value's size is the image": lambda _, axis: axis.stride * axis.count == axis.image,
    },
    "avg_unpool": {
        "the padding is SAME": lambda case, _: case.padding == "SAME",
        "the window is no larger than the stride": lambda _, axis: axis.kernel <= axis.stride,
        "there is one window": lambda _, axis: axis.count == 1,
    },
}
"""Operator that the tutorial describes -> words that a condition may use. The page has the simplest exact condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswer:
    """A reading's answer to a case: whether it is right, and if not, the kind of fault and its diagnosis."""

    case: Case
    right: bool
    fault: str
    diagnosis: str


Rows = dict[tuple[str, ...], dict[str, list[CaseAnswer]]]
"""A row's first cells -> a target -> the target's answers to the cases of the row."""
_WITHOUT_JUDGEMENT: Final[frozenset[str]] = frozenset({"unsupported", "unjudged"})
"""Statuses of verdicts that say neither right nor wrong."""


def targets(run: Run) -> list[str]:
    """Return the run's targets that are readings of the tutorial."""
    return sorted(target for target in run.header["targets"] if adapter_of(target) in _OURS)


def answers(run: Run, operator: str, target: str) -> list[CaseAnswer]:
    """Return a reading's judged answers to the cases that count."""
    asked = [case for case in run.cases.values() if case.operator == operator and (case.id, target) in run.records]
    judged = [(case, judge(run, case, target)) for case in asked if _counts(case)]
    return [
        CaseAnswer(
            case=case,
            right=verdict.status == "passed",
            fault=_fault(verdict),
            diagnosis=verdict.diagnosis or (verdict.difference.summary if verdict.difference else ""),
        )
        for case, verdict in judged
        if verdict.status not in _WITHOUT_JUDGEMENT
    ]


def _counts(case: Case) -> bool:
    judged = case.has_answer and case.tier != "special"
    return judged and all(0 not in spec.shape for spec in case.inputs.values())


def _fault(verdict: Verdict) -> str:
    """Return the kind of a fault, without numbers, so that equal kinds can be counted; empty if there is no fault."""
    if verdict.difference is None:
        return ""
    if verdict.status != "differing":
        return re.sub(r":.*", "", verdict.difference.summary)
    if verdict.difference.kind == "shape":
        return "another size"
    first = (verdict.diagnosis or "not explained").partition(" or ")[0]
    return "another window" if first.startswith("window ") else first


def sentences(run: Run, operator: str) -> list[str]:
    """Return a sentence for each reading: when it is right, and the smallest case that it gets wrong."""
    return [_sentence(operator, target, found) for target in targets(run) if (found := answers(run, operator, target))]


def _sentence(operator: str, target: str, found: list[CaseAnswer]) -> str:
    words = WORDS[operator]
    when = sentence(condition([answer.case for answer in found], [answer.right for answer in found], words), words)
    count = sum(answer.right for answer in found)
    text = f"`{target}` is right {when}: {count:,} of {len(found):,} cases."
    wrong = min((answer for answer in found if not answer.right), key=lambda answer: _size(answer.case), default=None)
    return f"{text} The smallest that it gets wrong is `{wrong.case.id}`: {wrong.diagnosis}." if wrong else text


def _size(case: Case) -> tuple[int, str]:
    return sum(axis.image for axis in shapes.axes(case)), case.id


def table(run: Run, operator: str) -> pd.DataFrame:
    """Return a row for each kind of case of one operator: how often each reading is right."""
    names, key = _COLUMNS[operator]
    rows: Rows = {}
    for target in targets(run):
        for answer in answers(run, operator, target):
            rows.setdefault(key(answer.case), {}).setdefault(target, []).append(answer)
    if operator == "conv_transpose":
        names, rows = [*names, "total padding"], _by_parity(rows)
    columns = [target for target in targets(run) if any(target in row for row in rows.values())]
    ordered = sorted(rows.items(), key=lambda row: [(len(word), word) for word in row[0]])  # 2 comes before 11
    cells = [[*row, *(cell(found.get(target, [])) for target in columns)] for row, found in ordered]
    return pd.DataFrame(cells, columns=[*names, *columns])


def _by_parity(rows: Rows) -> Rows:
    """Split rows by the parity of the total padding.

    A row is split only if that leaves fewer targets whose answers in a row are both right and wrong.
    """
    found: Rows = {}
    for key, by_target in rows.items():
        parts = {word: _only(by_target, word) for word in ("even", "odd")}
        if sum(map(_mixed, parts.values())) < _mixed(by_target):
            found |= {(*key, word): part for word, part in parts.items() if part}
        else:
            found[(*key, "")] = by_target
    return found


def _only(by_target: dict[str, list[CaseAnswer]], parity: str) -> dict[str, list[CaseAnswer]]:
    kept = {target: [a for a in found if _parity(a.case) == parity] for target, found in by_target.items()}
    return {target: found for target, found in kept.items() if found}


def _parity(case: Case) -> str:
    """Return ``odd`` if the total padding is odd along an axis, else ``even``."""
    return "odd" if any((axis.before + axis.after) % 2 for axis in shapes.axes(case)) else "even"


def _mixed(by_target: dict[str, list[CaseAnswer]]) -> int:
    """Return the number of targets that have both right and wrong answers."""
    return sum(len({answer.right for answer in found}) > 1 for found in by_target.values())


def cell(found: Iterable[CaseAnswer]) -> str:
    """Return a cell's text: right in all, wrong in all and how, or right in some and how the others are wrong."""
    listed = list(found)
    count, total = sum(answer.right for answer in listed), len(listed)
    if not listed:
        return ""
    if count == total:
        return f"right in all {total}"
    faults = Counter(answer.fault for answer in listed if not answer.right).most_common()
    how = faults[0][0] if len(faults) == 1 else ", ".join(f"{number} {fault}" for fault, number in faults)
    return f"wrong in all {total}: {how}" if count == 0 else f"right in {count} of {total}, else {how}"


def _transposed(case: Case) -> tuple[str, ...]:
    return str(case.padding), _each(shapes.kernel_size(case)), _each(case.strides)


def _each(sizes: tuple[int, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "differs by axis"


def _max_unpooled(case: Case) -> tuple[str, ...]:
    divides = all(axis.image % axis.stride == 0 for axis in shapes.axes(case))
    batch = "1" if case.inputs["value"].shape[0] == 1 else "more"
    return str(case.padding), _window(case), "divides" if divides else "does not", batch


def _window(case: Case) -> str:
    axes = shapes.axes(case)
    if any(axis.kernel > axis.stride for axis in axes):
        return "larger than the stride"
    return "smaller than the stride" if any(axis.kernel < axis.stride for axis in axes) else "as large as the stride"


def _avg_unpooled(case: Case) -> tuple[str, ...]:
    overlap = any(axis.kernel > axis.stride and axis.count > 1 for axis in shapes.axes(case))
    return str(case.padding), _window(case), "overlap" if overlap else "do not"


_COLUMNS: Final[dict[str, tuple[list[str], Callable[[Case], tuple[str, ...]]]]] = {
    "conv_transpose": (["padding", "kernel", "stride"], _transposed),
    "max_unpool": (["padding", "window", "stride and image", "batch"], _max_unpooled),
    "avg_unpool": (["padding", "window", "windows"], _avg_unpooled),
}
"""Operator -> the first columns of its table, and a function from a case to the cells of these columns."""
