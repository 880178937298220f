"""``python -m reports versions``: versions of the frameworks side by side, from one run or several."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from reports.comparing import page
from reports.comparing.groups import Group
from reports.comparing.timeline import Column, columns, shown, steps
from reports.judging import behaviours
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages.findings import title
from reports.pages.markdown import markdown
from reports.pages.markdown import page as from_template
from reports.recording.options import UsageError
from reports.recording.run import Run, RunError, read


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--to", type=Path, help="a file to write to; default: standard output")
    parser.set_defaults(command=versions, run=None)


def versions(options: argparse.Namespace) -> int:
    """Write the page about the versions that some runs have, and return 0.

    Raises:
        RunError: if no framework has two versions.
        UsageError: if the page can't be written.
    """
    runs = [_begun(read(path)) for path in options.runs]
    found = {adapter: several for adapter, several in columns(runs).items() if len(several) > 1}
    if not found:
        named = ", ".join(map(str, options.runs))
        msg = f"{named}: no framework in two versions; give --python NAME@LABEL=PATH to pytest cases"
        raise RunError(msg)
    text = from_template("versions.md", frameworks=[_parts(several, runs) for several in found.values()])
    if options.to is None:
        print(text, end="")
        return 0
    try:
        options.to.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--to {options.to}: cannot write there ({error.strerror}); give a file that can be written"
        raise UsageError(msg) from None
    return 0


def _begun(run: Run) -> tuple[Run, Accepted]:
    accepted = behaviours.load_for(run)
    begin(run, accepted)
    return run, accepted


def _parts(found: Sequence[Column], runs: Sequence[tuple[Run, Accepted]]) -> tuple[object, ...]:
    """Return a framework's name, its versions and what they were asked, the table of its facts, and its steps."""
    facts = runs[0][1].facts.get(found[0].adapter, [])
    rows = [(fact.fact, *cells) for fact, cells in shown(found, facts)]
    table = pd.DataFrame(rows, columns=["fact", *(column.version for column in found)])
    ends = pd.DataFrame([_ends(column) for column in found])
    changed = [(_heading(old, new), _lines(groups)) for old, new, groups in steps(found)]
    return title(found[0].adapter), markdown(ends), markdown(table), changed


def _ends(column: Column) -> dict[str, object]:
    return {
        "version": column.version,
        "targets": ", ".join(sorted(name.partition("-")[2] for name in column.targets)),
        "answers": column.ends.total(),
        "right": column.ends["pass"],
        "of a fact": column.ends["known"],
        "fact gone": column.ends["gone"] + column.ends["vanished"],
        "new": column.ends["new"] + column.ends["changed"],
    }


def _heading(old: Column, new: Column) -> str:
    return f"{old.version} to {new.version}"


def _lines(groups: Sequence[Group]) -> list[str]:
    """Return a Markdown line about each group of changes."""
    return [page.line(group) for group in groups] or ["Nothing changed."]
