"""``python -m reports say``: a call of the definition as each framework says it, whether it is installed or not."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

import yaml

from cases.loading.load import load
from cases.loading.lookup import SHIPPED, UnknownIdError, lookup
from cases.loading.yaml_document import CaseFileError
from cases.model.case import OPERATORS, Case
from reports.commands.porting import named
from reports.recording.options import UsageError
from reports.surfaces import saying

_HOW = "e.g. say conv_transpose kernel=3 strides=2 image=16,16 padding=SAME in_channels=8 out_channels=4"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("what", help=f"a case's id, or an operator: {', '.join(OPERATORS)}")
    parser.add_argument("keys", nargs="*", metavar="KEY=VALUE", help=f"the keys of a case file's entry, {_HOW}")
    parser.add_argument("--to", default="", metavar="A,B", help="only these frameworks; default: all")
    parser.set_defaults(run=None, command=command)


def command(options: argparse.Namespace) -> int:
    """Print a call as each framework says it; return 1 if none can say it, else 0.

    Raises:
        UsageError: if the case is unknown or can't be built.
    """
    case = _case(options.what, options.keys)
    known = saying.frameworks()
    found = [saying.said(case, name) for name in named("--to", options.to, known) or known]
    print(_inputs(case))
    for said in found:
        body = f"no such call: {said.refusal}" if said.refusal else f"\n{indent(said.text, '    ')}"
        print(f"\n# {said.framework}: {body}" if said.refusal else f"\n# {said.framework}{body}")
    return 0 if any(said.text for said in found) else 1


def _inputs(case: Case) -> str:
    inputs = ", ".join(f"{name} {spec.dtype} {list(spec.shape)}" for name, spec in case.inputs.items())
    return f"{case.operator} of NumPy arrays, channels last: {inputs}"


def _case(what: str, keys: Sequence[str]) -> Case:
    if "::" in what:
        if keys:
            msg = f"{what} is a case, which has all its sizes; leave {keys[0]} out"
            raise UsageError(msg)
        try:
            return lookup(SHIPPED, what)
        except UnknownIdError as error:
            raise UsageError(str(error)) from None
    if what not in OPERATORS:
        msg = f"{what!r} is no operator and no case's id; operators: {', '.join(OPERATORS)}; {_HOW}"
        raise UsageError(msg)
    return _built(what, dict(map(_key, keys)))


def _key(text: str) -> tuple[str, object]:
    name, given, value = text.partition("=")
    if not given:
        msg = f"{text}: write KEY=VALUE, {_HOW}"
        raise UsageError(msg)
    numbers = "[" not in value and "," in value
    if name == "padding":
        value = value.upper()
    try:
        return name, yaml.safe_load(f"[{value}]" if numbers else value)
    except yaml.YAMLError:
        msg = f"{text}: the value is not YAML, such as 3, [5, 6] or SAME"
        raise UsageError(msg) from None


def _built(operator: str, keys: dict[str, object]) -> Case:
    """Return the case of a case file with one entry, which is checked as any other is."""
    entry = {"name": "call", **keys}
    whole = {
        "operator": operator,
        "about": "A call of the command line.",
        "source": "document: one call",
        "cases": [entry],
    }
    with tempfile.TemporaryDirectory(prefix="say-") as folder:
        path = Path(folder, "call.yaml")
        path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
        try:
            cases = load(path)
        except CaseFileError as error:
            lines = [line.partition(": ")[2] for line in str(error).splitlines()]
            raise UsageError("\n".join(dict.fromkeys(lines))) from None
    return cases[0]
