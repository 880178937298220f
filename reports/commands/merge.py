"""``python -m reports merge``: one run of the parts that several machines made with ``pytest cases --shard K/N``."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from reports.commands.publish import shipped
from reports.judging import behaviours, stale
from reports.judging.judge import begin, judged
from reports.recording.shards import merge as merged
from reports.recording.targets import adapter_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file of the whole run")
    parser.set_defaults(command=merge, run=None)


def merge(options: argparse.Namespace) -> int:
    """Write the whole run, and say how its answers compare. Return 1 if the run fails, otherwise 0.

    Raises:
        RunError: if the runs are not all parts of one run.
        UsageError: if the file can't be written.
    """
    run = merged(options.runs, options.to)
    accepted = behaviours.load_for(run)
    begin(run, accepted)
    follows = Counter(verdict.follows for _, _, verdict in judged(run))
    failing = [f"{case.id}[{target}]: {verdict.summary}" for case, target, verdict in judged(run) if verdict.fails]
    whole = run.cases.keys() >= shipped()
    problems = [*(run.footer or {}).get("problems", ()), *stale.entries(run, accepted, whole=whole, chosen=False)]
    print(*failing, *problems, sep="\n", end="\n" if failing or problems else "")
    counts = ", ".join(f"{count:,} {word}" for word, count in sorted(follows.items()))
    adapters = ", ".join(sorted({adapter_of(target) for target in run.header["targets"]}))
    print(f"{options.to}: {len(run.cases):,} cases, {len(run.records):,} answers of {adapters}: {counts}")
    print(f"to see its pages: python -m reports render {options.to}")
    return 1 if failing or problems else 0
