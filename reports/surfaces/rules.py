"""Rules of windows: expressions of sizes, kept in a file that a command writes.

A rule gives the length of a result along an axis, the offset of its window, and the sizes that the call admits.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter

from cases.loading.entries import Strict
from cases.loading.expressions import expression
from reports.recording.known_files import read
from reports.surfaces.catalogue import Surface, Window
from reports.surfaces.writing import Sizes

FILE: Final = Path(__file__).parent / "measured" / "padding_rules.yaml"
_FUNCTIONS: Final = {"min": min, "max": max, "ceil": math.ceil, "abs": abs, "trunc": math.trunc}


class Rule(Strict):
    """The rule of one window of some surfaces.

    ``when`` is the condition under which the rule speaks. ``length``, ``offset`` and ``admits`` are expressions; None
    if no candidate fits. ``measured`` counts the calls that the rule was fitted to, and ``checked`` the calls of larger
    sizes that it was then held against. ``unlike`` are the smallest calls of which it is not true, and ``exceptions``
    counts them.
    """

    surfaces: tuple[str, ...]
    axes: tuple[int, ...]
    window: str
    variants: tuple[str, ...]
    when: str
    length: str | None
    offset: str | None
    rotated: bool
    outside: str
    admits: str | None
    measured: int
    checked: int
    refused: int
    exceptions: int
    unlike: tuple[str, ...]

    @property
    def is_loose(self) -> bool:
        """Tell whether more than a quarter of the calls are unlike the rule, so that it is no rule."""
        return self.exceptions * 4 > self.measured + self.checked


def names(sizes: Sizes) -> dict[str, Any]:
    """Return the names that a rule may read, of an axis of these sizes."""
    span = (sizes["k"] - 1) * sizes["d"] + 1
    pads = (2 * sizes["p"], sizes["p"]) if "p" in sizes else (sizes.get("b", 0) + sizes.get("e", 0), sizes.get("b", 0))
    room = sizes["n"] + pads[0] - span
    last = math.ceil(room / sizes["s"]) * sizes["s"]
    more = {
        "x": span,
        "full": (sizes["n"] - 1) * sizes["s"] + span,
        "drop": int(last >= sizes["n"] + pads[1]),
    }
    return {**_FUNCTIONS, **more, **sizes}


def number(text: str, sizes: Sizes) -> int:
    """Return what a rule's expression gives for the sizes of an axis."""
    return _number(text, tuple(sizes.items()))


@functools.lru_cache(maxsize=100_000)
def _number(text: str, sizes: tuple[tuple[str, int], ...]) -> int:
    """Return what an expression gives. Cached, because recipes are searched on one grid again and again."""
    return int(expression(text).value(names(dict(sizes))))


def admits(text: str, sizes: Sizes, length: int) -> bool:
    """Tell whether a rule admits the sizes of an axis whose result has this length."""
    return bool(expression(text).value({**names(sizes), "length": length, "true": True}))


def told(sizes: Sizes) -> str:
    """Return sizes in words: ``n=3, k=2``."""
    return ", ".join(f"{letter}={size}" for letter, size in sizes.items())


def is_so(condition: str, sizes: Sizes) -> bool:
    """Tell whether a condition is true of the sizes of an axis."""
    return bool(expression(condition).value({**names(sizes), "true": True}))


def write(path: Path, measured: Mapping[str, Any], rules: Sequence[Rule]) -> None:
    """Write the rules, with what they were measured on, to a YAML file."""
    body = {"measured": dict(measured), "rules": [rule.model_dump(mode="json") for rule in rules]}
    path.write_text(yaml.safe_dump(body, sort_keys=False, width=118, allow_unicode=True), encoding="utf-8")


class RulesFile(Strict):
    """The file of rules: the versions that were measured, and the rules."""

    measured: dict[str, str]
    rules: list[Rule]


@functools.cache
def load(path: Path = FILE) -> RulesFile:
    """Return the rules that the file holds.

    Raises:
        KnownError: if the file is invalid.
    """
    return read(path, TypeAdapter(RulesFile), {})


def find(surface: Surface, window: Window, variant: str, sizes: Sizes) -> Rule | None:
    """Return the rule of a surface's window on a variant for an axis of these sizes, if it was measured."""
    for rule in load().rules:
        of_surface = surface.template in rule.surfaces and surface.axes in rule.axes and rule.window == window.key
        if of_surface and variant in rule.variants and is_so(rule.when, sizes):
            return rule
    return None
