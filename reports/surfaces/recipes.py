"""Recipes: what to write in another framework for a word, for all sizes of a kind, by the measured rules.

For every two windows the arguments of the second are solved for each size of a grid. A recipe is printed if one
expression for each argument gives them all, on a domain that one condition says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cases.loading.expressions import expression
from cases.model.case import Operator
from cases.model.shapes import extent
from reports.surfaces import rules
from reports.surfaces.catalogue import Surface, Window, spoken, surfaces
from reports.surfaces.writing import Sizes

_AXES: Final = 2
"""The number of spatial axes for which recipes are found."""
_ANY: Final = {"n": 5, "k": 3, "s": 2, "d": 1, "p": 1, "b": 1, "e": 1, "a": 0, "o": 10}
"""Sizes that tell the rule of a window whose rules differ by size."""
GRID: Final = [
    {"n": n, "k": k, "s": s, "d": d}
    for n, k, s, d in itertools.product((1, 2, 3, 5, 8), (1, 2, 3, 4, 5), (1, 2, 3, 4), (1, 2))
]
_GIVEN: Final = {"p": (0, 1, 2), "a": (0, 1), "b": (0, 1, 2), "e": (0, 1)}
_ARGUMENTS: Final = (
    *("0", "p", "a", "b", "e", "n * s", "full", "max(x - s, 0) // 2", "ceil(max(x - s, 0) / 2)", "max(s - x, 0)"),
    *("full - 2 * p + a", "full - b - e + a", "x - 1", "x - 1 - p", "x - 1 - b", "x - 1 - p + a", "x - 1 - e", "s - 1"),
    *("min(s, x) - 1", "x - 1 - max(x - s, 0) // 2", "s - 1 - max(s - x, 0)", "ceil(n / s)", "max(x - s, 0)", "p - a"),
    *("x - 1 + max(s - x, 0)", "n * s + max(x - s, 0)", "x - 1 - ceil(max(x - s, 0) / 2)", "s - x + max(x - s, 0)"),
    *("x - 1 - ceil(max(x - s, 0) / 2) + max(s - x, 0)", "min(n * s, full)", "p - min(p, a)", "a - min(p, a)"),
    *("max((ceil(n / s) - 1) * s + x - n, 0) // 2", "ceil(max((ceil(n / s) - 1) * s + x - n, 0) / 2)"),
    *("max(p - a, 0)", "max(a - p, 0)", "e - min(e, a)", "a - min(e, a)", "x - 1 - e + a", "ceil((x - 1) / 2)"),
    *("x - 1 - (x - 1 if s > x - 1 else ceil((x + s - 2) / 2))", "max(full - n * s, 0) // 2", "(x - 1) // 2"),
)
"""The candidates for an argument, the simplest first."""
DOMAINS: Final = (
    *("true", "d == 1", "x >= s", "x <= s", "s == 1", "(x - s) % 2 == 0", "x < s or (x - s) % 2 == 0", "a == 0"),
    *("x <= s or (x - s) % 2 == 0", "x >= s and (x - s) % 2 == 0", "s == 1 and x % 2 == 1", "x % 2 == 1", "x == s"),
    *("(ceil(n / s) - 1) * s + x > n", "max((ceil(n / s) - 1) * s + x - n, 0) % 2 == 0", "n >= x"),
    *("p < x", "b < x", "p < x and a == 0", "b < x and e < x", "p == 0", "a < s", "p >= a", "d == 1 and x >= s"),
    *("d == 1 and a < s", "d == 1 and x <= s", "s == 1 or d == 1", "p < x and a <= p", "d == 1 and a == 0"),
)
"""The candidates for the sizes for which a recipe holds. What the call itself refuses is no part of the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One window of one function, by one back end."""

    surface: Surface
    window: Window
    variant: str

    @property
    def name(self) -> str:
        """Return the function's name, with N for its number of axes."""
        return spoken(self.surface)

    @property
    def said(self) -> str:
        """Return the function with its words, and with the back end if it has several."""
        return f"`{self.name}({self.window.said(self.surface)})`" + (f" by {self.variant}" if self.variant else "")

    def place(self, sizes: Sizes) -> tuple[int, int] | None:
        """Return the length and the offset for an axis of these sizes; None if there are none, or no rule."""
        rule = rules.find(self.surface, self.window, self.variant, sizes)
        if rule is None or rule.length is None or rule.offset is None or rule.outside == "wraps" or rule.exceptions:
            return None
        length = rules.number(rule.length, sizes)
        if length < 1 or (rule.admits is not None and not rules.admits(rule.admits, sizes, length)):
            return None
        return length, rules.number(rule.offset, sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The arguments with which ``other`` is ``one``, by letter, and the domain: a condition on the sizes.

    ``share`` is the number of sizes of the grid for which it holds.
    """

    one: End
    other: End
    arguments: tuple[tuple[str, str], ...]
    domain: str
    share: int

    @property
    def said(self) -> str:
        """Return the call to write, with its arguments as expressions."""
        words = self.other.window.said(self.other.surface)
        for letter, text in self.arguments:
            words = re.sub(rf"(?<=[(=, ]){letter}(?=[,)]|$)", text, words)
        return f"{self.other.name}({words})"


def recipes(operator: Operator) -> Iterator[tuple[tuple[End, ...], list[Recipe]]]:
    """Yield each meaning, as the windows that have it, with its best recipe in each other framework."""
    ends = [*_ends(operator)]
    for same in _meanings(ends):
        one = same[0]
        grid = [(sizes, place) for sizes in sizes_of(one) if (place := one.place(sizes)) is not None]
        inside = {end.surface.family.title for end in same}
        best: dict[str, Recipe] = {}
        for other in ends if grid else ():
            title = other.surface.family.title
            found = None if title in inside else recipe_of(one, other, grid)
            if found is not None and (title not in best or _rank(found) > _rank(best[title])):
                best[title] = found
        yield same, [*best.values()]


def taken(one: End) -> str:
    """Return the condition of the sizes that a window takes: ``true`` if it takes all, empty if none says it."""
    grid = [(sizes, one.place(sizes)) for sizes in sizes_of(one)]
    holds = [place is not None for _, place in grid]
    return next((text for text in DOMAINS if _says(text, [(sizes, (0, 0)) for sizes, _ in grid], holds)), "")


def _rank(recipe: Recipe) -> tuple[int, int]:
    return recipe.share, -len(recipe.said)


def _meanings(ends: Sequence[End]) -> list[tuple[End, ...]]:
    """Return the windows, those of one rule together."""
    groups: dict[tuple[Any, ...], list[End]] = {}
    for end in ends:
        rule = rules.find(end.surface, end.window, end.variant, _ANY)
        if rule is not None and not rule.exceptions:
            groups.setdefault((rule.length, rule.offset, rule.outside, rule.when), []).append(end)
    return [tuple(group) for group in groups.values()]


def _ends(operator: Operator) -> Iterator[End]:
    """Yield the windows of functions, and those of layers that no function has."""
    chosen = [each for each in surfaces() if each.operator == operator and each.axes == _AXES]
    functions = {
        (each.family.title, window.said(each)) for each in chosen if each.kind == "function" for window in each.windows
    }
    for surface in chosen:
        for window, variant in itertools.product(surface.windows, surface.family.variants or {"": {}}):
            is_own = surface.kind == "function" or (surface.family.title, window.said(surface)) not in functions
            rule = rules.find(surface, window, variant, _ANY)
            if is_own and rule is not None and not rule.rotated:
                yield End(surface=surface, window=window, variant=variant)


def sizes_of(end: End) -> Iterator[dict[str, int]]:
    """Yield the sizes of the grid for a window, with its numbers; a size that is asked for is n * s."""
    letters = [letter for letter in end.window.letters if letter in _GIVEN]
    for sizes in GRID:
        if sizes["d"] > 1 and end.surface.parameter("dilations") is None:
            continue
        for given in itertools.product(*(_GIVEN[letter] for letter in letters)):
            whole = {**sizes, **dict(zip(letters, given, strict=True))}
            yield whole | ({"o": sizes["n"] * sizes["s"]} if "o" in end.window.letters else {})


def recipe_of(one: End, other: End, grid: Sequence[tuple[Sizes, tuple[int, int]]]) -> Recipe | None:
    """Return the recipe of a window for another one's places on a grid; None if there is none."""
    solved = [(sizes, _solved(other, sizes, place)) for sizes, place in grid]
    holds = [found is not None for _, found in solved]
    if not any(holds):
        return None
    domain = next((text for text in DOMAINS if _says(text, grid, holds)), None)
    arguments = _expressed(other, [(sizes, found) for sizes, found in solved if found is not None])
    if domain is None or arguments is None:
        return None
    return Recipe(one=one, other=other, arguments=arguments, domain=domain, share=sum(holds))


def _says(text: str, grid: Sequence[tuple[Sizes, tuple[int, int]]], holds: Sequence[bool]) -> bool:
    if not expression(text).names <= {"true", *rules.names(grid[0][0])}:
        return False
    return all(rules.is_so(text, sizes) == held for (sizes, _), held in zip(grid, holds, strict=True))


def _solved(end: End, sizes: Sizes, place: tuple[int, int]) -> dict[str, int] | None:
    """Return the arguments with which a window lies where it has to, if there are such."""
    plain = {letter: sizes[letter] for letter in "nksd"}
    if plain["d"] > 1 and end.surface.parameter("dilations") is None:
        return None
    tries = _outward if end.surface.operator == "conv_transpose" else _inward
    for given in tries(plain, place):
        chosen = {letter: given[letter] for letter in end.window.letters}
        if min(chosen.values(), default=0) >= 0 and end.place({**plain, **chosen}) == place:
            return chosen
    return None


def _inward(sizes: Mapping[str, int], place: tuple[int, int]) -> Iterator[dict[str, int]]:
    """Yield the arguments of windows on an image by letter."""
    length, offset = place
    reach = (length - 1) * sizes["s"] + extent(sizes["k"], sizes["d"])
    yield {"p": offset, "b": offset, "e": max(reach - offset - sizes["n"], 0)}


def _outward(sizes: Mapping[str, int], place: tuple[int, int]) -> Iterator[dict[str, int]]:
    """Yield the arguments by letter: as padding of the result, and as padding of the dilated value."""
    length, offset = place
    span = extent(sizes["k"], sizes["d"])
    full = (sizes["n"] - 1) * sizes["s"] + span
    behind = full - offset - length
    yield {"p": offset, "a": length - full + 2 * offset, "b": offset, "e": max(behind, 0), "o": length}
    yield {"p": offset, "a": max(-behind, 0), "b": offset, "e": max(behind, 0), "o": length}
    yield {"p": offset, "a": 0, "b": span - 1 - offset, "e": span - 1 - behind, "o": length}


def _expressed(end: End, solved: Sequence[tuple[Sizes, Mapping[str, int]]]) -> tuple[tuple[str, str], ...] | None:
    """Return an expression for each argument that gives all solved ones; None if there is none."""
    known = set(rules.names(solved[0][0]))
    found = []
    for letter in end.window.letters:
        fitting = (
            text
            for text in _ARGUMENTS
            if expression(text).names <= known
            and all(rules.number(text, sizes) == arguments[letter] for sizes, arguments in solved)
        )
        text = next(fitting, None)
        if text is None:
            return None
        found.append((letter, text))
    return tuple(found)
