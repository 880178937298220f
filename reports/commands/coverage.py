"""``python -m reports coverage``: which values and pairs of values the suite's cases cover."""

from __future__ import annotations

import argparse

from reports.pages.coverage import by_case
from reports.pages.markdown import markdown


def add_options(parser: argparse.ArgumentParser) -> None:
    """Set up a parser for the command, which has no options."""
    parser.set_defaults(run=None, command=coverage)


def coverage(_options: argparse.Namespace) -> int:
    """Print the coverage figures and the holes, without a run; return 1 if there is a hole, else 0."""
    found = by_case.of_suite()
    holes = by_case.holes(found)
    print("\n".join([markdown(by_case.summary(found)), *holes]))
    return 1 if holes else 0
