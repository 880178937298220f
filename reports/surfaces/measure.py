"""Measuring what words mean: calls over a grid of sizes, the windows that they show, and the rules that fit."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from adapters.outcome import Outcome, Returned
from cases.model.shapes import extent
from reports.surfaces import fitting, rules
from reports.surfaces.asking import Interpreter, Program, ask, interpreter
from reports.surfaces.catalogue import FrameworkFile, Surface, Window, surfaces
from reports.surfaces.fitting import Point, Words
from reports.surfaces.rules import Rule
from reports.surfaces.seeing import Array, numbers, seen
from reports.surfaces.writing import Probe, Sizes, applied, arranged, call, program

POINTS: Final = {1: 160, 2: 24, 3: 24}
"""Number of spatial axes -> the calls that a rule is fitted to. With several axes, one of them is measured."""
BEYOND: Final = {1: 32, 2: 8, 3: 8}
"""Number of spatial axes -> the calls of larger sizes that a rule is held against."""
SAMPLE: Final = 6
"""The calls of a window that a check makes."""
_TRIVIAL: Final = {"n": 1, "k": 1, "s": 1, "d": 1, "p": 0, "b": 0, "e": 0, "a": 0, "o": 1}
"""The sizes of the axes that are not measured."""
_GRID: Final[Mapping[str, Sequence[int]]] = {
    "n": (1, 2, 3, 4, 5),
    "k": (1, 2, 3, 4),
    "s": (1, 2, 3, 4),
    "d": (1, 2),
    "p": (0, 1, 2),
    "b": (0, 1, 2),
    "e": (0, 1, 3),
    "a": (0, 1, 2),
}
_BEYOND: Final[Mapping[str, Sequence[int]]] = {
    "n": (6, 7, 9, 12),
    "k": (5, 6, 8),
    "s": (2, 5, 7),
    "d": (1, 3),
    "p": (1, 2, 4),
    "b": (0, 3),
    "e": (2, 4),
    "a": (0, 1, 4),
}


def measure(families: Sequence[FrameworkFile], pythons: Mapping[str, str]) -> Iterator[Rule]:
    """Yield the rule of each window of each surface, as it is measured.

    ``pythons`` maps frameworks to the interpreters that have them.
    """
    for family in families:
        for variant, environment in (family.variants or {"": {}}).items():
            python = interpreter(pythons, family.framework, environment)
            templates = dict.fromkeys(surface.template for surface in surfaces() if surface.family is family)
            for template in templates:
                yield from _of_template(template, family, variant, python)


def sampled(
    families: Sequence[FrameworkFile], pythons: Mapping[str, str]
) -> Iterator[tuple[Surface, Window, str, Point]]:
    """Yield a few calls of each window of each surface, and what they showed: the first of those that are measured."""
    for family in families:
        for variant, environment in (family.variants or {"": {}}).items():
            asked = [
                (surface, window, sizes)
                for surface in surfaces()
                if surface.family is family
                for window in surface.windows
                for sizes in _sizes(surface, window)[:SAMPLE]
            ]
            python = interpreter(pythons, family.framework, environment)
            for (surface, window, _), point in zip(asked, _points(asked, python), strict=True):
                yield surface, window, variant, point


def _of_template(template: str, family: FrameworkFile, variant: str, python: Interpreter) -> Iterator[Rule]:
    """Yield the rules of a function for all of its numbers of axes."""
    chosen = [each for each in surfaces() if each.template == template and each.family is family]
    asked = [(each, window, sizes) for each in chosen for window in each.windows for sizes in _sizes(each, window)]
    points: dict[str, dict[int, list[Point]]] = {}
    for (surface, window, _), point in zip(asked, _points(asked, python), strict=True):
        points.setdefault(window.key, {}).setdefault(surface.axes, []).append(point)
    conditions = {window.key: window.asked for each in chosen for window in each.windows}
    for key, by_axes in points.items():
        words = Words(
            template=template, operator=chosen[0].operator, window=key, variant=variant, asked=conditions[key]
        )
        yield from fitting.fit(words, by_axes, BEYOND)


def _points(asked: Sequence[tuple[Surface, Window, Sizes]], python: Interpreter) -> Iterator[Point]:
    """Yield what each call showed, in order."""
    probes = [_probe(*each) for each in asked]
    arrays = [_arrays(probe, _at(probe.surface)) for probe in probes]
    answers = ask([_program(*each) for each in zip(probes, arrays, strict=True)], python)
    for (surface, _, sizes), inputs, outcome in zip(asked, arrays, answers, strict=True):
        yield _point(surface, sizes, inputs, outcome)


def _sizes(surface: Surface, window: Window) -> list[dict[str, int]]:
    """Return the sizes of the calls: some of the grid, then some beyond it. The choice is the same each time."""
    chance = random.Random(zlib.crc32(f"{surface.name} {window.key}".encode()))  # noqa: S311 - no secret
    letters = "nks" + ("d" if surface.parameter("dilations") else "") + window.letters.replace("o", "")
    chosen = []
    for grid, count in ((_GRID, POINTS[surface.axes]), (_BEYOND, BEYOND[surface.axes])):
        every = [dict(zip(letters, each, strict=True)) for each in itertools.product(*(grid[name] for name in letters))]
        chance.shuffle(every)
        every = [sizes for sizes in every if not _is_left_out(window, sizes)]
        chosen += [_with_size(sizes, chance, window) for sizes in itertools.islice(itertools.cycle(every), count)]
    return chosen


def _is_left_out(window: Window, sizes: Sizes) -> bool:
    return bool(window.asked) and not rules.is_so(window.asked, {"d": 1, **sizes})


def _with_size(sizes: Mapping[str, int], chance: random.Random, window: Window) -> dict[str, int]:
    """Return sizes with a dilation, and with a size of the result where the call gives one: near those that fit."""
    whole = {"d": 1, **sizes}
    if "o" not in window.letters:
        return whole
    full = (whole["n"] - 1) * whole["s"] + extent(whole["k"], whole["d"])
    pads = 2 * whole.get("p", 0) + whole.get("b", 0) + whole.get("e", 0)
    about = chance.choice([full - pads, whole["n"] * whole["s"], (whole["n"] - 1) * whole["s"] + 1])
    return whole | {"o": max(about + chance.randrange(-1, whole["s"] + 1), 1)}


def _at(surface: Surface) -> int:
    """Return the axis that is measured: the middle one of three, the last of two."""
    return surface.axes // 2


def _probe(surface: Surface, window: Window, sizes: Sizes) -> Probe:
    axes = tuple(sizes if axis == _at(surface) else _TRIVIAL for axis in range(surface.axes))
    return Probe(surface=surface, window=window, axes=axes)


def _arrays(probe: Probe, at: int) -> dict[str, Array]:
    sizes = probe.axes[at]
    spatial = [each["n"] for each in probe.axes]
    value = numbers(sizes["n"], 1).reshape(arranged(probe.surface.value, 1, spatial, 1))
    if probe.surface.operator == "max_unpool":
        return {"value": value, "indices": np.zeros(value.shape, np.int64)}
    if not probe.surface.filter:
        return {"value": value}
    kernel = [each["k"] for each in probe.axes]
    layout = probe.window.filter
    shape = [size for letter in layout for size in (kernel if letter == "*" else [1])]
    return {"value": value, "filter": numbers(sizes["k"], 2).reshape(shape)}


def _program(probe: Probe, arrays: Mapping[str, Array]) -> Program:
    text = program(probe.surface, call(probe), {name: name for name in arrays}, applied(probe))
    return Program(text=text, inputs=arrays)


def _point(surface: Surface, sizes: Sizes, arrays: Mapping[str, Array], outcome: Outcome) -> Point:
    if not isinstance(outcome, Returned):
        return Point(sizes=sizes, seen=None)
    kernel = arrays.get("filter", np.ones(0)).ravel()
    result = outcome.arrays["output"].ravel().astype(np.float64)
    return Point(sizes=sizes, seen=seen(surface.operator, sizes, arrays["value"].ravel(), kernel, result))
