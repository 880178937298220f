"""``python -m reports power``: its options, and the way from them to the page."""

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
    """The command's options."""
    parser.description = (
        "Ask wrong implementations every case, and see that each is noticed. Exit status 1: one is not, or an "
        "equivalent one is. No framework is needed."
    )
    tried = parser.add_mutually_exclusive_group()
    tried.add_argument("--only", default=ALL, metavar="GLOB", help="only mutants OPERATOR/NAME that match; no page")
    tried.add_argument("--adapter", metavar="MODULE:CLASS", help="try an implementation of your own instead; no page")
    parser.add_argument("--to", type=Path, default=_TO, metavar="DIR", help="where the page goes; default: %(default)s")
    parser.add_argument("--publish", action="store_true", help="write the committed page as well")
    parser.add_argument("--check", action="store_true", help="fail where the committed page is another")
    parser.add_argument("--workers", type=count, default=processors(), metavar="N", help="default: processors")
    parser.add_argument("--list", action="store_true", help="name the mutants, and try none")
    parser.set_defaults(run=None, command=power)


def power(options: argparse.Namespace) -> int:
    """Try what the options name, and say what came out.

    Raises:
        UsageError: if they name nothing or don't go together, or SciPy is not installed.
    """
    _check_installed()
    _check_page(options)
    from reports.power.work import work  # noqa: PLC0415 - it imports what is needed for this command alone

    return work(options)


def _check_installed() -> None:
    if importlib.util.find_spec("scipy") is None:
        msg = "power finds the least set of cases with SciPy: pip install 'deconform[power]'"
        raise UsageError(msg)


def _check_page(options: argparse.Namespace) -> None:
    """The page is of all mutants; and after minutes is too late to find that it can't be written."""
    if options.only != ALL or options.adapter is not None or options.list:
        if options.publish or options.check:
            msg = "--publish and --check are about the page of all mutants: leave out --only, --adapter, --list"
            raise UsageError(msg)
        return
    try:
        options.to.mkdir(parents=True, exist_ok=True)
        (options.to / PAGE).open("ab").close()
    except OSError as error:
        msg = f"--to {options.to}: cannot write there ({error.strerror}); give a folder that can be written"
        raise UsageError(msg) from None
