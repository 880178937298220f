"""Tables of what targets do with calls that are wrong or have no right answer. One word sums up each answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

import pandas as pd

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported, is_native
from cases.loading.entries import Refusal
from cases.model.case import ARGUMENTS, OPERATORS, Broken, Case, split_id
from reports.judging.judge import judge
from reports.pages.shape_errors.clarity import conflict, is_clear
from reports.recording.messages import last_words, normal
from reports.recording.run import Run

WORDS: Final = {
    "clear": "an error at once that says what is wrong",
    "misleading": "an error at once that does not say what is wrong",
    "late": "an error, clear or not, only when the call's program is built or run, or when the result is read",
    "out of memory": "an error that says only that there is not enough memory",
    "accepted": "no error; the brackets give the shape of the result",
    "crashed": "the process died; the signal follows",
    "timed out": "no answer within the time limit",
    "unsupported": "the framework has no argument for this, so the call was not made",
    "not reached": "an error in the preparation of the call, so the framework did not refuse the call itself",
    "returned": "no right answer exists, and the call returned a result of this shape",
    "refused": "no right answer exists, and the call ended with an error",
    "not asked": "the framework does not survive the call, so the call was not made",
    "unjudged": "a fault of the test suite itself, so there is no answer",
}
"""The words of the cells, each with its meaning."""
Row = dict[Any, Any]
"""One row of ``cells``."""
Entry = tuple[tuple[str, str, str], dict[str, list[Row]]]
COLUMNS: Final = (
    *("case", "operator", "rule", "argument", "reason", "target"),
    *("cell", "stage", "type", "names_argument", "shape", "message", "follows"),
)
_RULES: Final = get_args(Refusal.model_fields["rule"].annotation)
BEHAVIOUR: Final = "no right answer"
"""The text in place of a rule for a call that breaks none."""
_LATE: Final = ("building", "running", "reading")
_MEMORY: Final = re.compile(
    r"\bMemoryError|OutOfMemory|ResourceExhausted|RESOURCE_EXHAUSTED|OOM when allocating|bad_alloc|[Oo]ut of memory"
    r"|([Cc]an't|[Cc]annot|[Uu]nable to|[Ff]ailed to) allocate"
)
_FEW: Final = 16
"""The most elements of a result that are written out."""


def cells(run: Run, targets: Sequence[str]) -> pd.DataFrame:
    """Return a row for each call without a right answer and each target that has an answer or a reason for none."""
    asked = [(case, case.broken if case.invalid else None) for case in run.cases.values() if not case.has_answer]
    asked.sort(key=lambda pair: _place(*pair))
    rows = (_rows(run, case, fault, targets) for case, fault in asked)
    return pd.DataFrame([row for several in rows for row in several], columns=list(COLUMNS))


def _place(case: Case, fault: Broken | None) -> tuple[int, ...]:
    """Return a case's sort key: its operator, then its rule in the order of checks, then its argument.

    A case that breaks no rule comes last of its operator.
    """
    operator = OPERATORS.index(case.operator)
    if fault is None:
        return operator, len(_RULES) + 1, 0
    arguments = (*case.inputs, "kernel", *ARGUMENTS)
    return operator, _index(_RULES, fault.rule), _index(arguments, fault.argument)


def _index(words: Sequence[str], word: str) -> int:
    """Return the position of a word; the number of words if it is not among them."""
    return words.index(word) if word in words else len(words)


def _rows(run: Run, case: Case, fault: Broken | None, targets: Sequence[str]) -> list[dict[str, Any]]:
    facts = {"case": case.id, "operator": case.operator, "rule": fault.rule if fault else BEHAVIOUR}
    facts |= {"argument": fault.argument if fault else "", "reason": case.invalid or case.behaviour or ""}
    return [facts | {"target": target} | _cell(run, case, target) for target in targets if _has(run, case, target)]


def _has(run: Run, case: Case, target: str) -> bool:
    return any((case.id, target) in answers for answers in (run.records, run.unasked, run.faults))


def _cell(run: Run, case: Case, target: str) -> dict[str, str]:
    verdict = judge(run, case, target)
    row = dict.fromkeys(COLUMNS[6:], "")
    record = run.records.get((case.id, target))
    row |= _said(case, record.outcome) if record else {"cell": verdict.status, "message": verdict.reason}
    if verdict.fails:
        row |= {"follows": verdict.follows, "message": "; ".join(filter(None, (verdict.note, row["message"])))}
    return row


def _said(case: Case, outcome: Outcome) -> dict[str, str]:
    match outcome:
        case Raised(type=name, message=message, stage=stage):
            clear = _is_clear(case, message)
            named = "" if case.invalid is None else "yes" if clear else "no"
            word = _error(case, outcome, clear=clear)
            return {"cell": word, "stage": stage, "type": name, "message": normal(message), "names_argument": named}
        case Returned(arrays=arrays):
            return {"cell": "accepted" if case.invalid else "returned"} | _arrays(case, arrays)
        case Crashed(signal=signal, stderr=stderr):
            return {"cell": "crashed", "type": signal, "message": last_words(stderr)}
        case TimedOut():
            return {"cell": outcome.end}
        case Unsupported(reason=reason):
            return {"cell": "unsupported", "message": normal(reason)}


def _is_clear(case: Case, message: str) -> bool:
    fault = case.broken if case.invalid else None
    return fault is not None and is_clear(message, fault, conflict(case, fault))


def _error(case: Case, outcome: Raised, *, clear: bool) -> str:
    if _MEMORY.search(f"{outcome.type}: {outcome.message}"):
        return "out of memory"
    if outcome.stage == "preparing":
        return "not reached"
    if case.invalid is None:
        return "refused"
    return "late" if outcome.stage in _LATE else "clear" if clear else "misleading"


def _arrays(case: Case, returned: Mapping[str, Any]) -> dict[str, str]:
    """Return the shapes that came back, and the elements of small results.

    The elements of a wrong call's result are left out, because they may be anything.
    """
    arrays = {name: array for name, array in returned.items() if not is_native(name)}
    small = {name: array for name, array in arrays.items() if case.behaviour and 0 < array.size <= _FEW}
    return {
        "shape": "; ".join(dict.fromkeys(str(array.shape) for array in arrays.values())),
        "message": "; ".join(f"{name} = {array.ravel().tolist()}" for name, array in small.items()),
    }


def short(row: Row) -> str:
    """Return the text of a cell in a table: the word, the shape or the signal, and a mark if it fails the run."""
    mark = f"**{row['follows']}**: " if row["follows"] else ""
    match row["cell"]:
        case "accepted" | "returned" as word:
            return f"{mark}{word} {row['shape']}"
        case "crashed":
            return f"{mark}**crashed** {row['type']}"
        case word:
            return f"{mark}{word}"


def counts(frame: pd.DataFrame) -> dict[str, Counter[str]]:
    """Return target -> word -> the number of wrong calls with this word. Calls that break no rule are left out."""
    wrong = frame[frame["rule"] != BEHAVIOUR]
    return {target: Counter(wrong.loc[wrong["target"] == target, "cell"]) for target in in_order(frame)}


def totals(frame: pd.DataFrame) -> pd.DataFrame:
    """Return word x target: the number of wrong calls with this word."""
    found, targets = counts(frame), in_order(frame)
    said = [word for word in WORDS if any(found[target][word] for target in targets)]
    rows = [[word, *(found[target][word] for target in targets)] for word in said]
    return pd.DataFrame(rows, columns=["cell", *plain_names(targets).values()])


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return for one operator a row for each rule and argument: for each target, how often it has each word."""
    rows = {
        (rule, argument): {target: counted(part["cell"]) for target, part in rows.groupby("target")}
        for (rule, argument), rows in frame.groupby(["rule", "argument"], sort=False)
    }
    return _wide(rows, ["rule", "argument"], in_order(frame))


