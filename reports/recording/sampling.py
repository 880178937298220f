"""The cases that a target is asked. Pure: the other selected cases do not change whether a case is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters.base import ModeOptions
from cases.coverage import dimensions, numbers, sizes
from cases.model import dtypes, shapes
from cases.model.case import Case

_LIMITS: Final = ("dtypes", "operators", "spatial_axes")
"""The options of a mode that limit which cases it takes."""
LIMITS: Final = {"one_in", *_LIMITS}
"""The facts that a target has in a run's header only if it was not asked every case."""
_APART: Final = {"sizes": sizes.VALUES, "numbers": numbers.VALUES}
COVERING: Final = ("pairs", *_APART)
"""The topics whose cases together have every value that a call can have: those of size and those of numbers stand in
topics of these names. A sampled mode is asked enough of them to have each value once."""

LARGE: Final = "large"
"""The topic of joint draws in which one quantity is large."""
JOINT: Final = ("drawn", LARGE, "layers")
"""The topics of joint draws."""
JOINT_TIMES: Final = 4


def asked(cases: Sequence[Case], options: ModeOptions, *, slow: bool) -> set[str]:
    """Return the ids of a file's cases that a mode is asked.

    ``cases`` is the whole file, which is one topic. A case beyond the mode's limits is never asked. A slow case is
    asked only if ``slow``. All other cases are asked if ``slow`` or if the mode is not sampled. A mode that is asked
    one case in N is asked these:

    - every wrong call, because one wrong call says nothing about another; and if N is at most ``JOINT_TIMES``, every
      call without a right answer, for the same reason;
    - of the n valid cases n / N, rounded up: the middle case of each of that many equal parts. It is asked none if n is
      less than N / 4;
    - in the topics ``COVERING``, instead of that, enough cases to have every value that occurs there;
    - in the topics ``JOINT``, ``JOINT_TIMES`` times as many, because joint draws find more than grids do.
    """
    usual = [case for case in cases if fits(case, options) and (slow or not case.slow)]
    if slow or options.one_in == 1:
        return {case.id for case in usual}
    alone = {case.id for case in usual if case.invalid is not None or _is_cheap_and_unlike(case, options)}
    valid = [case for case in usual if case.id not in alone]
    often = bool(valid) and valid[0].topic in JOINT
    chosen = [*_covering(valid)] or _spread(valid, max(options.one_in // JOINT_TIMES, 1) if often else options.one_in)
    return alone | {case.id for case in chosen}


def _is_cheap_and_unlike(case: Case, options: ModeOptions) -> bool:
    return case.behaviour is not None and options.one_in <= JOINT_TIMES


def _spread(cases: Sequence[Case], one_in: int) -> Iterator[Case]:
    """Yield the middle case of each of n / ``one_in`` equal parts; none if n is less than a quarter of ``one_in``."""
    count = -(-len(cases) // one_in) if 4 * len(cases) >= one_in else 0
    yield from (cases[(2 * part + 1) * len(cases) // (2 * count)] for part in range(count))


def _covering(cases: Sequence[Case]) -> Iterator[Case]:
    """Yield a few cases of a topic of ``COVERING`` that together have every value of the topic.

    Cases that hardly any framework refuses are chosen first. A refused case says nothing about its other values.
    """
    pairs = [case for case in cases if case.topic in COVERING and dimensions.counts(case)]
    chosen: list[Case] = []
    for part in ([case for case in pairs if _is_usual(case)], pairs):
        chosen += _fewest(part, had={value for case in chosen for value in _values(case)})
    yield from chosen


def _values(case: Case) -> set[dimensions.Value]:
    """Return the values of a case that its topic stands for: those of size, those of numbers, or all others."""
    if case.topic in _APART:
        return {value for value in dimensions.values(case) if value[0] in _APART[case.topic]}
    return {*dimensions.kinds(case)}


def _is_usual(case: Case) -> bool:
    """Tell whether hardly any framework refuses a case: floating-point, not dilated, and not empty."""
    whole = all(0 not in spec.shape for spec in case.inputs.values())
    return case.dtype in dtypes.FLOATS and set(shapes.dilations(case)) == {1} and whole


def _fewest(cases: Sequence[Case], had: set[dimensions.Value]) -> Iterator[Case]:
    """Yield the case with the most values that are still missing, again and again; the first one of equal cases."""
    values = {case.id: _values(case) for case in cases}
    missing = set().union(*values.values()) - had
    while missing:
        best = max(cases, key=lambda case: len(values[case.id] & missing))
        missing -= values[best.id]
        yield best


def fits(case: Case, options: ModeOptions) -> bool:
    """Tell whether a mode's limits admit a case. Sampling does not matter here."""
    limits: tuple[tuple[object, Sequence[object]], ...] = (
        (case.dtype, options.dtypes),
        (case.operator, options.operators),
        (len(case.strides), options.spatial_axes),
    )
    return all(not allowed or value in allowed for value, allowed in limits)


def facts(options: ModeOptions, *, slow: bool) -> dict[str, object]:
    """Return what a run's header says about a mode that is not asked every case: ``one_in`` and its limits.

    A mode that is by default asked one case in so many is marked ``sampled``, also where ``slow`` asks it every case.
    Return an empty dict for a mode that is always asked every case.
    """
    thin: dict[str, object] = {"sampled": True} if options.one_in > 1 else {}
    thin |= {"one_in": options.one_in} if options.one_in > 1 and not slow else {}
    limits = {name: list(getattr(options, name)) for name in _LIMITS if getattr(options, name)}
    return {**thin, **limits}


def is_asked_all(facts: Mapping[str, object]) -> bool:
    """Tell from a target's facts in a run's header whether the target was asked every case."""
    return not LIMITS & facts.keys()


def describe(options: ModeOptions, *, slow: bool) -> str:
    """Return in words which cases a mode is asked; empty if it is asked every case."""
    thin = options.one_in > 1 and not slow
    covering = f"{', '.join(COVERING[:-1])} and {COVERING[-1]}"
    more = f"of {covering} some with each value, of joint draws {JOINT_TIMES} times as many"
    every = f"every {_ordinal(options.one_in)} case of a topic, {more} (all with --slow)"
    parts = [every] if thin else []
    parts += [f"values of {' and '.join(options.dtypes)} only"] if options.dtypes else []
    parts += [f"{', '.join(options.operators)} only"] if options.operators else []
    parts += [f"{' and '.join(map(str, options.spatial_axes))} spatial axes only"] if options.spatial_axes else []
    return ", ".join(parts)


def _ordinal(number: int) -> str:
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
