"""The page of padding semantics: each meaning with its rule and pictures, who has it, and where words part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from cases.model.case import Operator
from cases.model.shapes import extent
from reports.pages import markdown
from reports.surfaces import recipes, rules
from reports.surfaces.candidates import ALWAYS
from reports.surfaces.catalogue import Surface, spoken, surfaces
from reports.surfaces.recipes import Recipe
from reports.surfaces.rules import Rule, RulesFile

_PARTS: Final = {
    "conv_transpose": "Transposed convolution",
    "conv": "Convolution",
    "max_pool": "Max pooling",
    "avg_pool": "Average pooling",
    "max_unpool": "Max unpooling",
}
_COUNTS: Final = {
    "plain": "elements inside the image",
    "counts padding": "elements inside the padded image",
    "counts all": "all elements of the window",
    "wraps": "elements of a ring",
}
_EXAMPLES: Final = ({"n": 3, "k": 3, "s": 2}, {"n": 3, "k": 2, "s": 3}, {"n": 4, "k": 4, "s": 2})
"""The sizes of the pictures: an odd kernel, a kernel below the stride, and an even kernel."""
_MORE: Final = {"d": 1, "p": 1, "b": 1, "e": 0, "a": 1}
_SMALL: Final = [
    {"n": n, "k": k, "s": s, "d": 1, **{letter: _MORE[letter] for letter in "pbea"}, "o": n * s}
    for n, k, s in itertools.product(range(1, 6), range(1, 5), range(1, 5))
]
_WORDS: Final = {
    "SAME": ("SAME", "SAME_UPPER"),
    "VALID": ("VALID",),
    "SAME_LOWER": ("SAME_LOWER",),
    "CIRCULAR": ("CIRCULAR",),
}
"""A word -> how functions write it. ONNX writes SAME_UPPER for what others call SAME."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A rule with those of the same meaning: surfaces with their words."""

    rule: Rule
    operator: str
    said: tuple[str, ...]


def page(found: RulesFile) -> str:
    """Return the page of the measured rules."""
    parts = [_part(operator, found.rules) for operator in _PARTS]
    return markdown.page(
        "padding_semantics.md",
        measured=f"{sum(rule.measured for rule in found.rules):,}",
        checked=f"{sum(rule.checked for rule in found.rules):,}",
        versions=", ".join(f"{name} {version}" for name, version in found.measured.items()),
        short=_short(found.rules),
        parts=parts,
    )


def _short(every: Sequence[Rule]) -> pd.DataFrame:
    """Return what SAME means in each function that has the word: the length, and pictures."""
    chosen = [rule for rule in _about("conv_transpose", every) if _has_word(rule, "SAME")]
    meanings: dict[tuple[str, ...], list[str]] = {}
    for row in _rows(chosen, "conv_transpose"):
        cells = _cells(row)
        meanings.setdefault((cells["length"], *(cells[_sizes(sizes)] for sizes in _EXAMPLES)), []).extend(row.said)
    names = ("length", *map(_sizes, _EXAMPLES))
    return pd.DataFrame(
        [{"said by": "; ".join(said), **dict(zip(names, key, strict=True))} for key, said in meanings.items()]
    )


def _sizes(sizes: Mapping[str, int]) -> str:
    return f"n={sizes['n']}, k={sizes['k']}, s={sizes['s']}"


def recipes_page(found: RulesFile) -> str:
    """Return the page of recipes, which the rules of ``rules.load`` give."""
    parts = [{"title": _PARTS[operator], "table": _recipes(operator)} for operator in RECIPES]
    versions = ", ".join(f"{name} {version}" for name, version in found.measured.items())
    return markdown.page("recipes.md", sizes=len(recipes.GRID), versions=versions, parts=parts)


RECIPES: Final[tuple[Operator, ...]] = ("conv_transpose", "conv", "max_pool")
"""The operators of which recipes are searched. A mean also divides by something, which no window says."""


