"""``python -m reports measure``: ask the frameworks' functions what their words mean; write the rules and the page."""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.outcome import Returned
from reports.commands.porting import named
from reports.recording.options import UsageError, pair
from reports.surfaces import fitting, measure, page, rules
from reports.surfaces.asking import Program, ask, interpreter
from reports.surfaces.catalogue import FrameworkFile, families, template_names
from reports.surfaces.rules import Rule, RulesFile

PAGE: Final = Path(__file__).parents[2] / "published" / "padding_semantics.md"
RECIPES: Final = PAGE.with_name("recipes.md")
_VERSION: Final = """
from importlib.metadata import version, PackageNotFoundError

import numpy as np

def of(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return ""

outputs = {name: np.frombuffer(of(name).encode(), dtype=np.uint8) for name in NAMES}
"""
_DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "torch": ("torch",),
    "jax": ("jax",),
    "keras": ("keras",),
    "flax": ("flax",),
    "onnxruntime": ("onnxruntime", "onnx"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("--only", default="", metavar="A,B", help=f"only these of: {', '.join(families())}")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; hold a few calls against the written rules"
    )
    parser.add_argument("--python", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.set_defaults(run=None, command=command)


def command(options: argparse.Namespace) -> int:
    """Measure, and write the rules and the page, or check them; return 1 if a call is not as its rule says, else 0.

    Raises:
        UsageError: if a name is unknown, or if a framework is not installed.
    """
    chosen, pythons = _chosen(options.only), dict(options.python)
    versions: dict[str, str] = {}
    for family in chosen.values():
        versions |= _versions(family, pythons)
    if options.check:
        return _check(chosen, pythons)
    started = time.monotonic()
    found: list[Rule] = []
    for rule in measure.measure([*chosen.values()], pythons):
        found.append(rule)
        seconds = time.monotonic() - started
        print(
            f"{seconds:5.0f} s  {rule.surfaces[0]} {rule.axes} {rule.window}: {rule.length}, {rule.offset}", flush=True
        )
    kept = [*_kept(_before().rules, _names(chosen))]
    rules.write(rules.FILE, {**_before().measured, **versions}, fitting.merged([*kept, *found]))
    rules.load.cache_clear()
    PAGE.write_text(page.page(rules.load()), encoding="utf-8")
    RECIPES.write_text(page.recipes_page(rules.load()), encoding="utf-8")
    print(rules.FILE, PAGE, RECIPES, sep="\n")
    return 0


def _kept(before: Sequence[Rule], measured: Collection[str]) -> Iterator[Rule]:
    """Yield the rules of the functions that are not measured now; one rule may be of functions of both kinds."""
    for rule in before:
        others = tuple(name for name in rule.surfaces if name not in measured)
        if others:
            yield rule.model_copy(update={"surfaces": others})


def _before() -> RulesFile:
    return rules.load() if rules.FILE.exists() else RulesFile(measured={}, rules=[])


def _names(chosen: Mapping[str, FrameworkFile]) -> set[str]:
    return {name for family in chosen.values() for name in template_names(family)}


def _chosen(only: str) -> dict[str, FrameworkFile]:
    names = named("--only", only, families(), "file of functions") or [*families()]
    return {name: families()[name] for name in names}


def _versions(family: FrameworkFile, pythons: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of a framework's distributions.

    Raises:
        UsageError: if it has none.
    """
    names: Sequence[str] = _DISTRIBUTIONS[family.framework]
    program = Program(text=_VERSION.replace("NAMES", repr(names)))
    outcome = next(ask([program], interpreter(pythons, family.framework)))
    found = outcome.arrays if isinstance(outcome, Returned) else {}
    versions = {
        name: found[name].tobytes().decode().partition("+")[0] for name in names if name in found and found[name].size
    }
    if not versions:
        where = pythons.get(family.framework, "this interpreter")
        msg = f"{family.title} is not installed for {where}: pip install {names[0]}, or leave it out with --only"
        raise UsageError(msg)
    return versions


def _check(chosen: Mapping[str, FrameworkFile], pythons: Mapping[str, str]) -> int:
    calls, loose, wrong = 0, 0, []
    for surface, window, variant, point in measure.sampled([*chosen.values()], pythons):
        calls += 1
        rule = rules.find(surface, window, variant, point.sizes)
        if rule is not None and rule.exceptions:
            loose += 1  # which of the calls are unlike the rule is not written down
        elif rule is None or not fitting.is_true(point, rule):
            wrong.append(f"{surface.name}, {window.key} {variant}: {fitting.described(point)}")
    for line in wrong:
        print(line)
    print(f"{calls:,} calls, {len(wrong)} not as their rules say; {loose} of windows whose rules have exceptions")
    return 1 if wrong else 0
