"""``python -m cases explain``: its options and its output."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cases.explain import NotDrawnError, explain, page
from cases.model.case import Case


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is drawn and where the page goes."""
    parser.add_argument("id")
    parser.add_argument("--batch", type=int, help="the batch element to draw (default: 0)")
    parser.add_argument("--channel", type=int, help="the channel of the result to draw (default: 0)")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the page as SVG instead of printing it")


def run(case: Case, options: argparse.Namespace) -> int:
    """Explain a case, and return the exit status: 0, or 1 with a message on stderr."""
    try:
        explanation = explain(case, options.batch, options.channel)
        if options.svg is None:
            page.show(explanation, sys.stdout)
        else:
            page.write_svg(explanation, options.svg)
    except NotDrawnError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{options.svg or 'stdout'}: cannot be written: {error.strerror or error}")
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1
