"""``python -m reports reproduce``: run the programs of a run's answers and compare what they do with the run.

A worker answers many calls, and one call may leave something behind for the next. A program that a report shows is
pasted into a fresh interpreter and must do the same there. So each program runs in an interpreter of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from adapters.outcome import Returned
from reports.commands.fresh_interpreter import Limits, Program, reproduce
from reports.judging import behaviours
from reports.judging.behaviours import behaviour
from reports.judging.expectation import wanted
from reports.judging.judge import begin, judge
from reports.pages import tables
from reports.pages.reproducer import needs_clone, program
from reports.recording.options import count, pair, seconds
from reports.recording.record import Key, Record
from reports.recording.run import Run, RunError
from reports.recording.targets import ORACLE, is_framework

_CLONE: Final = Path(__file__).parents[2]

KINDS: Final = ("crashes", "timeouts", "acceptances", "refusals", "differences", "every-difference")
"""The kinds of answers that can be reproduced.

``differences`` takes one answer for each fact on each target that shows it, ``every-difference`` takes all.
``acceptances`` and ``refusals`` are answers to wrong calls.
"""
USUAL: Final = KINDS[:3]
_KINDS: Final = {"crashed": "crashes", "timed out": "timeouts", "returned": "acceptances", "raised": "refusals"}


def choose(run: Run, kinds: Sequence[str] = USUAL, cases: str = "*", targets: str = "*") -> list[Program]:
    """Return the programs of the answers of these kinds, of the cases and targets that match the globs.

    The oracle's answers are left out, since no framework runs them. So are answers whose adapter gives no text.
    """
    wrong = _differences(run, kinds)
    chosen = [
        record
        for key, record in run.records.items()
        if record.target != ORACLE and (key in wrong or _is_chosen(run, record, kinds))
        if fnmatchcase(record.case, cases) and fnmatchcase(record.target, targets)
    ]
    return [_program(run, record) for record in chosen if run.call(record)]


def _is_chosen(run: Run, record: Record, kinds: Sequence[str]) -> bool:
    kind = _KINDS.get(record.outcome.kind)
    return kind in kinds and (kind in {"crashes", "timeouts"} or run.cases[record.case].invalid is not None)


def _differences(run: Run, kinds: Sequence[str]) -> set[Key]:
    """Return the keys of the answers that the reports call differences: all, or one for each reason."""
    if not {"differences", "every-difference"} & set(kinds):
        return set()
    frame = tables.differences(tables.results(run))
    if "every-difference" not in kinds:
        names = frame["diagnosis"].where(frame["known"] == "", "")  # one fact may have many diagnoses
        frame = frame.assign(diagnosis=names).drop_duplicates(["known", "operator", "target", "kind", "diagnosis"])
    return {*zip(frame["case"], frame["target"], strict=True)} & run.records.keys()


def _program(run: Run, record: Record) -> Program:
    case = run.cases[record.case]
    judged = isinstance(record.outcome, Returned) and case.has_answer
    shown = wanted(run, case, record.target, judge(run, case, record.target)) if judged else None
    return Program(
        case=record.case,
        target=record.target,
        text=program(case, run.call(record), shown),
        folder=_CLONE if needs_clone(case) or not is_framework(record.target) else None,
        recorded=behaviour(record.outcome).partition(" while ")[0],
        digests=record.digests if judged else {},
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    limits = Limits()
    parser.add_argument("run", type=Path)
    parser.add_argument("--kind", action="append", choices=KINDS, help=f"repeatable; default: {', '.join(USUAL)}")
    parser.add_argument("--only", default="*", metavar="GLOB", help="only cases whose ids match")
    parser.add_argument("--target", default="*", metavar="GLOB", help="only these targets")
    parser.add_argument("--workers", type=count, default=limits.workers, metavar="N", help="default: processors")
    parser.add_argument(
        "--timeout", type=seconds, default=limits.timeout, metavar="S", help="for a program; default: %(default)g"
    )
    parser.add_argument("--python", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.set_defaults(command=command)


def command(run: Run, options: argparse.Namespace) -> int:
    """Run programs and print what each did; return 1 if one did otherwise than the run, else 0."""
    begin(run, behaviours.load_for(run))
    programs = choose(run, options.kind or USUAL, options.only, options.target)
    if not programs and (options.only, options.target) != ("*", "*"):
        msg = f"{options.run}: no answer of these kinds to cases {options.only} on targets {options.target}"
        raise RunError(msg)
    folder = Path(tempfile.mkdtemp(prefix="reproduce-"))
    limits = Limits(workers=options.workers, timeout=options.timeout, pythons=dict(options.python))
    started, wrong = time.monotonic(), 0
    for one, found, path in reproduce(programs, folder, limits):
        wrong += bool(found)
        what = f"OTHERWISE: {found}; the run: {one.recorded}; {path}" if found else f"ok: {one.recorded}"
        print(f"{one.case}[{one.target}] {what}", flush=True)
    if not wrong:
        folder.rmdir()
    seconds = time.monotonic() - started
    print(f"programs: {len(programs)}, as recorded: {len(programs) - wrong}, otherwise: {wrong}; {seconds:.0f} s")
    return 1 if wrong else 0