def _recipes(operator: Operator) -> pd.DataFrame:
    titles = list(dict.fromkeys(surface.family.title for surface in surfaces()))
    rows = []
    for same, found in recipes.recipes(operator):
        said = dict.fromkeys(end.said.replace("=o)", "=n * s)") for end in same)
        cells = {end.surface.family.title: "the same" for end in same}
        cells |= {each.other.surface.family.title: _recipe(each) for each in found}
        if found:
            where = recipes.taken(same[0])
            left = ", ".join(said) + (
                "" if where == ALWAYS else f"; it takes `{where}`" if where else "; not all sizes"
            )
            rows.append({"instead of": left, **{title: cells.get(title, "none") for title in titles}})
    return pd.DataFrame(rows)


def _recipe(found: Recipe) -> str:
    return f"`{found.said}`" + ("" if found.domain == ALWAYS else f" where `{found.domain}`")


def _part(operator: str, every: Sequence[Rule]) -> dict[str, Any]:
    chosen = _about(operator, every)
    rows = [*_rows(chosen, operator)]
    exceptions = [
        f"{_said(rule, operator)}: {rule.exceptions} of {rule.measured + rule.checked} calls, e.g. {rule.unlike[0]}"
        for rule in chosen
        if rule.exceptions
    ]
    return {
        "title": _PARTS[operator],
        "operator": operator,
        "table": pd.DataFrame([_cells(row) for row in rows]),
        "where": _where(rows),
        "exceptions": exceptions,
    }


def _about(operator: str, every: Sequence[Rule]) -> list[Rule]:
    """Return the rules of an operator's functions."""
    known = {surface.template for surface in surfaces() if _kind(surface) == operator}
    return [rule for rule in every if known.intersection(rule.surfaces)]


def _kind(surface: Surface) -> str:
    return "max_pool" if surface.operator == "max_pool_argmax" else surface.operator


def _rows(chosen: Sequence[Rule], operator: str) -> Iterator[_Row]:
    """Yield one row for each meaning, with all surfaces that have it."""
    groups: dict[tuple[Any, ...], list[Rule]] = {}
    for rule in chosen:
        exact = bool(rule.exceptions)
        groups.setdefault((rule.length, rule.offset, rule.outside, rule.admits, rule.rotated, exact), []).append(rule)
    for same in groups.values():
        yield _Row(rule=same[0], operator=operator, said=tuple(dict.fromkeys(_said(rule, operator) for rule in same)))


def _said(rule: Rule, operator: str) -> str:
    """Return the functions that a rule is about, with the words that choose the window."""
    found: dict[str, list[str]] = {}
    for surface in surfaces():
        if surface.template in rule.surfaces and surface.axes in rule.axes and _kind(surface) == operator:
            words = next((each.said(surface) for each in surface.windows if each.key == rule.window), None)
            if words is not None:
                names = found.setdefault(f"({words})" if words else "()", [])
                names.append(spoken(surface))
    variants = f" by {', '.join(rule.variants)}" if rule.variants != ("",) else ""
    axes = f" on {rule.axes[0]} {'axis' if rule.axes[0] == 1 else 'axes'}" if len(rule.axes) == 1 else ""
    where = "" if rule.when == ALWAYS else f" where `{rule.when}`"
    return (
        "; ".join(f"`{'`, `'.join(dict.fromkeys(names))}` `{words}`" for words, names in found.items())
        + variants
        + axes
        + where
    )


def _cells(row: _Row) -> Mapping[str, str]:
    rule = row.rule
    pictures = {_sizes(sizes): _picture(row, sizes) for sizes in _EXAMPLES}
    cells = {
        "said by": "; ".join(row.said),
        "length": _expression(rule, rule.length),
        "offset": _expression(rule, rule.offset),
        "sizes it takes": _expression(rule, rule.admits),
    }
    if row.operator == "max_unpool":
        return {name: text for name, text in cells.items() if name != "offset"}
    if row.operator == "avg_pool":
        cells["divides by"] = _COUNTS[rule.outside]
    elif rule.outside == "wraps":
        cells["offset"] += ", on a ring"
    if row.operator.startswith("conv"):
        cells["filter"] = "rotated" if rule.rotated else "as defined"
    return cells | pictures


