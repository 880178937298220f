"""The search for a condition, in the expression language of facts: the few terms that tell some calls from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.loading.properties import properties
from cases.model.case import Case

_FLAGS: Final = (
    *("dilated", "explicit", "channels_first", "depthwise", "gradients", "empty", "biased", "not_finite", "pads"),
    *("include_batch_in_index", "window_beyond_image", "gaps", "grows", "padding_is_odd", "windows_overlap"),
    *(
        "overhangs",
        "plain",
        "windows_reach_end",
        "window_has_nan",
        "window_of_nan_alone",
        "window_of_lowest_alone",
        "integer",
    ),
)
_COMPARED: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    'padding == "SAME"': ("padding", lambda padding: padding == "SAME"),
    'padding == "VALID"': ("padding", lambda padding: padding == "VALID"),
    "groups > 1": ("groups", lambda groups: groups > 1),
    "groups == 1": ("groups", lambda groups: groups == 1),
    "strides | max > 1": ("strides", lambda strides: max(strides) > 1),
    "strides | max == 1": ("strides", lambda strides: max(strides) == 1),
    "kernel | max == 1": ("kernel", lambda kernel: max(kernel) == 1),
    "batch == 0": ("batch", lambda batch: batch == 0),
    "batch > 0": ("batch", lambda batch: batch > 0),
}
_LISTED: Final = ("rule", "argument", "axes", "dtype", "operator")
"""Properties of which a condition lists the values. They are given up last, the operator at the very last."""
_Term = tuple[str, str, Callable[[Any], bool]]
"""The text of a term, the property that it reads, and whether the property's value meets it."""


class Reader:
    """Properties of cases, each found once: many terms of many groups read the same."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Any] = {}

    def holds(self, term: _Term, case: Case) -> bool:
        """Tell whether a case meets a term. A term about what the case has not, or of another type, is not met."""
        value = self.property(case, term[1])
        try:
            return value is not None and bool(term[2](value))
        except (TypeError, ValueError):  # a wrong call may give a number, true or nothing where sizes belong
            return False

    def property(self, case: Case, name: str) -> Any:
        """Return a property of a case; None if the case has no such property."""
        key = case.id, name
        if key not in self._found:
            try:
                self._found[key] = properties(case, [name])[name]
            except ValueError:
                self._found[key] = None
        return self._found[key]


def condition(cases: Sequence[Case], others: Sequence[Case], read: Reader) -> tuple[str, int]:
    """Return the fewest terms that all ``cases`` meet and no other does, and how many others do all the same."""
    terms = _terms(cases, read)
    is_wrong = cases[0].invalid is not None  # of wrong calls, a condition has to read the rule
    others = [case for case in others if (case.invalid is not None) == is_wrong]
    met = np.array([[read.holds(term, case) for term in terms] for case in others], dtype=np.bool_)
    met = met.reshape(len(others), len(terms))
    kept, least = list(range(len(terms))), _meeting(met, range(len(terms)))
    for number in range(len(terms)):
        without = [place for place in kept if place != number]
        stays = terms[number][1] in ({"rule", "argument", "operator"} if is_wrong else {"operator"})
        if without and not stays and _meeting(met, without) == least:
            kept = without
    return " and ".join(text for text, _, _ in (terms[place] for place in reversed(kept))), least


def _meeting(met: npt.NDArray[np.bool_], terms: Iterable[int]) -> int:
    """Return how many of the other calls meet all of these terms."""
    return int(met[:, list(terms)].all(axis=1).sum())


def _terms(cases: Sequence[Case], read: Reader) -> list[_Term]:
    """Return the terms that all cases meet, in the order in which they are given up."""
    flags: list[_Term] = [(f"not {name}", name, lambda value: not value) for name in _FLAGS]
    flags += [(text, name, meets) for text, (name, meets) in reversed(_COMPARED.items())]
    flags += [(name, name, bool) for name in reversed(_FLAGS)]
    found = [term for term in flags if all(read.holds(term, case) for case in cases)]
    for name in _LISTED:
        values = sorted({read.property(case, name) for case in cases}, key=str)
        if values not in ([""], [None]) and None not in values:
            found.append((_listed(name, values), name, frozenset(values).__contains__))
    return found


def _listed(name: str, values: Sequence[Any]) -> str:
    said = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return f"{name} == {said[0]}" if len(said) == 1 else f"{name} in [{', '.join(said)}]"
