"""The cases that a target is asked. Pure: the other selected cases do not change whether a case is asked."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.base import ModeOptions
from cases.model.case import Case

_LIMITS: Final = ("dtypes", "operators", "spatial_axes")
"""The options of a mode that limit which cases it takes."""
LIMITS: Final = {"one_in", *_LIMITS}
"""The facts that a target has in a run's header only if it was not asked every case."""
SIZES_ONLY: Final = "sizes_only"
"""The fact that a target has in a run's header if its answers are shapes and dtypes alone."""
WHOLE: Final = "whole"
"""The fact that a target has in a run's header if a pipeline is one call of it, and returns only its end."""
LARGE: Final = "large"
"""The topic of joint draws in which one quantity is large."""
JOINT: Final = ("drawn", LARGE, "layers", "rare", "rare_in_layers", "invalid_drawn")
"""The topics of joint draws, and what is rare in layers, which was found by them."""
JOINT_TIMES: Final = 8
_WRONG_ONE_IN: Final = 3
"""A slow mode is asked so many of a topic's wrong calls."""
_IN_EARNEST: Final = {"gradients"}
"""The topics that a slow mode is asked as if they were joint draws. So are those of ``_WITH_INDICES``."""
_WITH_INDICES: Final = {"max_pool_argmax", "max_unpool"}
_SLOW_BEYOND: Final = 64
"""A mode that is asked one case in more than this is slow, and is asked little."""
_WHOLE_TOPICS: Final = {"strides"}
_WHOLE_FOLDERS: Final = {"document", "pipelines"}
"""What a mode is asked as a whole unless it is slow, because people look for it first."""


def asked(cases: Sequence[Case], options: ModeOptions, *, slow: bool, values: Container[str] = frozenset()) -> set[str]:
    """Return the ids of a file's cases that a mode is asked.

    ``cases`` is the whole file, which is one topic. A case beyond the mode's limits is never asked. A slow case is
    asked only if ``slow``. All other cases are asked if ``slow`` or if the mode is not sampled. A mode that is asked
    one case in N is asked these:

    - if N is at most ``_SLOW_BEYOND``, every wrong call and every call without a right answer, because one wrong call
      says nothing about another, and every case of ``_WHOLE_TOPICS`` and ``_WHOLE_FOLDERS``; else one wrong call in
      ``_WRONG_ONE_IN`` of those that are not drawn;
    - those whose ids are among ``values``: the suite's cases that together have every value of their operator;
    - of the n other cases n / N, rounded up: the middle case of each of that many equal parts. It is asked none
      if n is less than N / 4;
    - in the topics ``JOINT``, ``JOINT_TIMES`` times as many, because joint draws find more than grids do. So is a slow
      mode in each topic of gradients and of indices, and there it is asked one case at least.
    """
    usual = [case for case in cases if fits(case, options) and (slow or not case.slow)]
    if slow or options.one_in == 1:
        return {case.id for case in usual}
    is_slow = options.one_in > _SLOW_BEYOND
    alone = {case.id for case in usual if case.id in values or (not is_slow and _is_asked_alone(case))}
    rest = [case for case in usual if case.id not in alone]
    wrong = [case for case in rest if case.invalid is not None and case.topic not in JOINT]
    valid = [case for case in rest if case.invalid is None or case.topic in JOINT]
    chosen = [*_spread(wrong, _WRONG_ONE_IN), *_sampled(valid, options.one_in, is_slow=is_slow)]
    return alone | {case.id for case in chosen}


def _is_asked_alone(case: Case) -> bool:
    """Tell whether a mode that is not slow is asked a case whatever the others of its topic are."""
    is_whole = case.topic in _WHOLE_TOPICS or Path(case.file).parent.name in _WHOLE_FOLDERS
    return case.invalid is not None or case.behaviour is not None or is_whole


def _sampled(cases: Sequence[Case], one_in: int, *, is_slow: bool) -> Iterator[Case]:
    """Yield the cases that a mode is asked of a topic's rest."""
    if not cases:
        return
    first, often = cases[0], max(one_in // JOINT_TIMES, 1)
    if is_slow and (first.topic in _IN_EARNEST or first.operator in _WITH_INDICES):
        yield from _spread(cases, min(often, len(cases)))
    elif first.topic in JOINT:
        yield from _spread(cases, often)
    else:
        yield from _spread(cases, one_in)


def _spread(cases: Sequence[Case], one_in: int) -> Iterator[Case]:
    """Yield the middle case of each of n / ``one_in`` equal parts; none if n is less than a quarter of ``one_in``."""
    count = -(-len(cases) // one_in) if 4 * len(cases) >= one_in else 0
    yield from (cases[(2 * part + 1) * len(cases) // (2 * count)] for part in range(count))


def fits(case: Case, options: ModeOptions) -> bool:
    """Tell whether a mode's limits admit a case. Sampling does not matter here."""
    limits: tuple[tuple[object, Sequence[object]], ...] = (
        (case.dtype, options.dtypes),
        (case.operator, options.operators),
        (len(case.strides), options.spatial_axes),
    )
    return all(not allowed or value in allowed for value, allowed in limits)


def options_of(facts: Mapping[str, object]) -> ModeOptions:
    """Return the limits of a mode from a target's facts in a run's header."""
    return ModeOptions(**{name: facts[name] for name in LIMITS & facts.keys()})  # type: ignore[arg-type]


def facts(options: ModeOptions, *, slow: bool) -> dict[str, object]:
    """Return what a run's header says about a mode that is not asked every case: ``one_in`` and its limits.

    A mode that is by default asked one case in so many is marked ``sampled``, also where ``slow`` asks it every case.
    So are one whose answers have no values and one whose pipelines are one call each. Return an empty dict for a mode
    that is always asked every case.
    """
    thin: dict[str, object] = {"sampled": True} if options.one_in > 1 else {}
    thin |= {"one_in": options.one_in} if options.one_in > 1 and not slow else {}
    limits = {name: list(getattr(options, name)) for name in _LIMITS if getattr(options, name)}
    kinds = {name: True for name in (SIZES_ONLY, WHOLE) if getattr(options, name)}
    return {**thin, **limits, **kinds}


def is_asked_all(facts: Mapping[str, object]) -> bool:
    """Tell from a target's facts in a run's header whether the target was asked every case."""
    return not LIMITS & facts.keys()


def is_asked_any(facts: Mapping[str, object]) -> bool:
    """Tell from a target's facts in a run's header whether it may be asked a case of any kind, at least with --slow."""
    return not facts.keys() & set(_LIMITS)


def describe(options: ModeOptions, *, slow: bool) -> str:
    """Return in words which cases a mode is asked; empty if it is asked every case."""
    thin = options.one_in > 1 and not slow
    wrong = "a third of the wrong calls" if options.one_in > _SLOW_BEYOND else "wrong calls"
    more = f"of joint draws more, {wrong}, and some with each value"
    every = f"every {_ordinal(options.one_in)} case of a topic, {more} (all with --slow)"
    parts = [every] if thin else []
    parts += [f"values of {' and '.join(options.dtypes)} only"] if options.dtypes else []
    parts += [f"{', '.join(options.operators)} only"] if options.operators else []
    parts += [f"{' and '.join(map(str, options.spatial_axes))} spatial axes only"] if options.spatial_axes else []
    return ", ".join(parts)


def _ordinal(number: int) -> str:
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
