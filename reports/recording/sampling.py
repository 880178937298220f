"""How many of the cases a target is asked. Pure: a case is asked, or not, whatever else is selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters.base import ModeOptions
from cases.coverage import dimensions
from cases.model import dtypes, shapes
from cases.model.case import Case

_LIMITS: Final = ("dtypes", "operators", "spatial_axes")
LIMITS: Final = {"one_in", *_LIMITS}
"""The facts of a target that was not asked every case."""
COVERING: Final = "pairs"
"""The topic whose cases have every value that a call can have: of these a mode is asked as many as have each."""


def asked(cases: Sequence[Case], options: ModeOptions, *, slow: bool) -> set[str]:
    """The ids of a file's cases that a mode is asked.

    ``cases`` is the whole file. Of the n cases in the mode's dtypes, a mode that is asked one in N gets n / N, rounded
    up, unless ``slow``: the middle one of each of so many equal parts. A topic of less than a quarter of N gets none.
    Of the topic of ``COVERING`` it gets as many as have every value that occurs there instead.
    Wrong calls are asked everywhere: what becomes of one says nothing of the next. Cases that are slow themselves are
    left out of all that, unless ``slow``.
    """
    usual = [case for case in cases if fits(case, options) and (slow or not case.slow)]
    wrong = {case.id for case in usual if case.invalid is not None}
    fitting = [case for case in usual if case.id not in wrong]
    if slow or options.one_in == 1:
        return {case.id for case in usual}
    chosen = [*_covering(fitting)] or _spread(fitting, options.one_in)
    return wrong | {case.id for case in chosen}


def _spread(cases: Sequence[Case], one_in: int) -> Iterator[Case]:
    count = -(-len(cases) // one_in) if 4 * len(cases) >= one_in else 0
    yield from (cases[(2 * part + 1) * len(cases) // (2 * count)] for part in range(count))


def _covering(cases: Sequence[Case]) -> Iterator[Case]:
    """Of the topic of pairs, few cases that have each value which occurs.

    First of those that hardly any framework refuses: a case that is refused says nothing of its other values.
    """
    pairs = [case for case in cases if case.topic == COVERING and dimensions.counts(case)]
    chosen: list[Case] = []
    for part in ([case for case in pairs if _is_usual(case)], pairs):
        chosen += _fewest(part, had={value for case in chosen for value in dimensions.values(case)})
    yield from chosen


def _is_usual(case: Case) -> bool:
    whole = all(0 not in spec.shape for spec in case.inputs.values())
    return case.dtype in dtypes.FLOATS and set(shapes.dilations(case)) == {1} and whole


def _fewest(cases: Sequence[Case], had: set[dimensions.Value]) -> Iterator[Case]:
    """Always the case that has most values which none had so far, of equal ones the first."""
    values = {case.id: {*dimensions.values(case)} for case in cases}
    missing = set().union(*values.values()) - had
    while missing:
        best = max(cases, key=lambda case: len(values[case.id] & missing))
        missing -= values[best.id]
        yield best


def fits(case: Case, options: ModeOptions) -> bool:
    """Whether a mode's limits admit a case, however many it is asked."""
    limits: tuple[tuple[object, Sequence[object]], ...] = (
        (case.dtype, options.dtypes),
        (case.operator, options.operators),
        (len(case.strides), options.spatial_axes),
    )
    return all(not allowed or value in allowed for value, allowed in limits)


def facts(options: ModeOptions, *, slow: bool) -> dict[str, object]:
    """What a run's header says of a mode that is not asked every case: ``one_in`` and its other limits."""
    thin: dict[str, object] = {"sampled": True} if options.one_in > 1 else {}
    thin |= {"one_in": options.one_in} if options.one_in > 1 and not slow else {}
    limits = {name: list(getattr(options, name)) for name in _LIMITS if getattr(options, name)}
    return {**thin, **limits}


def is_asked_all(facts: Mapping[str, object]) -> bool:
    """Whether a target, of which a run's header says this, was asked every case."""
    return not LIMITS & facts.keys()


def describe(options: ModeOptions, *, slow: bool) -> str:
    """The same for people; empty if a mode is asked every case."""
    thin = options.one_in > 1 and not slow
    every = f"every {_ordinal(options.one_in)} case of a topic, of pairs some with each value (all with --slow)"
    parts = [every] if thin else []
    parts += [f"values of {' and '.join(options.dtypes)} only"] if options.dtypes else []
    parts += [f"{', '.join(options.operators)} only"] if options.operators else []
    parts += [f"{' and '.join(map(str, options.spatial_axes))} spatial axes only"] if options.spatial_axes else []
    return ", ".join(parts)


def _ordinal(number: int) -> str:
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
