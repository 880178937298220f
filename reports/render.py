"""Tables -> Markdown and CSV. Every page is a pure function of a recorded run and the known differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import tables
from reports.padding import padding
from reports.reproducer import program
from reports.run import Run
from reports.tables import Knowns
from reports.verdict import judge, wanted

_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - Markdown
    keep_trailing_newline=True,
    trim_blocks=True,
)
_CUT: Final = 160
"""Characters of a message that a Markdown cell shows."""
_SHOWN: Final = 12
"""Differences of one group that a page shows."""


def pages(run: Run, knowns: Knowns, *, machine: bool = True) -> dict[str, str]:
    """File name -> text of every report. Without ``machine``, nothing that another processor would round otherwise."""
    frame = tables.results(run, knowns)
    targets = tables.targets_of(run)
    wrong = tables.differences(frame)
    errors = tables.shape_errors(run, targets)
    return {
        "conformance.md": _conformance(run, frame, targets),
        "differences.md": _differences(run, wrong, knowns),
        "differences.csv": wrong.drop(columns=["valid", "of_failing", "of_noted"]).to_csv(index=False),
        "shape_errors.md": _shape_errors(run, errors, targets),
        "shape_errors.csv": errors.to_csv(index=False),
        "agreement.md": _agreement(run, frame, targets, machine=machine),
        "padding.md": _page("padding.md", run, table=markdown(padding(run, targets[:-1]))),
    }


def write(run: Run, knowns: Knowns, folder: Path) -> list[Path]:
    """Write every report of a run into a folder; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in pages(run, knowns).items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def published(run: Run, knowns: Knowns) -> dict[str, str]:
    """The pages that are committed: without what depends on time or machine."""
    return {name: text for name, text in pages(run, knowns, machine=False).items() if name.endswith(".md")}


def _page(name: str, run: Run, **parts: Any) -> str:
    text = _PAGES.get_template(name).render(versions=_versions(run), **parts)
    return text.rstrip() + "\n"


def _versions(run: Run) -> str:
    named = sorted({f"{n} {v}" for facts in run.header["targets"].values() for n, v in facts["versions"].items()})
    return f"Versions: {', '.join(named)}."


def _conformance(run: Run, frame: pd.DataFrame, targets: list[str]) -> str:
    missing = [f"{name}: {why}" for name, why in sorted(run.header.get("missing", {}).items())]
    table = markdown(tables.conformance(frame, targets).reset_index())
    known = bool(((frame["status"] == "differing") & frame["valid"] & (frame["known"] != "")).any())
    return _page("conformance.md", run, table=table, missing=missing, known=known)


def _differences(run: Run, wrong: pd.DataFrame, knowns: Knowns) -> str:
    keys = ["known", "operator", "target", "kind", "diagnosis"]
    groups = [_group(run, rows, knowns) for _, rows in wrong.groupby(keys, sort=True)]
    groups.sort(key=lambda group: (bool(group["reason"]), -group["cases"], group["title"]))
    return _page("differences.md", run, groups=groups)


def _group(run: Run, rows: pd.DataFrame, knowns: Knowns) -> dict[str, Any]:
    first = rows.iloc[0]
    entry = tables.find_known(run, knowns, first["case"], first["target"])
    what = first["diagnosis"] or first["kind"]
    shown = rows.head(_SHOWN)[["case", "summary", "call"]].map(_cell)
    more = f"\n\n...and {len(rows) - _SHOWN} more, see differences.csv." if len(rows) > _SHOWN else ""
    return {
        "title": f"{first['operator']} on {first['target']}: {what}",
        "cases": len(rows),
        "count": f"{len(rows)} case{'s' if len(rows) > 1 else ''}",
        "diagnosis": first["diagnosis"],
        "reason": first["known"],
        "link": entry.link if entry else "",
        "table": markdown(shown) + more,
        "program": _program(run, first["case"], first["target"]),
    }


def _program(run: Run, name: str, target: str) -> str:
    case = run.cases[name]
    return program(case, run.records[name, target].call, wanted(run, case, judge(run, case, target)))


def _shape_errors(run: Run, errors: pd.DataFrame, targets: list[str]) -> str:
    parts = []
    for operator, rows in errors.groupby("operator", sort=False):
        named = rows.assign(case=[case.partition("::")[2] for case in rows["case"]])
        parts.append((operator, markdown(named[["case", "why", *targets]].map(_cell))))
    return _page("shape_errors.md", run, tables=parts)


def _agreement(run: Run, frame: pd.DataFrame, targets: list[str], *, machine: bool) -> str:
    room = tables.headrooms(frame) if machine else pd.DataFrame()
    shown = "" if room.empty else markdown(room, floatfmt=".3f")
    return _page("agreement.md", run, table=markdown(tables.agreement(run, targets)), headroom=shown)


def _cell(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    short = text if len(text) <= _CUT else text[: _CUT - 3] + "..."
    return short.replace("|", "\\|").replace("\n", " ")


def markdown(table: pd.DataFrame, **options: Any) -> str:
    """A table as Markdown, without its index."""
    return table.to_markdown(index=False, disable_numparse=not options, **options) if len(table) else "(none)"
