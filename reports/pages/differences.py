"""The page of differences: each fact with the cases that show it, and each new one with its diagnosis."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from reports.judging.behaviours import Accepted
from reports.judging.expectation import wanted
from reports.judging.facts import Fact
from reports.judging.judge import judge
from reports.pages.findings import size
from reports.pages.markdown import cell, markdown, page_of
from reports.pages.reproducer import program
from reports.recording.run import Run
from reports.recording.targets import adapter_of, like, version_of

_SHOWN: Final = 6
"""Cases of one group that a page shows."""
_SEVERAL: Final = 3
"""Operators or diagnoses from which on a title no longer lists them."""


def page(run: Run, wrong: pd.DataFrame, accepted: Accepted) -> str:
    """Return the page. What a fact explains is one group. Other answers are grouped by target and diagnosis."""
    kept = wrong[["follows", "operator", "target", "kind", "diagnosis"]].where(wrong["known"] == "", "")
    keys = [wrong["known"], *(kept[name] for name in kept)]
    groups = [_group(run, rows) for _, rows in wrong.groupby(keys, sort=True)]
    groups.sort(key=lambda group: (bool(group["reason"]), group["title"], -group["cases"]))
    return page_of("differences.md", run, groups=groups, decided=_decided(run, accepted))


def _decided(run: Run, accepted: Accepted) -> list[Fact]:
    """Return the facts that the processor or unwritten memory decides, for the targets and versions that ran."""
    ran = [
        (fact, target) for target in sorted(run.header["targets"]) for fact in accepted.of(target, like(run, target))
    ]
    found = {id(fact): fact for fact, target in ran if _is_unsteady(fact) and fact.holds_in(version_of(run, target))}
    return list(found.values())


def _is_unsteady(fact: Fact) -> bool:
    return fact.reads_processor or fact.varies


def _group(run: Run, rows: pd.DataFrame) -> dict[str, Any]:
    sizes = [size(run.cases[name]) for name in rows["case"]]
    rows = rows.iloc[sorted(range(len(sizes)), key=sizes.__getitem__)]
    first = rows.iloc[0]
    verdict = judge(run, run.cases[first["case"]], first["target"])
    counts = rows["target"].value_counts(sort=False)
    return {
        "title": _title(rows),
        "cases": rows["case"].nunique(),
        "counts": ", ".join(f"{count:,} on {target}" for target, count in sorted(counts.items())),
        "reason": first["known"],
        "link": verdict.fact.link if verdict.fact else "",
        "follows": verdict.follows,
        "was": verdict.fact.fact if verdict.fact and verdict.fails else "",
        "table": _by_case(rows),
        "program": _program(run, first["case"], first["target"]),
    }


def _title(rows: pd.DataFrame) -> str:
    """Return a group's title: the adapter, the operators, and the diagnoses or else the kinds of the differences."""
    adapter = adapter_of(rows["target"].iloc[0])
    operators = sorted(rows["operator"].unique())
    where = ", ".join(operators) if len(operators) < _SEVERAL else "several operators"
    kinds = rows["kind"].where(rows["status"] == "differing", rows["status"])
    found = rows["diagnosis"].replace("", pd.NA).fillna(kinds)
    what = f": {', '.join(sorted(found.unique()))}" if found.nunique() < _SEVERAL else ""
    return f"{adapter}: {where}{what}"


def _by_case(rows: pd.DataFrame) -> str:
    """Return a table of a group's smallest cases: where each differs, the summary and the call."""
    by_case = rows.groupby("case", sort=False).agg(
        on=("target", lambda names: ", ".join(sorted(name.partition("-")[2] for name in names))),
        summary=("summary", "first"),
        call=("call", "first"),
    )
    shown = by_case.head(_SHOWN).reset_index()
    more = f"\n\n...and {len(by_case) - _SHOWN} more, see differences.csv." if len(by_case) > _SHOWN else ""
    return markdown(shown.map(cell)) + more


def _program(run: Run, name: str, target: str) -> str:
    case = run.cases[name]
    if (name, target) not in run.records:
        return ""
    expected = wanted(run, case, target, judge(run, case, target))
    return program(case, run.call(run.records[name, target]), expected)
