"""``python -m cases explain``: its options, and what it prints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cases.explain import NotDrawnError, explain, page
from cases.model.case import Case


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is drawn, and where it goes."""
    parser.add_argument("id")
    parser.add_argument("--batch", type=int, help="the batch element that is drawn (0)")
    parser.add_argument("--channel", type=int, help="the channel of the result that is drawn (0)")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the page as SVG instead of printing it")


def run(case: Case, options: argparse.Namespace) -> int:
    """Explain a case; returns the exit status."""
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
