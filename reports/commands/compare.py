"""``python -m reports compare``: what changed between two runs, such as before and after a framework's upgrade.

Only the answers that both runs have are compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from reports.comparing import page
from reports.comparing.changes import Comparison
from reports.comparing.groups import Group, counts, grouped
from reports.comparing.options import add_fail_on, comparison, kinds
from reports.recording.run import Run, read

_FORMATS: Final[dict[str, Callable[[Comparison, Sequence[Group]], str]]] = {
    "text": page.text,
    "markdown": page.markdown,
    "json": page.as_json,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--against", type=Path, required=True, metavar="OLD", help="the run to compare with")
    parser.add_argument(
        "--pair",
        action="append",
        default=[],
        metavar="NEW=OLD",
        help="compare a target with one of another name, such as torch-compile-cpu=torch-eager-cpu",
    )
    add_fail_on(parser.add_argument)
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="GLOB",
        help="fail unless answers of a target like this were compared",
    )
    parser.add_argument("--format", choices=_FORMATS, default="text")
    parser.set_defaults(command=compare)


def compare(run: Run, options: argparse.Namespace) -> int:
    """Print what changed; return 1 if something changed that --fail-on names, else 0."""
    failing = kinds(options.fail_on)
    found = comparison(run, read(options.against), options.pair, options.require)
    groups = grouped(found)
    print(_FORMATS[options.format](found, groups))
    return 1 if failing & counts(groups).keys() else 0
