"""What targets do with calls that are wrong or have no right answer: a word for each, and tables of the words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, get_args

import pandas as pd

from cases.loading.entries import Refusal
from cases.model.case import ARGUMENTS, OPERATORS, Broken, Case
from reports.pages.shape_errors.clarity import conflict, is_clear
from reports.recording.messages import last_words, normal
from reports.recording.record import Record
from reports.recording.run import Run

WORDS: Final = {
    "clear": "an error, at once, that says what is wrong",
    "misleading": "an error, at once, that doesn't",
    "late": "an error only after a program was made of the call, or on reading the result, clear or not",
    "out of memory": "an error that says that memory is short, and nothing of the call",
    "accepted": "no error; in brackets the shape that came back",
    "crashed": "the process died; the signal",
    "timed out": "no answer within the limit",
    "unsupported": "the framework has no argument to say this with, so it was not asked",
    "not reached": "an error before the call itself, in what leads up to it: the framework refused nothing",
    "returned": "no right answer exists, and this shape came back",
    "refused": "no right answer exists, and an error came",
}
"""What a cell can say, and what it means."""
Row = dict[Any, Any]
"""One row of ``cells``."""
Entry = tuple[tuple[str, str, str], dict[str, list[Row]]]
COLUMNS: Final = (
    *("case", "operator", "rule", "argument", "reason", "target"),
    *("cell", "stage", "type", "names_argument", "shape", "message"),
)
_RULES: Final = get_args(Refusal.model_fields["rule"].annotation)
BEHAVIOUR: Final = "no right answer"
"""What stands for the rule where a call breaks none."""
_LATE: Final = ("building", "running", "reading")
_MEMORY: Final = re.compile(
    r"\bMemoryError|OutOfMemory|ResourceExhausted|RESOURCE_EXHAUSTED|OOM when allocating|bad_alloc|[Oo]ut of memory"
    r"|([Cc]an't|[Cc]annot|[Uu]nable to|[Ff]ailed to) allocate"
)
_FEW: Final = 16
"""Elements of a result that are written out."""


def cells(run: Run, targets: Sequence[str]) -> pd.DataFrame:
    """A row for each call without a result and each target that was asked it."""
    asked = [(case, case.broken if case.invalid else None) for case in run.cases.values() if not case.has_answer]
    asked.sort(key=lambda pair: _place(*pair))
    rows = (_rows(run, case, fault, targets) for case, fault in asked)
    return pd.DataFrame([row for several in rows for row in several], columns=list(COLUMNS))


def _place(case: Case, fault: Broken | None) -> tuple[int, ...]:
    """Operators as everywhere, rules as they are checked, and last what breaks none."""
    operator = OPERATORS.index(case.operator)
    if fault is None:
        return operator, len(_RULES) + 1, 0
    arguments = (*case.inputs, "kernel", *ARGUMENTS)
    return operator, _index(_RULES, fault.rule), _index(arguments, fault.argument)


def _index(words: Sequence[str], word: str) -> int:
    """Where a word stands; behind all others if it doesn't."""
    return words.index(word) if word in words else len(words)


def _rows(run: Run, case: Case, fault: Broken | None, targets: Sequence[str]) -> list[dict[str, Any]]:
    facts = {"case": case.id, "operator": case.operator, "rule": fault.rule if fault else BEHAVIOUR}
    facts |= {"argument": fault.argument if fault else "", "reason": _reason(case)}
    dtypes = conflict(case, fault) if fault else ()
    rows = []
    for target in targets:
        if (record := run.records.get((case.id, target))) is not None:
            says = record.kind == "raised" and fault and is_clear(record.fields["message"], fault, dtypes)
            rows.append(facts | {"target": target} | _cell(run, case, record, clear=bool(says)))
    return rows


def _reason(case: Case) -> str:
    return case.invalid or case.behaviour or ""


def _cell(run: Run, case: Case, record: Record, *, clear: bool) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS[6:], "")
    fields = record.fields
    match record.kind:
        case "raised":
            row |= {"stage": fields["stage"], "type": fields["type"], "message": normal(fields["message"])}
            row |= {"names_argument": ("yes" if clear else "no") if case.invalid else ""}
            row["cell"] = _error(fields, case, clear=clear)
        case "returned":
            row |= {"cell": "accepted" if case.invalid else "returned"} | _arrays(run, case, record)
        case "crashed":
            row |= {"cell": "crashed", "type": fields["signal"], "message": last_words(fields["stderr"])}
        case "timed_out":
            row["cell"] = "timed out"
        case _:
            row |= {"cell": "unsupported", "message": normal(fields["reason"])}
    return row


def _error(fields: dict[str, Any], case: Case, *, clear: bool) -> str:
    if _MEMORY.search(f"{fields['type']}: {fields['message']}"):
        return "out of memory"
    if fields["stage"] == "preparing":
        return "not reached"
    if case.invalid is None:
        return "refused"
    return "late" if fields["stage"] in _LATE else "clear" if clear else "misleading"


