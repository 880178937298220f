"""Answers that vary: the same call was made more than once, and ended in different ways or with different bits.

The wording of a message and the time that a call took do not count. Everything is read from the recorded run, which
keeps every repeat that differs in full. All other pages show only the first answers.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

import pandas as pd

from cases.model.case import Case
from cases.model.tolerance import Tolerance
from reports.judging.acceptance import is_known_to_vary
from reports.judging.compare import compare
from reports.judging.judge import judge
from reports.judging.verdict import Verdict
from reports.pages.markdown import cell, markdown, page_of
from reports.pages.reproducer import program
from reports.recording.record import Key, Record, call_line
from reports.recording.run import TIMES, Run

PAGE: Final = "determinism.md"
COLUMNS: Final = ("case", "target", "times", "answers", "varies", "worst", "pass", "known", "call")
_BITS: Final = Tolerance(tier="exact", products=1, dtype="float32")
_NAMED: Final = 5
"""The most answers that the terminal names, and the most groups of equal results that a line counts."""


def pages(run: Run) -> dict[str, str]:
    """Return the pages of a run whose calls were made several times, by file name; none for other runs."""
    if TIMES not in run.header:
        return {}
    vary = table(run)
    shown = vary.assign(worst=vary["worst"].map("{:.3g}".format)).astype(str).map(cell)
    parts = {"times": run.header[TIMES], "counts": markdown(counts(run)), "table": markdown(shown)}
    return {PAGE: page_of(PAGE, run, **parts), "determinism.csv": vary.to_csv(index=False)}


def varying(run: Run) -> list[Key]:
    """Return the cases and targets whose answers vary, in the run's order."""
    return [key for key in run.records if key in run.others]


def table(run: Run) -> pd.DataFrame:
    """Return a row for each answer that varies.

    ``answers`` counts the ends of the call, ``varies`` names the outputs that differ, and ``pass`` tells whether every
    answer would pass. ``worst`` is the largest deviation of an element from the first result; it is infinite where
    there is no such number.
    """
    return pd.DataFrame([_row(run, key) for key in varying(run)], columns=list(COLUMNS))


def _row(run: Run, key: Key) -> dict[str, Any]:
    first, others = run.records[key], run.others[key]
    verdict = _verdict(run, key)
    parts = [part for other in others for part in _parts(run, first, other)]
    return {
        "case": key[0],
        "target": key[1],
        "times": run.repeats[key] + 1,
        "answers": answers(run, key),
        "varies": ", ".join(dict.fromkeys(name for name, _ in parts)),
        "worst": max(worst for _, worst in parts),
        "pass": "yes" if all(one.difference is None for one in (verdict, *verdict.others)) else "no",
        "known": _known(verdict),
        "call": call_line(run.call(first)),
    }


def _verdict(run: Run, key: Key) -> Verdict:
    return judge(run, run.cases[key[0]], key[1])


def _known(verdict: Verdict) -> str:
    """Return the fact that says that the answer varies; "" if there is none."""
    entries = (one.fact for one in (verdict, *verdict.others) if one.fact)
    return next(entries).fact if is_known_to_vary(verdict) else ""


def answers(run: Run, key: Key) -> str:
    """Return the ends of a call, each with its count, the most frequent first.

    Where results differ, the sizes of the groups of equal results follow.
    """
    others = run.others[key]
    alike = [run.records[key]] * (run.repeats[key] + 1 - len(others))
    ends: dict[str, Counter[frozenset[tuple[str, str]]]] = {}
    for record in [*alike, *others]:
        ends.setdefault(record.outcome.end, Counter())[frozenset(record.digests.items())] += 1
    ranked = sorted(ends.items(), key=lambda item: -item[1].total())
    return ", ".join(f"{bits.total()} {how}{_split(bits)}" for how, bits in ranked)


def _split(bits: Counter[frozenset[tuple[str, str]]]) -> str:
    counts = [str(count) for _, count in bits.most_common()]
    rest = ["..."] if len(counts) > _NAMED else []
    return f" (the same bits in {' + '.join(counts[:_NAMED] + rest)})" if len(counts) > 1 else ""


def _parts(run: Run, first: Record, other: Record) -> list[tuple[str, float]]:
    """Return the names of the outputs that differ between two answers, each with the deviation.

    If the two calls ended in different ways, that is the only part.
    """
    if first.outcome.end != other.outcome.end:
        return [("how it ends", math.inf)]
    names = {**first.digests, **other.digests}
    digests = {name: (first.digests.get(name), other.digests.get(name)) for name in names}
    return [(name, _deviation(run, *pair)) for name, pair in digests.items() if pair[0] != pair[1]]


def _deviation(run: Run, first: str | None, other: str | None) -> float:
    if first is None or other is None:
        return math.inf
    difference = compare({"output": run.array(first)}, {"output": run.array(other)}, _BITS)
    if difference is None:
        return 0.0  # only the bits of a NaN differ
    return difference.worst if difference.kind == "value" else math.inf


def explain(run: Run, case: Case, target: str) -> str:
    """Return a message about what varies in a target's answers to a case, with a program."""
    row = _row(run, (case.id, target))
    call = run.call(run.records[case.id, target])
    return (
        f"asked {row['times']} times, {target} answered: {row['answers']}\n"
        f"what varies: {row['varies']}, by up to {row['worst']:.3g}; would each of them pass: {row['pass']}\n"
        f"call: {row['call']}\n"
        f"to reproduce, paste into an interpreter and repeat the call:\n{program(case, call)}"
    )


def counts(run: Run) -> pd.DataFrame:
    """Return a row for each target: the number of its answers, and the number of those that vary."""
    given, vary = (Counter(target for _, target in keys) for keys in (run.records, varying(run)))
    rows = [(target, f"{given[target]:,}", f"{vary[target]:,}") for target in sorted(given)]
    return pd.DataFrame(rows, columns=["target", "answers", "vary"])


def lines(run: Run | None) -> list[str]:
    """Return lines for the terminal: how many answers vary, and the first of those that no fact explains.

    There are none if calls were not repeated.
    """
    if run is None or TIMES not in run.header:
        return []
    keys = varying(run)
    new = [key for key in keys if not is_known_to_vary(_verdict(run, key))]
    named = [f"{case}[{target}]: {answers(run, (case, target))}" for case, target in new[:_NAMED]]
    more = [f"and {len(new) - _NAMED:,} more that vary: see {PAGE}"] if len(new) > _NAMED else []
    total = f"{len(run.records):,} answers, each given {run.header[TIMES]} times"
    return [f"{total}: {len(new):,} vary, and {len(keys) - len(new):,} as known", *named, *more]
