"""The page of wrong calls: in Markdown, and in HTML with cells that open."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cases.model.case import split_id
from reports.pages.markdown import cell, markdown, page_of
from reports.pages.reproducer import program
from reports.pages.shape_errors import cells, clarity
from reports.recording.run import Run

_TO_PASTE: Final = ("accepted", "crashed", "timed out", "out of memory")
"""The words whose cells show a program to paste."""


def page(run: Run, errors: pd.DataFrame) -> str:
    """Return the page in Markdown."""
    operators = [
        (operator, markdown(cells.summary(rows)), markdown(cells.calls(rows).map(cell)))
        for operator, rows in errors.groupby("operator", sort=False)
    ]
    return page_of("shape_errors.md", run, operators=operators, totals=markdown(cells.totals(errors)), **_legend())


def opening(run: Run, errors: pd.DataFrame) -> str:
    """Return the page in HTML with cells that open."""
    operators = [(operator, _details(run, rows)) for operator, rows in errors.groupby("operator", sort=False)]
    return page_of("shape_errors.html", run, operators=operators, totals=cells.totals(errors), **_legend())


def _details(run: Run, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for one operator the rows of the HTML page: each cell has its calls, with full messages and programs."""
    targets = cells.in_order(frame)
    plain = cells.plain_names(targets)
    return [
        {
            "rule": rule,
            "argument": argument,
            "call": call,
            "reason": next(iter(parts.values()))[0]["reason"],
            "cells": [(plain[name], _opened(run, parts[name]) if name in parts else None) for name in targets],
        }
        for (rule, argument, call), parts in cells.entries(frame)
    ]


def _opened(run: Run, rows: list[cells.Row]) -> dict[str, Any]:
    said: dict[Any, list[cells.Row]] = {}
    for row in rows:
        said.setdefault(tuple(row[name] for name in cells.COLUMNS[7:]), []).append(row)
    return {
        "word": rows[0]["cell"],
        "short": cells.alike(rows).replace("*", "").replace(", ", ",\u00a0"),
        "names_argument": " or ".join(sorted({row["names_argument"] for row in rows})),
        "said": [_said(run, several) for several in said.values()],
    }


def _said(run: Run, rows: list[cells.Row]) -> dict[str, Any]:
    first = rows[0]
    record = run.records.get((first["case"], first["target"]))
    source = program(run.cases[first["case"]], run.call(record)) if record and first["cell"] in _TO_PASTE else ""
    return first | {"calls": [split_id(row["case"])[1] for row in rows], "program": source}


def _legend() -> dict[str, Any]:
    return {"words": cells.WORDS, "rule": clarity.RULE}
