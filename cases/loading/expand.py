"""Entries of a case file -> Cases: a grid gives one case for each combination of its values.

A fault loses only its entry, or only its combination of a grid. All other cases of the file are still made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from cases.loading.build import build
from cases.loading.entries import Entry, Gridded
from cases.loading.grid import Combination, combinations, keeps, pairwise
from cases.loading.pipeline.calls import build_pipeline
from cases.loading.pipeline.entries import PipelineEntry
from cases.loading.schema import NOT_IN_GRIDS, AnyFile
from cases.loading.sizes import BuildError
from cases.loading.yaml_document import Document, Location, suggest
from cases.model.case import Case

_MOST: Final = 20_000
"""The combinations of a grid, before ``where`` and ``combine`` leave some out."""


class _FaultError(Exception):
    """A fault of an entry: its place in the file, and the ``name`` of the lost case, if the message needs it."""

    def __init__(self, at: Location, message: str, name: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The cases by their ids, and the faults, of the entries that have been added.

    ``prefix`` is the part of the ids that names the file. Each fault is one line: ``file:line:column: what and what
    to do``.
    """

    document: Document
    file: AnyFile
    prefix: str
    cases: dict[str, Case] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, number: int, entry: Gridded) -> None:
        """Add the cases and the faults of an entry. ``number`` is the entry's position in the file's list."""
        at: Location = ("cases", number)
        try:
            if entry.grid is None:
                self._add_single(at, entry)
            else:
                self._add_grid(at, entry, entry.grid)
        except _FaultError as fault:
            self._report([fault])

    def _add_single(self, at: Location, entry: Gridded) -> None:
        if entry.name is None:
            raise _FaultError(at, "an entry without a grid needs a name")
        if entry.where is not None:
            raise _FaultError((*at, "where"), "where needs a grid, and this entry has none; remove it")
        if "combine" in entry.model_fields_set:
            raise _FaultError((*at, "combine"), "combine needs a grid, and this entry has none; remove it")
        self._build(at, entry, Combination(values={}, positions={}))

    def _add_grid(self, at: Location, entry: Gridded, grid: dict[str, list[Any]]) -> None:
        _check_grid(at, grid, set(type(entry).model_fields) - NOT_IN_GRIDS)
        singles = [(combination, _single(at, entry, combination)) for combination in combinations(grid)]
        kept = [(combination, single) for combination, single in singles if single is not None]
        if not kept:
            raise _FaultError((*at, "where"), f"where: {entry.where!r} keeps none of the grid's combinations")
        if entry.combine == "pairs":
            kept = _pairs(kept)
        faults = [self._fault(at, single, combination) for combination, single in kept]
        self._report(fault for fault in faults if fault is not None)

    def _fault(self, at: Location, single: Gridded | _FaultError, combination: Combination) -> _FaultError | None:
        """Add a combination's case. Return the fault if there is none."""
        if isinstance(single, _FaultError):
            return single
        try:
            self._build(at, single, combination)
        except _FaultError as fault:
            return fault
        return None

    def _report(self, faults: Iterable[_FaultError]) -> None:
        """Add a line for each fault. Combinations of a grid with the same place and message share one line."""
        names: dict[tuple[Location, str], list[str]] = {}
        for fault in faults:
            names.setdefault((fault.at, str(fault)), []).append(fault.name)
        for (at, message), (first, *others) in names.items():
            more = f" and {len(others)} more" if others else ""
            self.faults.append(self.document.line(at, f"{first}{more}: {message}" if first else message))

    def _build(self, at: Location, entry: Gridded, combination: Combination) -> None:
        """Make the case of an entry whose fields have the values of one combination of its grid."""
        name = "-".join(filter(None, (entry.name, combination.label)))
        case_id = f"{self.prefix}::{name}"
        try:
            case = self._case(entry, case_id)
        except BuildError as error:
            raise _FaultError(self._place(at, error, combination.positions), str(error), name) from None
        if case_id in self.cases:
            place = (*at, "name") if entry.name else at
            remedy = "choose another name or other values" if combination.values else "choose another name"
            raise _FaultError(place, f"an earlier case has the id {case_id}; {remedy}")
        self.cases[case_id] = case

    def _case(self, entry: Gridded, case_id: str) -> Case:
        about, source = self.file.about, self.file.source
        if isinstance(entry, PipelineEntry):
            return build_pipeline(entry, case_id, about, source)
        assert isinstance(entry, Entry)  # noqa: S101 - there is no third kind
        return build(entry, self.file.operator, case_id, about, source)

    def _place(self, at: Location, error: BuildError, positions: Mapping[str, int]) -> Location:
        """Return the place of the first of the error's fields that is written: in a step, the grid or the entry."""
        for name in error.fields:
            if error.within and name in self._data((*at, *error.within)):
                return (*at, *error.within, name)
            if name in positions:
                return (*at, "grid", name, positions[name])
            if name in self._data(at):
                return (*at, name)
        return (*at, *error.within)

    def _data(self, location: Location) -> Any:
        data = self.document.data
        for part in location:
            data = data[part]
        return data


def _check_grid(at: Location, grid: dict[str, list[Any]], fields: set[str]) -> None:
    for name, values in grid.items():
        if name not in fields:
            message = f"{name!r} is not a field that a grid can vary{suggest(name, fields)}"
            raise _FaultError((*at, "grid", name), message)
        if not values:
            raise _FaultError((*at, "grid", name), f"the grid's {name} is empty; give it a value or remove it")
        if any(isinstance(value, dict) for value in values):
            message = (
                f"a value of the grid becomes a part of the id, so {name} can't be a tensor; write a separate entry"
            )
            raise _FaultError((*at, "grid", name), message)
    if not grid:
        raise _FaultError((*at, "grid"), "the grid is empty; give it a field with values or remove it")
    if (count := math.prod(map(len, grid.values()))) > _MOST:
        message = f"the grid has {count:,} combinations, and {_MOST:,} are the most; write several entries"
        raise _FaultError((*at, "grid"), message)


def _pairs(kept: list[tuple[Combination, Gridded | _FaultError]]) -> list[tuple[Combination, Gridded | _FaultError]]:
    """Return a few combinations that have every pair of values, and all that are no entry: each is to be told."""
    wrong = [(combination, single) for combination, single in kept if isinstance(single, _FaultError)]
    right = [(combination, single) for combination, single in kept if not isinstance(single, _FaultError)]
    return [*(right[place] for place in pairwise([combination for combination, _ in right])), *wrong]


def _single(at: Location, entry: Gridded, combination: Combination) -> Gridded | _FaultError | None:
    """Return a combination of a grid as an entry, or its fault; None if ``where`` drops it."""
    try:
        single = _merge(at, entry, combination)
        return single if _is_kept(at, entry, single) else None
    except _FaultError as fault:
        return fault


def _merge(at: Location, entry: Gridded, combination: Combination) -> Gridded:
    fields = entry.model_dump(exclude_unset=True, exclude={"grid", "where", "combine"})
    try:
        return type(entry).model_validate(fields | combination.values)
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        place = (*at, "grid", name, combination.positions.get(name, 0))
        raise _FaultError(place, f"{name}: {fault['msg'][0].lower()}{fault['msg'][1:]}") from None


def _is_kept(at: Location, entry: Gridded, single: Gridded) -> bool:
    try:
        return keeps(entry.where, single.model_dump())
    except ValueError as error:
        raise _FaultError((*at, "where"), f"where: {error}") from None
