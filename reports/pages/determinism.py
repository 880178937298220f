"""Answers that vary: calls that were made more than once and did not end alike each time, or not with the same bits.

What a message says is no part of an answer, and neither is the time that it took. Everything is read off the recorded
run, where a repeat that departs is kept in full; all other reports are of the first answers alone.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

import pandas as pd

from cases.model.case import Case
from cases.model.tolerance import Tolerance
from reports.judging.acceptance import known_difference
from reports.judging.behaviours import Accepted
from reports.judging.compare import compare
from reports.judging.known import Known
from reports.judging.verdict import judge_one
from reports.pages.reproducer import program
from reports.recording.record import Key, Record, call_line, end
from reports.recording.run import TIMES, Run

PAGE: Final = "determinism.md"
COLUMNS: Final = ("case", "target", "times", "answers", "varies", "worst", "pass", "known", "call")
_BITS: Final = Tolerance(tier="exact", products=1, dtype="float32")
_NAMED: Final = 5
"""Answers that the terminal names, and groups of results that are counted."""


def varying(run: Run) -> list[Key]:
    """The cases and targets whose answers vary, in the run's order."""
    return [key for key in run.records if key in run.others]


def table(run: Run, accepted: Accepted) -> pd.DataFrame:
    """A row for each answer that varies: how often it was what, what of it differs, and whether each would pass.

    ``worst`` is the largest deviation of an element from the first result; infinite where there is no such number.
    """
    return pd.DataFrame([_row(run, accepted, key) for key in varying(run)], columns=list(COLUMNS))


def _row(run: Run, accepted: Accepted, key: Key) -> dict[str, Any]:
    first, others = run.records[key], run.others[key]
    known = accepted_as(run, accepted, key)
    parts = [part for other in others for part in _parts(run, first, other)]
    verdicts = (judge_one(run, run.cases[key[0]], record) for record in [first, *others])
    return {
        "case": key[0],
        "target": key[1],
        "times": run.repeats[key] + 1,
        "answers": answers(run, key),
        "varies": ", ".join(dict.fromkeys(name for name, _ in parts)),
        "worst": max(worst for _, worst in parts),
        "pass": "yes" if all(verdict.difference is None for verdict in verdicts) else "no",
        "known": known.reason if known else "",
        "call": call_line(run.call(first)),
    }


def answers(run: Run, key: Key) -> str:
    """How often a call ended how, the most frequent end first; where results differ, how many had the same bits."""
    others = run.others[key]
    alike = [run.records[key]] * (run.repeats[key] + 1 - len(others))
    ends: dict[str, Counter[frozenset[tuple[str, str]]]] = {}
    for record in [*alike, *others]:
        ends.setdefault(end(record), Counter())[frozenset(record.arrays.items())] += 1
    ranked = sorted(ends.items(), key=lambda item: -item[1].total())
    return ", ".join(f"{bits.total()} {how}{_split(bits)}" for how, bits in ranked)


def _split(bits: Counter[frozenset[tuple[str, str]]]) -> str:
    counts = [str(count) for _, count in bits.most_common()]
    rest = ["..."] if len(counts) > _NAMED else []
    return f" (the same bits in {' + '.join(counts[:_NAMED] + rest)})" if len(counts) > 1 else ""


def _parts(run: Run, first: Record, other: Record) -> list[tuple[str, float]]:
    """What of two answers differs, and by how much: outputs by their names, or how the call ended."""
    if end(first) != end(other):
        return [("how it ends", math.inf)]
    digests = {name: (first.arrays.get(name), other.arrays.get(name)) for name in {**first.arrays, **other.arrays}}
    return [(name, _deviation(run, *pair)) for name, pair in digests.items() if pair[0] != pair[1]]


def _deviation(run: Run, first: str | None, other: str | None) -> float:
    if first is None or other is None:
        return math.inf
    difference = compare({"output": run.array(first)}, {"output": run.array(other)}, _BITS)
    if difference is None:
        return 0.0  # NaN of other bits
    return difference.worst if difference.kind == "value" else math.inf


def accepted_as(run: Run, accepted: Accepted, key: Key) -> Known | None:
    """The known difference that says of an answer that it varies, if each time it is that or none."""
    case, target = run.cases[key[0]], key[1]
    verdicts = [judge_one(run, case, record) for record in [run.records[key], *run.others.get(key, ())]]
    found = [known_difference(run, accepted, case.id, target, one) for one in verdicts if one.difference]
    return found[0] if found and all(entry and entry.varies for entry in found) else None


def explain(run: Run, accepted: Accepted, case: Case, target: str) -> str:
    """What varies in a target's answers to a case, with a program; empty if nothing does, or that is known."""
    key = case.id, target
    if key not in run.others or accepted_as(run, accepted, key):
        return ""
    row = _row(run, accepted, key)
    return (
        f"asked {row['times']} times, {target} answered: {row['answers']}\n"
        f"what varies: {row['varies']}, by up to {row['worst']:.3g}; would each of them pass: {row['pass']}\n"
        f"call: {row['call']}\n"
        f"to reproduce, paste into an interpreter, call again and again:\n{program(case, run.call(run.records[key]))}"
    )


def counts(run: Run) -> pd.DataFrame:
    """Target -> how many answers it gave, and how many of them vary."""
    given, vary = (Counter(target for _, target in keys) for keys in (run.records, varying(run)))
    rows = [(target, f"{given[target]:,}", f"{vary[target]:,}") for target in sorted(given)]
    return pd.DataFrame(rows, columns=["target", "answers", "vary"])


def lines(run: Run | None, accepted: Accepted) -> list[str]:
    """For the terminal: how many answers vary, and the first of them that nobody accepted; nothing without repeats."""
    if run is None or TIMES not in run.header:
        return []
    keys = varying(run)
    new = [key for key in keys if not accepted_as(run, accepted, key)]
    named = [f"{case}[{target}]: {answers(run, (case, target))}" for case, target in new[:_NAMED]]
    more = [f"and {len(new) - _NAMED:,} more that vary: see {PAGE}"] if len(new) > _NAMED else []
    total = f"{len(run.records):,} answers, each given {run.header[TIMES]} times"
    return [f"{total}: {len(new):,} vary, and {len(keys) - len(new):,} as known", *named, *more]