def counted(words: Iterable[str]) -> str:
    """Return each word with its count, such as "12 clear, 3 late"."""
    counts = Counter(words)
    return ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])


def entries(frame: pd.DataFrame) -> list[Entry]:
    """Return for one operator the rows of its table: (rule, argument, calls), and the cells of each target.

    Calls share a row if they have the same file, rule, argument and reason and the same words on every target.
    """
    by_case: dict[str, list[Row]] = {}
    for row in frame.to_dict("records"):
        by_case.setdefault(row["case"], []).append(row)
    found: dict[Any, list[str]] = {}
    for case, rows in by_case.items():
        words = tuple((row["target"], short(row).partition(" (")[0]) for row in rows)
        key = *(rows[0][name] for name in ("rule", "argument", "reason")), split_id(case)[0], words
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
    """Return the names of the calls of a row: first the part that all share, then in brackets the parts that differ."""
    names = [split_id(case)[1].split("-") for case in cases]
    common = 0
    while len(names) > 1 and len({tuple(name[: common + 1]) for name in names}) == 1:
        common += 1
    if len(names) == 1 or not common:
        return ", ".join("-".join(name) for name in names)
    rest = ", ".join("-".join(name[common:]) or "plain" for name in names)
    return f"{'-'.join(names[0][:common])} ({rest})"


def calls(frame: pd.DataFrame) -> pd.DataFrame:
    """Return for one operator a table of its rows: one word for what each target did."""
    rows = {key: {target: alike(part) for target, part in parts.items()} for key, parts in entries(frame)}
    return _wide(rows, ["rule", "argument", "call"], in_order(frame))


def alike(rows: Iterable[Row]) -> str:
    """Return one text for cells of one word: the word once, and then each shape."""
    first, *rest = dict.fromkeys(map(short, rows))
    return " ".join([first, *(text[text.index("(") :] for text in rest)])


def _wide(rows: dict[Any, dict[Any, str]], names: list[str], targets: Sequence[str]) -> pd.DataFrame:
    """Return a table with a column for each target. Targets that say the same in every row share a column."""
    columns: dict[tuple[str, ...], list[str]] = {}
    for target in targets:
        columns.setdefault(tuple(cells.get(target, "") for cells in rows.values()), []).append(target)
    plain = plain_names(targets)
    table = pd.DataFrame(list(rows), columns=names)
    for texts, sharing in columns.items():
        table[" = ".join(plain[target] for target in sharing)] = list(texts)
    return table


def in_order(frame: pd.DataFrame) -> list[str]:
    """Return the targets of a frame of cells, sorted."""
    return sorted(frame["target"].unique())


def plain_names(targets: Sequence[str]) -> dict[str, str]:
    """Return the name of each target on the page: without its device if all targets have the same device."""
    several = len({target.rpartition("-")[2] for target in targets}) > 1
    return {target: target if several else target.rpartition("-")[0] for target in targets}