def _arrays(run: Run, case: Case, record: Record) -> dict[str, str]:
    """The shapes that came back, and the elements of small results: those of a wrong call may be anything."""
    arrays = {name: array for name, array in run.arrays(record).items() if not name.startswith("native_")}
    small = {name: array for name, array in arrays.items() if case.behaviour and 0 < array.size <= _FEW}
    return {
        "shape": "; ".join(dict.fromkeys(str(array.shape) for array in arrays.values())),
        "message": "; ".join(f"{name} = {array.ravel().tolist()}" for name, array in small.items()),
    }


def short(row: Row) -> str:
    """A cell as it stands in a table: the word, and the shape or the signal."""
    match row["cell"]:
        case "accepted" | "returned" as word:
            return f"{word} {row['shape']}"
        case "crashed":
            return f"**crashed** {row['type']}"
        case word:
            return str(word)


def totals(frame: pd.DataFrame) -> pd.DataFrame:
    """Word x target: how many wrong calls end so; those without a right answer are left out."""
    targets, frame = in_order(frame), frame[frame["rule"] != BEHAVIOUR]
    counts, said = Counter(zip(frame["cell"], frame["target"], strict=True)), set(frame["cell"])
    rows = [[word, *(counts[word, target] for target in targets)] for word in WORDS if word in said]
    return pd.DataFrame(rows, columns=["cell", *plain_names(targets).values()])


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """For one operator, a row for each rule and argument: how many of its cells say what, for each target."""
    rows = {
        (rule, argument): {target: counted(part["cell"]) for target, part in rows.groupby("target")}
        for (rule, argument), rows in frame.groupby(["rule", "argument"], sort=False)
    }
    return _wide(rows, ["rule", "argument"], in_order(frame))


def counted(words: Iterable[str]) -> str:
    """12 clear, 3 late: the words and how often each is said."""
    counts = Counter(words)
    return ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])


def entries(frame: pd.DataFrame) -> list[Entry]:
    """For one operator, (rule, argument, calls) and each target's cells; calls that fare alike stand in one row.

    The calls of one entry of a case file have the file, the reason and the beginning of their names in common.
    """
    by_case: dict[str, list[Row]] = {}
    for row in frame.to_dict("records"):
        by_case.setdefault(row["case"], []).append(row)
    found: dict[Any, list[str]] = {}
    for case, rows in by_case.items():
        words = tuple((row["target"], short(row).partition(" (")[0]) for row in rows)
        key = *(rows[0][name] for name in ("rule", "argument", "reason")), case.partition("::")[0], words
        found.setdefault(key, []).append(case)
    return [
        ((rule, argument, named(cases)), _by_target(row for case in cases for row in by_case[case]))
        for (rule, argument, *_), cases in found.items()
    ]


def _by_target(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["target"], []).append(row)
    return found


def named(cases: Sequence[str]) -> str:
    """The calls of an entry by name: what they have in common, and in brackets in what they differ."""
    names = [case.partition("::")[2].split("-") for case in cases]
    common = 0
    while len(names) > 1 and len({tuple(name[: common + 1]) for name in names}) == 1:
        common += 1
    if len(names) == 1 or not common:
        return ", ".join("-".join(name) for name in names)
    rest = ", ".join("-".join(name[common:]) or "plain" for name in names)
    return f"{'-'.join(names[0][:common])} ({rest})"


def calls(frame: pd.DataFrame) -> pd.DataFrame:
    """For one operator, a row for each entry of its case files: what each target did, in a word."""
    rows = {key: {target: alike(part) for target, part in parts.items()} for key, parts in entries(frame)}
    return _wide(rows, ["rule", "argument", "call"], in_order(frame))


def alike(rows: Iterable[Row]) -> str:
    """Cells of one word: it is said once, and then each shape."""
    first, *rest = dict.fromkeys(map(short, rows))
    return " ".join([first, *(text[text.index("(") :] for text in rest)])


def _wide(rows: dict[Any, dict[Any, str]], names: list[str], targets: Sequence[str]) -> pd.DataFrame:
    """A column for each target; those that say the same in every row share one."""
    columns: dict[tuple[str, ...], list[str]] = {}
    for target in targets:
        columns.setdefault(tuple(cells.get(target, "") for cells in rows.values()), []).append(target)
    plain = plain_names(targets)
    table = pd.DataFrame(list(rows), columns=names)
    for texts, sharing in columns.items():
        table[" = ".join(plain[target] for target in sharing)] = list(texts)
    return table


def in_order(frame: pd.DataFrame) -> list[str]:
    """The targets of some cells."""
    return sorted(frame["target"].unique())


def plain_names(targets: Sequence[str]) -> dict[str, str]:
    """Targets without their device, where all have one."""
    several = len({target.rpartition("-")[2] for target in targets}) > 1
    return {target: target if several else target.rpartition("-")[0] for target in targets}
