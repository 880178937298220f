"""Pages from templates, and Markdown from tables."""

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
_PROBLEMS: Final = 5
"""The largest number of problems that a page lists."""
_CUT: Final = 160
"""The most characters that a Markdown cell shows."""


def page(name: str, **parts: Any) -> str:
    """Return the page that a template of ``templates/`` makes of these parts."""
    return _PAGES.get_template(name).render(**parts).rstrip() + "\n"


def page_of(name: str, run: Run, **parts: Any) -> str:
    """Return the page that a template of ``templates/`` makes of these parts and the versions of a run."""
    return page(name, versions=_versions(run), **parts)


def _versions(run: Run) -> str:
    named = sorted({f"{n} {v}" for facts in run.header["targets"].values() for n, v in facts["versions"].items()})
    return f"Versions: {', '.join(named)}.{_failing(run)}"


def _failing(run: Run) -> str:
    """Return for every page what fails the run: how many answers, and what else; nothing if it does not fail."""
    counts = Counter(verdict.follows for _, _, verdict in judged(run) if verdict.fails)
    parts = ", ".join(f"{count:,} {follows}" for follows, count in sorted(counts.items()))
    answers = f"\n\nTHIS RUN FAILS: of its answers are {parts}; differences.md has each of them." if parts else ""
    problems = (run.footer or {}).get("problems", [])
    more = f"; and {len(problems) - _PROBLEMS:,} more" if len(problems) > _PROBLEMS else ""
    return answers + (f"\n\nTHIS RUN FAILS: {'; '.join(problems[:_PROBLEMS])}{more}." if problems else "")


def cell(text: Any) -> Any:
    """Return a text as a table's cell shows it: cut short and on one line. Return any other value unchanged."""
    if not isinstance(text, str):
        return text
    short = text if len(text) <= _CUT else text[: _CUT - 3] + "..."
    return plain(short.replace("|", "\\|").replace("\n", " "))


def plain(text: str) -> str:
    """Return a text in which no markup of HTML begins; what stands between two backticks is code and stays."""
    if text.count("`") % 2 or "``" in text:  # what is code here is not sure
        return text.replace("<", "&lt;")
    parts = text.split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


def markdown(table: pd.DataFrame, **options: Any) -> str:
    """Return a table as Markdown, without its index; ``(none)`` if it has no rows."""
    return table.to_markdown(index=False, disable_numparse=not options, **options) if len(table) else "(none)"


_PAGES.filters["markdown"] = markdown
