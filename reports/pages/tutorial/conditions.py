"""The simplest condition on sizes that tells right answers from wrong ones exactly, found by trying, not typed.

A condition is said of an axis and must hold on every axis of a case: some of a few words, or several of them together,
or up to three such groups of which one holds. It counts only if it holds for every right answer and for no wrong one.
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
Group = tuple[str, ...]
_Held = npt.NDArray[np.bool_]
_MOST: Final = 3
"""Groups of a condition, and words of a group: what is longer is no simple condition."""


def condition(cases: Sequence[Case], right: Sequence[bool], words: Mapping[str, Word]) -> list[Group] | None:
    """The groups of words of which one holds on each axis of just those cases that are right; None if none do.

    The fewest groups, then the fewest words, then the words that stand first. No groups at all: nothing is right.
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
    """Word -> where it holds: [case, axis]."""
    axes = [[(case, axis) for axis in shapes.axes(case)] for case in cases]
    return {name: np.array([[word(*pair) for pair in pairs] for pairs in axes]) for name, word in words.items()}


def _sound(held: dict[str, _Held], wanted: _Held) -> dict[Group, _Held]:
    """The groups that hold on every axis of no wrong case, without those that hold less often than a shorter one."""
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
    return np.asarray(where.all(axis=1))


def sentence(groups: list[Group] | None, words: Mapping[str, Word]) -> str:
    """A condition as the end of a sentence that says when something is right."""
    if groups is None:
        return f"in some cases, and no {_MOST} of these conditions tell which: {'; '.join(words)}"
    if not groups:
        return "nowhere"
    if groups == [()]:
        return "everywhere"
    return f"exactly where, on each axis, {'; or '.join(' and '.join(group) for group in groups)}"
