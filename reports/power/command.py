"""The command ``python -m reports power``: its options, and their checks before the work begins."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Final

from adapters.engine.threads import processors
from reports.power import ALL, PAGE
from reports.recording.options import UsageError, count

_TO: Final = Path("reports/latest")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to its parser."""
    parser.description = (
        "Ask wrong implementations every case, and check that some case notices each of them. The exit status is 1 if "
        "a wrong one is not noticed, or if an equivalent one is. No framework is needed."
    )
    tried = parser.add_mutually_exclusive_group()
    tried.add_argument(
        "--only", default=ALL, metavar="GLOB", help="try only mutants whose OPERATOR/NAME matches; write no page"
    )
    tried.add_argument(
        "--adapter",
        metavar="MODULE[:CLASS]",
        help="try an implementation of your own instead, or each that a module defines; write no page",
    )
    parser.add_argument("--quick", action="store_true", help="ask only the quick cases; write no page")
    parser.add_argument("--list", action="store_true", help="print the names of the mutants, and try none")
    parser.add_argument(
        "--workers",
        type=count,
        default=processors(),
        metavar="N",
        help="the number of processes; default: the number of processors",
    )
    _add_page(parser)
    parser.set_defaults(run=None, command=power)


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=Path, default=_TO, metavar="DIR", help="the folder for the page; default: %(default)s"
    )
    parser.add_argument("--publish", action="store_true", help="also write the committed page and quick cases")
    parser.add_argument("--check", action="store_true", help="fail if the committed page differs from the new one")


def power(options: argparse.Namespace) -> int:
    """Try the implementations that the options name, print the result, and return the exit status.

    Raises:
        UsageError: if the options name nothing or don't go together, or if SciPy is not installed.
    """
    _check_installed()
    _check_page(options)
    from reports.power.work import work  # noqa: PLC0415 - only this command needs what it imports

    return work(options)


def _check_installed() -> None:
    if importlib.util.find_spec("scipy") is None:
        msg = "power finds the least set of cases with SciPy: pip install 'deconform[power]'"
        raise UsageError(msg)


def _check_page(options: argparse.Namespace) -> None:
    """Refuse --publish and --check without a page, and a folder that can't be written to.

    The page covers all mutants and cases. The folder is checked here because the trials take minutes.
    """
    if options.only != ALL or options.adapter is not None or options.list or options.quick:
        if options.publish or options.check:
            parts = "--only, --adapter, --list, --quick"
            msg = f"--publish and --check need the page, which covers all mutants and cases: leave out {parts}"
            raise UsageError(msg)
        return
    try:
        options.to.mkdir(parents=True, exist_ok=True)
        (options.to / PAGE).open("ab").close()
    except OSError as error:
        msg = f"--to {options.to}: cannot write there ({error.strerror}); give a folder that you can write to"
        raise UsageError(msg) from None
