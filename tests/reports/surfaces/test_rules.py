"""Rules fitted to calls, and the committed ones: each speaks of every window of the catalogue, and can be evaluated."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reports.commands.porting.measure import PAGE, _kept
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
    apart = {
        axes: [replace(each, sizes={**each.sizes, "a": 1}) for each in some] for axes, some in ((1, one), (2, two))
    }
    found = fitting.fit(_words(), apart, {1: 8, 2: 8})
    assert {rule.axes: rule.length for rule in found} == {(1,): "n * s", (2,): "n * s + a"}


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


def test_rules_with_exceptions_are_not_put_together_with_those_of_others() -> None:
    exact = _fit(_points(lambda z: z["n"] * z["s"], lambda _: 0))[0]
    loose = exact.model_copy(update={"surfaces": ("g",), "exceptions": 3, "unlike": ("n=1",)})
    assert len(merged([exact, loose])) == 2


def test_a_rule_of_several_functions_stays_for_those_that_are_not_measured_again() -> None:
    points = _points(lambda z: z["n"] * z["s"], lambda _: 0)
    both = merged([fitting.fit(_words(name), {1: points}, {1: 8})[0] for name in "fg"])
    assert [rule.surfaces for rule in _kept(both, {"f"})] == [("g",)]
    assert [*_kept(both, {"f", "g"})] == []


def test_what_is_unlike_its_rule_in_more_than_a_quarter_of_the_calls_is_no_rule() -> None:
    rule = _fit(_points(lambda z: z["n"] * z["s"], lambda _: 0))[0]
    assert not rule.model_copy(update={"exceptions": len(GRID) // 4}).is_loose
    assert rule.model_copy(update={"exceptions": len(GRID) // 4 + 1}).is_loose


def test_the_committed_rules_of_transposed_convolution_are_those_of_documentation() -> None:
    """Each is written out in its framework's documentation or source."""
    sizes = {"n": 5, "k": 4, "s": 3, "d": 1, "p": 1, "a": 2, "b": 2, "e": 1}
    expected = {
        ("torch.nn.functional.conv_transpose{r}d", "padding=<number>, output_padding=<number>"): (16, 1),
        ("keras.ops.conv_transpose", "padding='same', output_padding=None"): (15, 0),
        ("linen.ConvTranspose", "padding=<pairs>, transpose_kernel=True"): (13, 1),
        ("ConvTranspose", "padding=<pads>, auto_pad='NOTSET', output_padding=<number>, output_size=None"): (15, 2),
    }
    for (name, window), place in expected.items():
        found = [rule for rule in rules.load().rules if name in rule.surfaces and rule.window == window]
        assert {(rules.number(str(rule.length), sizes), rules.number(str(rule.offset), sizes)) for rule in found} == {
            place
        }


def test_the_committed_page_is_that_of_the_committed_rules() -> None:
    """If not: run ``python -m reports measure``, or render the page of the rules again."""
    assert PAGE.read_text(encoding="utf-8") == page.page(rules.load())


def test_rules_that_are_written_are_read_again(tmp_path: Path) -> None:
    found = _fit(_points(lambda z: z["n"] * z["s"], lambda _: 0))
    rules.write(tmp_path / "rules.yaml", {"torch": "2.13.0"}, found)
    assert rules.load(tmp_path / "rules.yaml").rules == found
