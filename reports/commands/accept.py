"""``python -m reports accept``: draft facts about what is new in a run, for the author of a backend to edit.

Answers are grouped by what happened: the exception with its message, the end of the process, or the kind of difference
with its diagnosis. For each group a condition is searched: the operators, and as few terms more as separate the group's
calls from the calls that passed on the same targets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from cases.model.case import Case
from reports.judging import behaviours
from reports.judging.conditions import Reader, condition
from reports.judging.ending import ending
from reports.judging.facts import Fact
from reports.judging.judge import begin, judged
from reports.recording.options import UsageError
from reports.recording.run import Run
from reports.recording.targets import adapter_of, version_of

_WORDS: Final = 70
"""The most characters of a summary that a draft quotes."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--to", type=Path, help="a file to write to; default: standard output")
    parser.set_defaults(command=accept)


def accept(run: Run, options: argparse.Namespace) -> int:
    """Print a draft for each group of answers that are new, and return 0."""
    begin(run, behaviours.load_for(run))
    facts = drafts(run)
    text = yaml.safe_dump(facts, sort_keys=False, width=116, allow_unicode=True) if facts else ""
    if options.to is not None:
        _write(options.to, text)
    elif text:
        print(text, end="")
    print(f"{len(facts)} drafts; reproduce each, then say in `fact` what the framework does", file=sys.stderr)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--to {path}: cannot write there ({error.strerror}); give a file that can be written"
        raise UsageError(msg) from None


@dataclass(slots=True, kw_only=True)
class _Group:
    """Answers that are new and alike, and the end that a fact would say of them."""

    end: dict[str, Any]
    summary: str
    cases: dict[str, Case] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)


def drafts(run: Run) -> list[dict[str, Any]]:
    """Return a fact for each group of new answers, as YAML holds it; the largest group first.

    The steps of pipelines are left out: the facts about single calls speak of them as well.
    """
    groups: dict[tuple[str, str, bool], _Group] = {}
    passed: dict[str, dict[str, Case]] = {}
    read = Reader()
    for case, target, verdict in judged(run):
        if verdict.follows == "new" and not case.steps and verdict.difference is not None:
            end = ending(run, case, target, verdict)
            key = adapter_of(target), repr(end), case.invalid is None
            found = groups.setdefault(key, _Group(end=end, summary=verdict.summary))
            found.cases[case.id] = case
            found.targets.add(target)
        elif verdict.follows == "pass" and verdict.status == "passed":
            passed.setdefault(target, {})[case.id] = case
    ordered = sorted(groups.values(), key=lambda group: -len(group.cases))
    return [_draft(run, group, passed, read) for group in ordered]


def _draft(run: Run, group: _Group, passed: Mapping[str, Mapping[str, Case]], read: Reader) -> dict[str, Any]:
    others = {name: case for target in group.targets for name, case in passed.get(target, {}).items()}
    others = {name: case for name, case in others.items() if name not in group.cases}
    where, wrongly = condition(list(group.cases.values()), list(others.values()), read)
    target = min(group.targets)
    major, _, rest = version_of(run, target).partition(".")
    fact = {
        "fact": f"DRAFT, {len(group.cases)} cases: {' '.join(group.summary.split())[:_WORDS]}",
        "targets": sorted(group.targets),
        "versions": f"=={major}.{rest.partition('.')[0]}.*" if rest else ">=0",
        "where": where,
        **group.end,
        **({"depends_on": f"DRAFT: {wrongly} calls that meet the condition passed"} if wrongly else {}),
        "link": "not reported yet",
    }
    Fact.model_validate(fact)
    return fact
