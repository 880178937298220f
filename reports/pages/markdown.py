"""A template and its parts -> a page; a table -> Markdown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from reports.judging.judge import judged
from reports.recording.run import Run

_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CUT: Final = 160
"""Characters of a message that a Markdown cell shows."""


def page(name: str, **parts: Any) -> str:
    """A template of ``templates/``, filled in."""
    return _PAGES.get_template(name).render(**parts).rstrip() + "\n"


def page_of(name: str, run: Run, **parts: Any) -> str:
    """A template of ``templates/``, filled in, with the versions of a run."""
    return page(name, versions=_versions(run), **parts)


def _versions(run: Run) -> str:
    named = sorted({f"{n} {v}" for facts in run.header["targets"].values() for n, v in facts["versions"].items()})
    return f"Versions: {', '.join(named)}.{_failing(run)}"


def _failing(run: Run) -> str:
    """Return how many answers fail the run, for every page; nothing if none does."""
    counts = Counter(verdict.follows for _, _, verdict in judged(run) if verdict.fails)
    parts = ", ".join(f"{count:,} {follows}" for follows, count in sorted(counts.items()))
    return f"\n\nTHIS RUN FAILS: of its answers are {parts}; differences.md has each of them." if parts else ""


def cell(text: Any) -> Any:
    """A text as it stands in a table's cell: cut, on one line; anything else as it is."""
    if not isinstance(text, str):
        return text
    short = text if len(text) <= _CUT else text[: _CUT - 3] + "..."
    return short.replace("|", "\\|").replace("\n", " ")


def markdown(table: pd.DataFrame, **options: Any) -> str:
    """A table as Markdown, without its index."""
    return table.to_markdown(index=False, disable_numparse=not options, **options) if len(table) else "(none)"


_PAGES.filters["markdown"] = markdown