def _expression(rule: Rule, text: str | None) -> str:
    """Return a rule's expression as a cell shows it; ``mostly`` if some calls were unlike the rule."""
    if text is None or rule.is_loose:
        return "no simple rule"
    return "anything" if text == ALWAYS else f"`{text}`" + (" mostly" if rule.exceptions else "")


def _picture(row: _Row, sizes: Mapping[str, int]) -> str:
    """Return a small picture of a window, or why there is none."""
    whole = {**sizes, **_MORE, "o": sizes["n"] * sizes["s"]}
    rule = row.rule
    if rule.length is None or rule.offset is None or rule.is_loose:
        return ""
    length, offset = rules.number(rule.length, whole), rules.number(rule.offset, whole)
    if length < 1 or (rule.admits and not rules.admits(rule.admits, whole, length)):
        return "refused"
    if rule.outside == "wraps":
        return f"{length} elements"
    if row.operator == "conv_transpose":
        full = (whole["n"] - 1) * whole["s"] + extent(whole["k"], 1)
        inside = range(offset, offset + length)
        marks = (_mark(at in inside, 0 <= at < full) for at in range(min(offset, 0), max(full, offset + length)))
        return f"`{''.join(marks)}`"
    starts = range(-offset, length * whole["s"] - offset, whole["s"])
    read = {start + element for start in starts for element in range(whole["k"])}
    places = range(min(0, *read), max(whole["n"], max(read) + 1))
    return f"`{''.join(_mark(at in read, 0 <= at < whole['n']) for at in places)}`"


def _mark(inside: bool, there: bool) -> str:  # noqa: FBT001 - two plain questions
    return ("#" if inside else ".") if there else "0" if inside else " "


def _where(rows: Sequence[_Row]) -> pd.DataFrame | None:
    """Return the smallest sizes at which functions that use the same word part, for each pair of meanings."""
    found = [line for word in _WORDS for line in _parted(word, rows)]
    return pd.DataFrame(found) if found else None


def _parted(word: str, rows: Sequence[_Row]) -> Iterator[Mapping[str, str]]:
    using = [row for row in rows if _has_word(row.rule, word)]
    told = set()
    for one, other in itertools.combinations(using, 2):
        for sizes in sorted(_SMALL, key=lambda each: (each["n"] + each["k"] + each["s"], *each.values())):
            windows = [_window(row.rule, sizes) for row in (one, other)]
            if None not in windows and windows[0] != windows[1]:
                if frozenset(windows) in told:  # others part in the same way
                    break
                told.add(frozenset(windows))
                yield {
                    "word": word,
                    "n, k, s": f"{sizes['n']}, {sizes['k']}, {sizes['s']}",
                    "(length, offset)": f"{windows[0]} for {one.said[0]}",
                    "and": f"{windows[1]} for {other.said[0]}",
                }
                break


def _has_word(rule: Rule, word: str) -> bool:
    """Tell whether a rule is of a word alone, or of the word with a size; what has numbers of its own is not."""
    window = rule.window.upper()
    named = any(f"{name}='{text}'" in window for name, text in itertools.product(("PADDING", "AUTO_PAD"), _WORDS[word]))
    return named and "<NUMBER>" not in window and bool(rule.length and rule.offset) and not rule.is_loose


def _window(rule: Rule, sizes: Mapping[str, int]) -> tuple[int, int] | None:
    length, offset = rules.number(str(rule.length), sizes), rules.number(str(rule.offset), sizes)
    fits = length > 0 and (rule.admits is None or rules.admits(rule.admits, sizes, length))
    return (length, offset) if fits else None
