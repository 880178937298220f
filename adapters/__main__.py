"""The command line of the adapters: ``python -m adapters list`` and ``python -m adapters check NAME``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial

from adapters.check.check import check
from adapters.check.survey import survey
from adapters.engine.launch import UnknownAdapterError, known, resolve


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status: 0, 1 if a check failed, 2 if the command line is wrong."""
    options = _parser().parse_args(arguments)
    if options.command == "list":
        print(*survey([resolve(name) for name in known()]), sep="\n")
        return 0
    try:
        launch = resolve(options.adapter, _interpreter(options.python))
    except (UnknownAdapterError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for line in check(launch):
        print(line, flush=True)
        failed |= line.fails
    return int(failed)


def _interpreter(python: str | None) -> str | None:
    if python is not None and shutil.which(python) is None:
        msg = f"--python {python}: there is no such program; give the path of a Python interpreter"
        raise FileNotFoundError(msg)
    return python


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m adapters", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the adapters and their modes, and tell which can be used here")
    trial = commands.add_parser("check", help="try one adapter alone and tell where it breaks the protocol")
    trial.add_argument("adapter", metavar="NAME|module:Class")
    trial.add_argument("--python", metavar="PATH", help="the interpreter that has the framework; default: this one")
    return parser


def run_for_reader(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; return 1, without a traceback, if the reader of stdout closes it.

    SIGPIPE stays ignored, because a worker's pipe may break, too.
    """
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes the rest at exit
        return 1


if __name__ == "__main__":
    sys.exit(run_for_reader(partial(main, sys.argv[1:])))
