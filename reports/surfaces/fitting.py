"""Fitting rules to what calls showed: the simplest candidate of which all calls are true, else the best one."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cases.loading.expressions import expression
from cases.model.case import Operator
from reports.surfaces.candidates import ADMITTED, ALWAYS, LENGTHS, OFFSETS, SPLITS
from reports.surfaces.rules import Rule, admits, is_so, names, number, told
from reports.surfaces.seeing import OUTSIDE, Place, Seen
from reports.surfaces.writing import Sizes

_OUTWARD: Final = ("conv_transpose", "max_unpool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A call of one axis with its sizes, and what it showed; None if the framework refused it."""

    sizes: Sizes
    seen: Seen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The function and the words that a rule is about: those of ``catalogue.Surface``.

    ``asked`` is the condition of the sizes that are asked; of others a rule does not speak.
    """

    template: str
    operator: Operator
    window: str
    variant: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitting:
    """The calls that one rule is fitted to, and those of larger sizes that it is then held against."""

    words: Words
    axes: tuple[int, ...]
    points: tuple[Point, ...]
    beyond: tuple[Point, ...]

    def where(self, when: str) -> _Fitting:
        """Return the fitting of those calls for which a condition is true."""
        near, far = (tuple(each for each in some if is_so(when, each.sizes)) for some in (self.points, self.beyond))
        return replace(self, points=near, beyond=far)


def fit(words: Words, by_axes: Mapping[int, Sequence[Point]], beyond: Mapping[int, int]) -> list[Rule]:
    """Return the rules of a function's window: one, or one for each number of axes or each kind of sizes.

    ``by_axes`` holds the calls for each number of axes; the last ``beyond`` of them are not fitted to.
    """
    parts = {axes: (some[: -beyond[axes]], some[-beyond[axes] :]) for axes, some in by_axes.items()}
    near, far = (tuple(itertools.chain(*(part[which] for part in parts.values()))) for which in (0, 1))
    whole = _Fitting(words=words, axes=(*parts,), points=near, beyond=far)
    best = _split(whole)
    if _exceptions(best) and len(parts) > 1:
        apart = [
            rule
            for axes, (points, more) in parts.items()
            for rule in _split(replace(whole, axes=(axes,), points=tuple(points), beyond=tuple(more)), best)
        ]
        best = apart if _exceptions(apart) * 2 < _exceptions(best) else best
    return best


def _exceptions(rules: Iterable[Rule]) -> int:
    return sum(rule.exceptions for rule in rules)


def _split(whole: _Fitting, before: Sequence[Rule] = ()) -> list[Rule]:
    """Return the rule of all calls; two rules if sizes of two kinds follow each its own.

    Of candidates that fit alike, those of the rules ``before`` are taken.
    """
    best, known = [_fit(whole, ALWAYS, before)], _known(whole.points)
    for pair in SPLITS:
        if not _exceptions(best):
            break
        if all(expression(when).names <= known for when in pair):
            halves = [_fit(whole.where(when), when, before) for when in pair]
            best = halves if _exceptions(halves) * 2 < _exceptions(best) else best
    return [rule for rule in best if rule.measured]


def _known(points: Iterable[Point]) -> set[str]:
    return {"length", "true"}.union(*(names(each.sizes) for each in points))


def _fit(whole: _Fitting, when: str, before: Sequence[Rule]) -> Rule:
    """Return the rule that fits the calls best, with those of which it is not true."""
    outward, points = whole.words.operator in _OUTWARD, whole.points
    answered = [each for each in points if each.seen is not None]
    length = _best([*_texts(before, "length"), *LENGTHS[outward]], answered, _has_length)
    rotated, outside = _shared(answered)
    lies = functools.partial(_lies, rotated=rotated, outside=outside)
    rule = Rule(
        surfaces=(whole.words.template,),
        axes=whole.axes,
        window=whole.words.window,
        variants=(whole.words.variant,),
        when=when,
        length=length,
        offset=_best([*_texts(before, "offset"), *OFFSETS[outward]], answered, lies),
        rotated=rotated,
        outside=outside,
        admits=_admitting(points, length, _texts(before, "admits")),
        measured=len(points),
        checked=len(whole.beyond),
        refused=sum(each.seen is None for each in (*points, *whole.beyond)),
        exceptions=0,
        unlike=(),
    )
    unlike = sorted((each for each in (*points, *whole.beyond) if not is_true(each, rule)), key=_weight)
    counted = {"exceptions": len(unlike), "unlike": tuple(map(described, unlike[:3]))}
    return rule.model_copy(update={**counted, "admits": _with(whole.words.asked, rule.admits)})


def _with(asked: str, admits: str | None) -> str | None:
    """Return what a call admits of the sizes that are asked."""
    if not asked or admits is None:
        return admits
    return asked if admits == ALWAYS else f"{asked} and ({admits})"


def _best(candidates: Iterable[str], points: Sequence[Point], fits: Callable[[Point, str], bool]) -> str | None:
    """Return the first candidate that fits all points, else the one that fits most, if it fits more than half."""
    known = _known(points)
    counted: dict[str, int] = {}
    for text in candidates:
        if not expression(text).names <= known:
            continue
        counted[text] = sum(fits(each, text) for each in points)
        if counted[text] == len(points):
            return text
    best = max(counted, key=lambda text: counted[text], default=None)
    return best if best is not None and counted[best] * 2 > len(points) else None


def _has_length(point: Point, text: str) -> bool:
    return point.seen is not None and number(text, point.sizes) == point.seen.length


def _lies(point: Point, text: str, *, rotated: bool, outside: str) -> bool:
    place = Place(offset=number(text, point.sizes), rotated=rotated, outside=outside)
    return point.seen is not None and (point.seen.length == 0 or place in point.seen.places)


def _shared(points: Sequence[Point]) -> tuple[bool, str]:
    """Return the orientation and what lies outside that most points admit; of several the simplest."""
    kinds = [(rotated, outside) for rotated in (False, True) for outside in OUTSIDE]
    found = [{(place.rotated, place.outside) for place in point.seen.places} for point in points if point.seen]
    return max(kinds, key=lambda kind: sum(kind in each for each in found))


def _texts(rules: Iterable[Rule], part: str) -> list[str]:
    return [text for text in (getattr(rule, part) for rule in rules) if text is not None]


def _admitting(points: Sequence[Point], length: str | None, first: Sequence[str]) -> str | None:
    return _best(
        [*first, *ADMITTED], points, lambda point, text: _admits(point, text, length) == (point.seen is not None)
    )


def _admits(point: Point, text: str, length: str | None) -> bool:
    return admits(text, point.sizes, number(length, point.sizes) if length else 1)


def is_true(point: Point, rule: Rule) -> bool:
    """Tell whether a call showed what its rule says."""
    if rule.admits is not None and _admits(point, rule.admits, rule.length) != (point.seen is not None):
        return False
    if point.seen is None:
        return rule.admits is not None
    if rule.length is None or rule.offset is None:
        return False
    lies = _lies(point, rule.offset, rotated=rule.rotated, outside=rule.outside)
    return _has_length(point, rule.length) and lies


def _weight(point: Point) -> tuple[int, ...]:
    return (sum(point.sizes.values()), *point.sizes.values())


def described(point: Point) -> str:
    """Return a call's sizes and what they showed, in words."""
    if point.seen is None:
        return f"{told(point.sizes)}: refused"
    offsets = sorted({place.offset for place in point.seen.places})
    return f"{told(point.sizes)}: length {point.seen.length}, offset {' or '.join(map(str, offsets[:4])) or 'none'}"


def merged(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules, those that say the same of several variants, axes or surfaces put together."""
    for names_of in ("variants", "axes", "surfaces"):
        groups: dict[str, Rule] = {}
        for rule in rules:
            counts = {"measured", "checked", "refused", "exceptions", "unlike"}
            key = rule.model_dump_json(exclude={names_of, *(() if rule.exceptions else counts)})
            groups[key] = _joined(groups[key], rule, names_of) if key in groups else rule
        rules = list(groups.values())
    return sorted(rules, key=lambda rule: (rule.surfaces, rule.window, rule.axes, rule.variants, rule.when))


def _joined(one: Rule, other: Rule, names_of: str) -> Rule:
    sums = {
        name: getattr(one, name) + getattr(other, name) for name in ("measured", "checked", "refused", "exceptions")
    }
    joined = tuple(sorted({*getattr(one, names_of), *getattr(other, names_of)}))
    return one.model_copy(update={names_of: joined, **sums, "unlike": (*one.unlike, *other.unlike)[:3]})
