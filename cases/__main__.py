"""``python -m cases``: list the cases, show one in full, export a JSON Schema."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from cases import claims, fill
from cases.case import Case, to_json
from cases.load import find, load
from cases.read import CaseFileError
from cases.schema import json_schema

_FOLDER = Path(__file__).parent
_SCHEMAS = {"cases": json_schema, "claims": claims.json_schema}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 if a case file is wrong or nothing matches."""
    parser = argparse.ArgumentParser(prog="python -m cases", description=__doc__)
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where the case files are")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="the ids of all cases, or of those that match")
    listing.add_argument("glob", nargs="?", default="*")
    listing.set_defaults(run=lambda options: _list(options.folder, options.glob))
    showing = commands.add_parser("show", help="one case in full, with its input data")
    showing.add_argument("id")
    showing.set_defaults(run=lambda options: _show(options.folder, options.id))
    exporting = commands.add_parser("schema", help="the JSON Schema of a case file, or of a file of claims")
    exporting.add_argument("kind", nargs="?", choices=tuple(_SCHEMAS), default="cases")
    exporting.set_defaults(run=lambda options: _schema(options.kind))
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except CaseFileError as error:
        print(error, file=sys.stderr)
        return 1


def _all(folder: Path) -> Iterator[Case]:
    for path in find(folder):
        yield from load(path)


def _list(folder: Path, glob: str) -> int:
    ids = [case.id for case in _all(folder) if fnmatch(case.id, glob) or fnmatch(case.id, f"*{glob}*")]
    print("\n".join(ids) if ids else f"no case matches {glob!r}", file=sys.stdout if ids else sys.stderr)
    return 0 if ids else 1


def _show(folder: Path, case_id: str) -> int:
    for case in _all(folder):
        if case.id == case_id:
            print(_text(case))
            return 0
    print(f"no case has the id {case_id!r}; `python -m cases list GLOB` finds it", file=sys.stderr)
    return 1


def _text(case: Case) -> str:
    facts = {name: value for name, value in to_json(case).items() if value is not None and name != "expected"}
    arrays = "".join(f"\n{name} =\n{array}" for name, array in fill.fill(case).items())
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in facts.items()) + arrays


def _schema(kind: str) -> int:
    print(json.dumps(_SCHEMAS[kind](), indent=2))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has enough, such as head, ends this quietly
    sys.exit(main())
