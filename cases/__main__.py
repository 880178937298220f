"""``python -m cases``: list the cases, show or explain one, draw new ones, export a JSON Schema."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from fnmatch import fnmatch
from pathlib import Path

from cases.drawing import command as drawing
from cases.explain import command as explaining
from cases.loading import claims
from cases.loading.load import find, load_each
from cases.loading.lookup import SHIPPED, UnknownIdError, lookup
from cases.loading.schema import json_schema
from cases.loading.yaml_document import CaseFileError
from cases.model import fill, shapes
from cases.model.case import Case, Step, to_json

_SCHEMAS = {"cases": json_schema, "claims": claims.json_schema}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 if a file or an argument is wrong, or nothing matches."""
    parser = argparse.ArgumentParser(prog="python -m cases", description=__doc__)
    parser.add_argument("--folder", type=Path, default=SHIPPED, help="the folder of the case files")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="list the ids of all cases, or of those that match a glob")
    listing.add_argument("glob", nargs="?", default="*")
    listing.set_defaults(run=lambda options: _list(options.folder, options.glob))
    showing = commands.add_parser("show", help="show one case in full, with its input data")
    showing.add_argument("id")
    showing.set_defaults(run=lambda options: _show(options.folder, options.id))
    explanation = commands.add_parser("explain", help="work out one case step by step, as on paper")
    explaining.add_options(explanation)
    explanation.set_defaults(run=lambda options: explaining.run(lookup(options.folder, options.id), options))
    draws = commands.add_parser("draw", help="print a case file of calls in which every dimension varies at once")
    drawing.add_options(draws)
    draws.set_defaults(run=drawing.run)
    exporting = commands.add_parser("schema", help="print the JSON Schema of a case file, or of a file of claims")
    exporting.add_argument("kind", nargs="?", choices=tuple(_SCHEMAS), default="cases")
    exporting.set_defaults(run=lambda options: _schema(options.kind))
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (CaseFileError, UnknownIdError, drawing.DrawError) as error:
        print(error, file=sys.stderr)
        return 1


def _list(folder: Path, glob: str) -> int:
    loaded = [load_each(path) for path in find(folder)]
    ids = [case.id for each in loaded for case in each.cases]
    matching = [case_id for case_id in ids if fnmatch(case_id, glob) or fnmatch(case_id, f"*{glob}*")]
    faults = [fault for each in loaded for fault in each.faults]
    for case_id in matching:
        print(case_id)
    for line in (*faults, *(() if matching else (f"no case matches {glob!r}",))):
        print(line, file=sys.stderr)
    return 0 if matching and not faults else 1


def _show(folder: Path, case_id: str) -> int:
    print(_text(lookup(folder, case_id)))
    return 0


def _text(case: Case) -> str:
    hidden = {"expected", "steps"}
    facts = {name: value for name, value in to_json(case).items() if value is not None and name not in hidden}
    steps = "".join(f"\n{_step(step)}" for step in case.steps)
    arrays = "".join(f"\n{name} =\n{array}" for name, array in fill.fill(case).items())
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in facts.items()) + steps + arrays


def _step(step: Step) -> str:
    """Describe a step in one line: its call, its sizes and its windows."""
    case = step.case
    windows = [f"{name} {getattr(case, name)}" for name in ("ksize", "strides", "padding", "dilations")]
    given = ", ".join(part for part in windows if not part.endswith(" None"))
    sizes = f"{case.inputs['value'].shape} -> {shapes.output_shape(case)}"
    call = f"{', '.join(step.returns.values())} = {case.operator}({', '.join(step.takes.values())})"
    return f"step {call}: {sizes}" + ("" if case.operator == "relu" else f"; {given}")


def _schema(kind: str) -> int:
    print(json.dumps(_SCHEMAS[kind](), indent=2))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly when a reader, e.g. head, closes the pipe
    sys.exit(main())
