"""The simplest condition on sizes that separates right answers from wrong ones exactly. It is found by trying.

A word is a statement about one axis. A group is up to three words that hold together. A condition is up to three
groups. A case meets a condition if one of the groups holds on each axis. A condition counts only if every right answer
meets it and no wrong answer meets it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis

Word = Callable[[Case, Axis], bool]
"""A statement about one axis of a case, as a function that tells whether it holds."""
Group = tuple[str, ...]
"""Words that hold together."""
_Held = npt.NDArray[np.bool_]
_MOST: Final = 3
"""The most groups of a condition, and the most words of a group. A longer condition is not simple."""


def condition(cases: Sequence[Case], right: Sequence[bool], words: Mapping[str, Word]) -> list[Group] | None:
    """Return the simplest condition that exactly the right cases meet; None if there is no such condition.

    Fewer groups are simpler, then fewer words, then words that stand earlier in ``words``. An empty list means that no
    case is right. A list of one empty group means that every case is right.
    """
    wanted, held = np.array(right, dtype=np.bool_), _held(cases, words)
    if not wanted.any():
        return []
    if wanted.all():
        return [()]
    groups = _sound(held, wanted)
    choices = [choice for count in range(1, _MOST + 1) for choice in itertools.combinations(groups, count)]
    choices.sort(key=lambda choice: (len(choice), sum(map(len, choice))))
    for choice in choices:
        if np.array_equal(_all_axes(np.logical_or.reduce([groups[group] for group in choice])), wanted):
            return list(choice)
    return None


def _held(cases: Sequence[Case], words: Mapping[str, Word]) -> dict[str, _Held]:
    """Return for each word where it holds: [case, axis]."""
    axes = [[(case, axis) for axis in shapes.axes(case)] for case in cases]
    return {name: np.array([[word(*pair) for pair in pairs] for pairs in axes]) for name, word in words.items()}


def _sound(held: dict[str, _Held], wanted: _Held) -> dict[Group, _Held]:
    """Return the groups that can be part of a condition, and where each holds: [case, axis].

    A group can be part if it holds somewhere in a right case, and if no wrong case has it on every axis. A group that
    only adds words to a shorter one is left out.
    """
    found: dict[Group, _Held] = {}
    for group in _groups(held):
        where = np.logical_and.reduce([held[name] for name in group])
        is_new = not any(set(shorter) <= set(group) for shorter in found)
        if is_new and where[wanted].any() and not (_all_axes(where) & ~wanted).any():
            found[group] = where
    return found


def _groups(held: dict[str, Any]) -> Iterator[Group]:
    for count in range(1, _MOST + 1):
        yield from itertools.combinations(held, count)


def _all_axes(where: _Held) -> _Held:
    """Return for which cases something holds on every axis: [case]."""
    return np.asarray(where.all(axis=1))


def sentence(groups: list[Group] | None, words: Mapping[str, Word]) -> str:
    """Return a condition as the end of a sentence that says when something is right."""
    if groups is None:
        return f"in some cases, and no {_MOST} of these conditions tell which: {'; '.join(words)}"
    if not groups:
        return "nowhere"
    if groups == [()]:
        return "everywhere"
    return f"exactly where, on each axis, {'; or '.join(' and '.join(group) for group in groups)}"
