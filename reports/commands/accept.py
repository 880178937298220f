"""``python -m reports accept``: draft facts about what is new in a run, for the author of a backend to edit.

Answers are grouped by what happened: the exception with its message, the end of the process, or the kind of difference
with its diagnosis. For each group a condition is searched: the operators, and as few terms more as separate the group's
calls from the calls that passed on the same targets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import yaml

from cases.loading.properties import properties
from cases.model.case import Case
from reports.judging import behaviours
from reports.judging.ending import ending
from reports.judging.facts import Fact
from reports.judging.judge import begin, judged
from reports.recording.options import UsageError
from reports.recording.run import Run
from reports.recording.targets import adapter_of, version_of

_FLAGS: Final = (
    *("dilated", "explicit", "channels_first", "depthwise", "gradients", "empty", "biased", "not_finite", "pads"),
    *("include_batch_in_index", "window_beyond_image", "gaps", "grows", "padding_is_odd", "windows_overlap"),
    *("windows_reach_end", "window_has_nan", "window_of_nan_alone", "window_of_minus_infinity_alone", "integer"),
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
_WORDS: Final = 70
"""The most characters of a summary that a draft quotes."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--to", type=Path, help="a file to write to; default: standard output")
    parser.set_defaults(command=accept)


def accept(run: Run, options: argparse.Namespace) -> int:
    """Print a draft for each group of answers that are new, and return 0."""
    begin(run, behaviours.load_for(run))
    facts = drafts(run)
    text = yaml.safe_dump(facts, sort_keys=False, width=116, allow_unicode=True) if facts else ""
    if options.to is not None:
        _write(options.to, text)
    elif text:
        print(text, end="")
    print(f"{len(facts)} drafts; reproduce each, then say in `fact` what the framework does", file=sys.stderr)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--to {path}: cannot write there ({error.strerror}); give a file that can be written"
        raise UsageError(msg) from None


_Term = tuple[str, str, Callable[[Any], bool]]
"""The text of a term, the property that it reads, and whether the property's value meets it."""


class _Read:
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


@dataclass(slots=True, kw_only=True)
class _Group:
    """Answers that are new and alike, and the end that a fact would say of them."""

    end: dict[str, Any]
    summary: str
    cases: dict[str, Case] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)


def drafts(run: Run) -> list[dict[str, Any]]:
    """Return a fact for each group of new answers, as YAML holds it; the largest group first.

    The steps of pipelines are left out: the facts about single calls speak of them as well.
    """
    groups: dict[tuple[str, str, bool], _Group] = {}
    passed: dict[str, dict[str, Case]] = {}
    read = _Read()
    for case, target, verdict in judged(run):
        if verdict.follows == "new" and not case.steps and verdict.difference is not None:
            end = ending(run, case, target, verdict)
            key = adapter_of(target), repr(end), case.invalid is None
            found = groups.setdefault(key, _Group(end=end, summary=verdict.summary))
            found.cases[case.id] = case
            found.targets.add(target)
        elif verdict.follows == "pass" and verdict.status == "passed":
            passed.setdefault(target, {})[case.id] = case
    ordered = sorted(groups.values(), key=lambda group: -len(group.cases))
    return [_draft(run, group, passed, read) for group in ordered]


def _draft(run: Run, group: _Group, passed: Mapping[str, Mapping[str, Case]], read: _Read) -> dict[str, Any]:
    others = {name: case for target in group.targets for name, case in passed.get(target, {}).items()}
    others = {name: case for name, case in others.items() if name not in group.cases}
    where, wrongly = _condition(list(group.cases.values()), list(others.values()), read)
    target = min(group.targets)
    major, _, rest = version_of(run, target).partition(".")
    fact = {
        "fact": f"DRAFT, {len(group.cases)} cases: {' '.join(group.summary.split())[:_WORDS]}",
        "targets": sorted(group.targets),
        "versions": f"=={major}.{rest.partition('.')[0]}.*" if rest else ">=0",
        "where": where,
        **group.end,
        **({"depends_on": f"DRAFT: {wrongly} calls that meet the condition passed"} if wrongly else {}),
        "link": "not reported yet",
    }
    Fact.model_validate(fact)
    return fact


def _condition(cases: Sequence[Case], others: Sequence[Case], read: _Read) -> tuple[str, int]:
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


def _terms(cases: Sequence[Case], read: _Read) -> list[_Term]:
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
