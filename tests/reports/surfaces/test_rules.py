"""Rules fitted to calls, and the committed ones: each speaks of every window of the catalogue, and can be evaluated."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.commands.porting.measure import PAGE
from reports.surfaces import fitting, page, rules
from reports.surfaces.catalogue import surfaces
from reports.surfaces.fitting import Point, Words, merged
from reports.surfaces.rules import Rule
from reports.surfaces.seeing import Place, Seen

GRID = [
    {"n": n, "k": k, "s": s, "d": d} for n, k, s, d in itertools.product((1, 2, 3, 4), (1, 2, 3), (1, 2, 3), (1, 2))
]
Law = Callable[[dict[str, int]], int]


def _points(length: Law, offset: Law, admits: Callable[[dict[str, int]], bool] = lambda _: True) -> list[Point]:
    return [
        Point(
            sizes=sizes,
            seen=Seen(length=length(sizes), places=frozenset({Place(offset=offset(sizes))})) if admits(sizes) else None,
        )
        for sizes in GRID
    ]


def _words(template: str = "f{r}d", variant: str = "") -> Words:
    return Words(template=template, operator="conv_transpose", window="padding='SAME'", variant=variant)


def _fit(points: list[Point], beyond: int = 8) -> list[Rule]:
    return fitting.fit(_words(), {1: points}, {1: beyond})


def _span(sizes: dict[str, int]) -> int:
    return (sizes["k"] - 1) * sizes["d"] + 1


def test_the_rule_of_same_is_found() -> None:
    points = _points(lambda z: z["n"] * z["s"], lambda z: max(_span(z) - z["s"], 0) // 2)
    [rule] = _fit(points)
    assert (rule.length, rule.offset, rule.admits, rule.exceptions) == ("n * s", "max(x - s, 0) // 2", "true", 0)
    assert (rule.measured, rule.checked) == (len(GRID) - 8, 8)


def test_sizes_that_are_refused_get_their_condition() -> None:
    [rule] = _fit(_points(lambda z: z["n"] * z["s"], lambda _: 0, lambda z: z["s"] == 1 or z["d"] == 1))
    assert (rule.admits, rule.exceptions) == ("s == 1 or d == 1", 0)
    assert rule.refused == sum(z["s"] > 1 and z["d"] > 1 for z in GRID)


def test_two_kinds_of_sizes_get_a_rule_each() -> None:
    found = _fit(_points(lambda z: z["n"] * z["s"] if z["d"] == 1 else (z["n"] - 1) * z["s"] + _span(z), lambda _: 0))
    assert {rule.when: rule.length for rule in found} == {"d == 1": "n * s", "d > 1": "full"}
    assert not any(rule.exceptions for rule in found)


def test_what_no_candidate_fits_is_counted_and_shown() -> None:
    points = _points(lambda z: z["n"] * z["s"] + (7 if z["n"] == 3 else 0), lambda _: 0)
    [rule] = _fit(points)
    assert (rule.length, rule.exceptions) == ("n * s", sum(z["n"] == 3 for z in GRID))
    assert rule.unlike[0] == "n=3, k=1, s=1, d=1: length 10, offset 0"


def test_a_rule_is_held_against_larger_sizes_that_it_was_not_fitted_to() -> None:
    points = _points(lambda z: z["n"] * z["s"], lambda _: 0)
    odd = Point(sizes={"n": 9, "k": 3, "s": 2, "d": 1}, seen=Seen(length=19, places=frozenset({Place(offset=0)})))
    [rule] = _fit([*points, odd], beyond=1)
    assert (rule.exceptions, rule.unlike) == (1, ("n=9, k=3, s=2, d=1: length 19, offset 0",))


def test_numbers_of_axes_that_follow_other_rules_are_told_apart() -> None:
    one, two = _points(lambda z: z["n"] * z["s"], lambda _: 0), _points(lambda z: z["n"] * z["s"] + 1, lambda _: 0)
    found = fitting.fit(_words(), {1: one, 2: one[:1] + two[1:]}, {1: 8, 2: 8})
    assert {axis for rule in found for axis in rule.axes} == {1, 2}
    assert len({rule.length for rule in found}) == 2 or any(rule.exceptions for rule in found)


def test_equal_rules_are_put_together() -> None:
    points = _points(lambda z: z["n"] * z["s"], lambda _: 0)
    made = [fitting.fit(_words(name, variant), {1: points}, {1: 8})[0] for name in "fg" for variant in "ab"]
    [rule] = merged(made)
    assert (rule.surfaces, rule.variants, rule.measured) == (("f", "g"), ("a", "b"), 4 * (len(GRID) - 8))


def test_every_window_of_the_catalogue_was_measured() -> None:
    sizes = {"n": 5, "k": 3, "s": 1, "d": 1, "p": 0, "b": 0, "e": 0, "a": 0, "o": 5}
    lacking = [
        f"{surface.name}: {window.key} {variant}"
        for surface in surfaces()
        for window in surface.windows
        for variant in surface.family.variants or {"": {}}
        if rules.find(surface, window, variant, sizes) is None
    ]
    assert not lacking


@pytest.mark.parametrize("rule", rules.load().rules, ids=lambda rule: f"{rule.surfaces[0]} {rule.window}")
def test_a_committed_rule_can_be_evaluated(rule: Rule) -> None:
    sizes = {"n": 5, "k": 3, "s": 2, "d": 1, "p": 1, "b": 1, "e": 0, "a": 1, "o": 10}
    for text in (rule.length, rule.offset):
        assert text is None or isinstance(rules.number(text, sizes), int)
    assert rule.admits is None or rules.admits(rule.admits, sizes, 9) in {True, False}
    assert rule.measured > 0


def test_the_committed_page_is_that_of_the_committed_rules() -> None:
    """If not: run ``python -m reports measure``, or render the page of the rules again."""
    assert PAGE.read_text(encoding="utf-8") == page.page(rules.load())


def test_rules_that_are_written_are_read_again(tmp_path: Path) -> None:
    found = _fit(_points(lambda z: z["n"] * z["s"], lambda _: 0))
    rules.write(tmp_path / "rules.yaml", {"torch": "2.13.0"}, found)
    assert rules.load(tmp_path / "rules.yaml").rules == found
