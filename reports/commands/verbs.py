"""``python -m reports``: render a run, compare it, record behaviours, run its programs, publish or check the tables.

Four commands need no recorded run: ``coverage`` counts the values that the cases cover, ``power`` tries wrong
implementations on the cases, ``export`` writes the cases as files for programs that can't run the suite, and
``deconvnet`` makes a run of its own and looks into a network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cases.loading.yaml_document import CaseFileError
from reports.commands import accept, compare, coverage, export, merge, publish, record, reproduce, shrink, versions
from reports.commands.porting import measure, say, translate
from reports.deconvnet import command as deconvnet
from reports.power import command as power
from reports.recording.known_files import KnownError
from reports.recording.options import UsageError
from reports.recording.run import Run, RunError, read

COMMANDS: Final[dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]] = {
    "render": ("write every report of a run", publish.add_render_options),
    "compare": ("show what changed since an older run, in the answers that both have", compare.add_options),
    "versions": ("show versions of frameworks side by side: their facts, and what changed", versions.add_options),
    "merge": ("make one run of the parts that pytest cases --shard made", merge.add_options),
    "record": ("record what targets do with calls that have no right answer", record.add_options),
    "accept": ("draft facts about what is new, for you to edit", accept.add_options),
    "shrink": ("find the smallest call that shows each finding of a run", shrink.add_options),
    "reproduce": ("run the programs of answers, each in a fresh interpreter", reproduce.add_options),
    "measure": ("ask the frameworks' functions what their padding means", measure.add_options),
    "say": ("say a call of the definition in every framework", say.add_options),
    "translate": ("say a call of one framework in the others, and run both", translate.add_options),
    "deconvnet": ("project a layer's activations to pixels", deconvnet.add_options),
    "power": ("check that the cases notice every wrong implementation", power.add_options),
    "coverage": ("show which values and pairs of values the suite's cases cover", coverage.add_options),
    "export": ("write cases and their right answers as files, for implementations in any language", export.add_options),
    "publish": ("write the committed tables of the pinned versions", publish.add_options),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    The status is 0, 1 if something differs or is missing, 2 for an error of usage, 130 if interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.run is None:  # the command needs no run, or makes its own
            return int(options.command(options))
        return int(options.command(_finished(options.run), options))
    except (RunError, KnownError, CaseFileError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130  # a shell's status for a program that SIGINT ended


def _finished(path: Path) -> Run:
    run = read(path)
    if run.footer is None:
        msg = f"{path}: the run has no footer, so it was cut short; finish it with pytest cases --resume"
        raise RunError(msg)
    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for verb, (what, add_options) in COMMANDS.items():
        add_options(commands.add_parser(verb, help=what))
    return parser
