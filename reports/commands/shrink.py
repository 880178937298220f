"""``python -m reports shrink``: find the smallest call that shows each finding of a run."""

from __future__ import annotations

import argparse
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from reports.judging import behaviours
from reports.judging.judge import begin
from reports.recording.options import Options, pair, seconds
from reports.recording.run import Run
from reports.shrinking.page import told, write
from reports.shrinking.shrink import Setting, findings, shrink


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--known", action="store_true", help="of each fact that the run shows, not of what is new")
    parser.add_argument("--target", default="*", metavar="GLOB", help="only what these targets showed")
    parser.add_argument("--only", default="*", metavar="GLOB", help="only cases whose ids match")
    parser.add_argument("--to", type=Path, metavar="DIR", help="write the calls there too, as case files")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME", help="one more adapter: module:Class")
    parser.add_argument("--python", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--timeout", type=seconds, default=60.0, metavar="SECONDS", help="limit for one call")
    parser.set_defaults(command=command)


def command(run: Run, options: argparse.Namespace) -> int:
    """Print the smallest call of each finding; return 1 if one was not shown again, else 0."""
    accepted = behaviours.load_for(run)
    begin(run, accepted)
    found = [
        finding
        for finding in findings(run, known=options.known)
        if fnmatchcase(finding.target, options.target) and fnmatchcase(finding.case.id, options.only)
    ]
    chosen = Options(adapters=tuple(options.adapter), pythons=dict(options.python), timeout=options.timeout)
    with tempfile.TemporaryDirectory(prefix="smallest-") as folder:
        setting = Setting(run=run, accepted=accepted, options=chosen, folder=Path(folder), tell=_tell)
        witnesses = shrink(found, setting)
        print("\n\n".join(map(told, witnesses)))
        if options.to is not None:
            about = [f"The smallest calls that show what {options.run} showed: `python -m reports shrink`."]
            write(witnesses, options.to, about)
    print(f"findings: {len(found)}, made smaller: {len(witnesses)}", file=sys.stderr)
    return 0 if len(witnesses) == len(found) else 1


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
