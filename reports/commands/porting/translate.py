"""``python -m reports translate``: a call of one framework in the words of the others, run on the same numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from textwrap import indent
from typing import Final

from adapters.outcome import Outcome, Raised, Returned
from cases.model import shapes
from reports.commands.porting import named
from reports.recording.options import UsageError, pair
from reports.surfaces import reading, saying, verifying
from reports.surfaces.arguments import Shape
from reports.surfaces.candidates import ALWAYS
from reports.surfaces.meaning import Meaning, meaning
from reports.surfaces.reading import SurfaceError
from reports.surfaces.saying import Said
from reports.surfaces.verifying import Place, compared, is_missing

_SHAPE: Final = "give a tensor's shape as x=1,16,8,8, or the value's alone as 1,16,8,8"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("call", help='the call, e.g. "torch.nn.functional.conv_transpose2d(x, w, stride=2, padding=1)"')
    parser.add_argument("--shapes", nargs="+", default=[], metavar="NAME=N,...", help="the shape of each tensor")
    parser.add_argument("--to", default="", metavar="A,B", help="only these frameworks; default: all others")
    parser.add_argument("--backend", default="", help="what runs the call, if its framework has several back ends")
    parser.add_argument("--no-run", action="store_true", help="print only; run nothing")
    parser.add_argument("--python", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.set_defaults(run=None, command=command)


def command(options: argparse.Namespace) -> int:
    """Print a call in other frameworks; return 1 if the call or one of them fails or gives another result, else 0.

    Raises:
        UsageError: if the call can't be read or translated.
    """
    try:
        calls = reading.read_all(options.call)
        variant = _variant(calls[0].surface.family.variants, options.backend)
        found = meaning(calls, _shapes(options.shapes), variant)
    except SurfaceError as error:
        raise UsageError(str(error)) from None
    place = Place(pythons=dict(options.python), variant=variant)
    print(_described(found))
    written = None if options.no_run else _run(found, place)
    failed = written is not None and not isinstance(written, Returned) and not is_missing(written)
    results = [_printed(found, framework, written, place) for framework in _targets(found, options.to)]
    return 0 if all(results) and not failed else 1


def _variant(variants: Sequence[str] | dict[str, dict[str, str]], wanted: str) -> str:
    known = [*variants]
    if wanted and wanted not in known:
        msg = f"--backend {wanted}: there is {'no choice' if not known else ', '.join(known)} here"
        raise UsageError(msg)
    return wanted or (known[0] if known else "")


def _shapes(texts: Sequence[str]) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        try:
            found[name] = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            msg = f"--shapes {text}: {_SHAPE}"
            raise UsageError(msg) from None
        if min(found[name]) < 1:
            msg = f"--shapes {text}: a size is below 1"
            raise UsageError(msg)
    return found


def _targets(found: Meaning, wanted: str) -> list[str]:
    known = saying.frameworks()
    return named("--to", wanted, known) or [name for name in known if name != found.written.surface.family.framework]


def _described(found: Meaning) -> str:
    surface, names = found.written.surface, saying.names_of(found)
    tensors = ", ".join(f"{name} {list(found.shapes[tensor])}" for tensor, name in names.items())
    lines = [f"{surface.name} of {tensors}"]
    axes = shapes.axes(found.case)
    if found.case.operator == "conv_transpose":
        seen = " by ".join(f"{axis.full} seen at ({axis.before}, {axis.image})" for axis in axes)
        lines.append(f"  the full result, elements by axis, seen through (offset, length): {seen}")
    elif found.case.operator != "max_unpool":
        seen = " by ".join(f"{axis.count}, padding {axis.before} before and {axis.after} behind" for axis in axes)
        lines.append(f"  the number of windows by axis: {seen}")
    for rule in dict.fromkeys(found.rules):
        what = f"length {rule.length}, offset {rule.offset}" + ("" if rule.when == ALWAYS else f" where {rule.when}")
        lines.append(f"  rule: {what}; fitted to {rule.measured} calls, and held against {rule.checked} larger ones")
        if rule.exceptions:
            lines.append(f"  of all calls {rule.exceptions} were unlike this rule, e.g. {rule.unlike[0]}")
    return "\n".join(lines)


def _run(found: Meaning, place: Place) -> Outcome:
    outcome = verifying.run_written(found, place)
    if not isinstance(outcome, Returned):
        kind = "not run here" if is_missing(outcome) else "the call as it was written fails"
        print(f"  {kind}: {_told(outcome)}")
    return outcome


def _told(outcome: Outcome) -> str:
    text = outcome.message if isinstance(outcome, Raised) and is_missing(outcome) else outcome.told
    return text.partition("\n")[0][:200]


def _printed(found: Meaning, framework: str, written: Outcome | None, place: Place) -> bool:
    """Print a call as a framework says it, and return whether nothing speaks against it."""
    said = saying.translated(found, framework)
    if said.refusal:
        print(f"\n# {framework}: no such call: {said.refusal}")
        return True
    verdict, fine = _verified(found, said, written, place)
    composed = (
        "" if not _is_composed(found) else "; no single call is equal, so the image is cropped or the result extended"
    )
    print(f"\n# {framework}: {verdict}{composed}\n{indent(said.text, '    ')}", flush=True)
    return fine


def _is_composed(found: Meaning) -> bool:
    return any(map(any, (*found.crops, *found.extends)))


def _verified(found: Meaning, said: Said, written: Outcome | None, place: Place) -> tuple[str, bool]:
    if written is None:
        return "not run", True
    outcome = verifying.run_said(found, said, place)
    if is_missing(outcome):
        return f"not run: {_told(outcome)}", True
    if not isinstance(outcome, Returned):
        return f"fails: {_told(outcome)}", False
    if not isinstance(written, Returned):
        return "runs, and is not compared, because the call as it was written did not run", True
    verdict = compared(written, outcome)
    return verdict, verdict.startswith((verifying.SAME, verifying.ZEROS, verifying.ROUNDED))
