"""Case files -> Cases: read, validate, expand the grids in file order, give every case its stable id."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cases.loading.build import build
from cases.loading.entries import Entry, Gridded
from cases.loading.grid import Combination, combinations, keeps
from cases.loading.pipeline_calls import build_pipeline
from cases.loading.pipeline_entries import PipelineEntry
from cases.loading.schema import FILE, NOT_IN_GRIDS, AnyFile, json_schema
from cases.loading.sizes import BuildError
from cases.loading.yaml_document import CaseFileError, Document, read
from cases.model.case import Case

Location = tuple[str | int, ...]
CLAIMS: Final = "claims.yaml"
"""The name of a file that holds no cases but claims about them (see ``cases.claims``)."""


def load(path: Path) -> list[Case]:
    """All cases of one file, in file order.

    Raises:
        CaseFileError: if anything in the file is wrong; every fault found is one line of the message.
    """
    if path.name == CLAIMS:
        msg = f"{path}: holds claims, which cases decide, and no cases; name a file of cases"
        raise CaseFileError(msg)
    document = read(path)
    file = _validate(document)
    found = list(_expand_all(document, file))
    faults = [item for item in found if isinstance(item, str)]
    cases = [item for item in found if isinstance(item, Case)]
    faults += _twins(document, cases)
    if faults:
        raise CaseFileError("\n".join(faults))
    return cases


def find(folder: Path) -> list[Path]:
    """The case files below a folder, in the order in which they run."""
    return sorted(path for path in folder.rglob("*.yaml") if path.name != CLAIMS)


def file_id(path: Path) -> str:
    """A file's part of the ids: its path from the last folder named ``cases``, or its bare name."""
    parts = path.resolve().parts
    starts = [position for position, part in enumerate(parts[:-1]) if part == "cases"]
    return "/".join(parts[starts[-1] :]) if starts else path.name


def _validate(document: Document) -> AnyFile:
    try:
        return FILE.validate_python(document.data)
    except ValidationError as error:
        raise CaseFileError("\n".join(explain(document, error, json_schema))) from None


def explain(document: Document, error: ValidationError, schema: Callable[[], dict[str, Any]]) -> list[str]:
    """One line for each place that is wrong; the members of a union speak of one place and share its line.

    ``schema`` makes the JSON Schema of the file, whose keys an unknown one may have been meant for.
    """
    places: dict[Location, list[str]] = {}
    for fault in error.errors():
        place, message = _place(document.data, fault, schema)
        places.setdefault(place, []).append(message)
    return [document.line(place, " or ".join(dict.fromkeys(messages))) for place, messages in places.items()]


def _place(data: Any, fault: ErrorDetails, schema: Callable[[], dict[str, Any]]) -> tuple[Location, str]:
    location, kind, message = fault["loc"], fault["type"], fault["msg"].removeprefix("Value error, ")
    real = _real(data, location)
    name = str(real[-1]) if real and isinstance(real[-1], str) else "this entry" if real else "the file"
    if kind == "extra_forbidden":
        known = _keys(schema())
        hint = "" if name in known else suggest(name, known)  # a key of another place is none here
        return real, f"{name!r} is not a key of this place{hint}"
    if kind == "missing":
        return real, f"{name} lacks the key {location[-1]!r}"
    if kind.startswith("union_tag"):
        return (*real, "operator"), _no_operator(name, message)
    return real, f"{name}: {message[0].lower()}{message[1:]}"


def _no_operator(name: str, message: str) -> str:
    """What pydantic says of tags, in words; it quotes the tag that it found, the key, and the tags that there are."""
    found, *rest = re.findall(r"'([^']*)'", message)
    known = rest[1:]
    if not known:
        return f"{name} lacks the key {found!r}"
    hint = suggest(found, known) or f"; there are: {', '.join(known)}"
    return f"no operator is called {found!r}{hint}"


def _real(data: Any, location: Location) -> Location:
    """The parts of a pydantic location that stand in the file: it names the members of unions as well."""
    real: list[str | int] = []
    for part in location:
        if isinstance(data, (dict, list)) and part in (data if isinstance(data, dict) else range(len(data))):
            data = data[part]  # type: ignore[index] # a key of the dict, a position of the list
            real.append(part)
    return tuple(real)


def _keys(schema: dict[str, Any]) -> set[str]:
    return {name for definition in (schema, *schema["$defs"].values()) for name in definition.get("properties", ())}


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: which known one is like it, if there is one."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _expand_all(document: Document, file: AnyFile) -> Iterator[Case | str]:
    for number, entry in enumerate(file.cases):
        yield from _expand_or_explain(document, file, ("cases", number), entry)


def _expand_or_explain(document: Document, file: AnyFile, at: Location, entry: Gridded) -> Iterator[Case | str]:
    """An entry's cases, up to the first fault: the other entries are read all the same."""
    try:
        yield from _expand(document, file, at, entry)
    except CaseFileError as error:
        yield str(error)


def _expand(document: Document, file: AnyFile, at: Location, entry: Gridded) -> Iterator[Case]:
    if entry.grid is None:
        if entry.name is None:
            raise document.error(at, "an entry without a grid needs a name")
        if entry.where is not None:
            raise document.error((*at, "where"), "where chooses from a grid, and there is none; remove it")
        yield _build(document, file, at, entry, Combination(values={}, positions={}))
        return
    _check_grid(document, at, entry)
    kept = 0
    for combination in combinations(entry.grid):
        single = _merge(document, at, entry, combination)
        if _kept(document, at, entry, single):
            kept += 1
            yield _build(document, file, at, single, combination)
    if not kept:
        raise document.error((*at, "where"), f"where: {entry.where!r} keeps none of the grid's combinations")


def _check_grid(document: Document, at: Location, entry: Gridded) -> None:
    fields = set(type(entry).model_fields) - NOT_IN_GRIDS
    for field, values in (entry.grid or {}).items():
        if field not in fields:
            message = f"{field!r} is not a field that a grid can vary{suggest(field, fields)}"
            raise document.error((*at, "grid", field), message)
        if not values:
            raise document.error((*at, "grid", field), f"the grid's {field} is empty; give it a value or remove it")
        if any(isinstance(value, dict) for value in values):
            message = f"the grid's {field} makes a part of ids, and a tensor makes none; give it an entry of its own"
            raise document.error((*at, "grid", field), message)
    if not entry.grid:
        raise document.error((*at, "grid"), "the grid is empty; give it a field with values or remove it")


def _merge(document: Document, at: Location, entry: Gridded, combination: Combination) -> Gridded:
    fields = entry.model_dump(exclude_unset=True, exclude={"grid", "where"})
    try:
        return type(entry).model_validate(fields | combination.values)
    except ValidationError as error:
        fault = error.errors()[0]
        field = str(fault["loc"][0])
        where = (*at, "grid", field, combination.positions.get(field, 0))
        raise document.error(where, f"{field}: {fault['msg'][0].lower()}{fault['msg'][1:]}") from None


def _kept(document: Document, at: Location, entry: Gridded, single: Gridded) -> bool:
    try:
        return keeps(entry.where, single.model_dump())
    except ValueError as error:
        raise document.error((*at, "where"), f"where: {error}") from None


def _build(document: Document, file: AnyFile, at: Location, entry: Gridded, combination: Combination) -> Case:
    """The case of an entry whose fields have the values of one combination of its grid."""
    name = "-".join(filter(None, (entry.name, combination.label)))
    try:
        return _case(entry, file, f"{file_id(document.path)}::{name}")
    except BuildError as error:
        raise document.error(_written(document, at, error, combination.positions), f"{name}: {error}") from None


def _case(entry: Gridded, file: AnyFile, case_id: str) -> Case:
    if isinstance(entry, PipelineEntry):
        return build_pipeline(entry, case_id, file.about, file.source)
    assert isinstance(entry, Entry)  # noqa: S101 - there is no third kind
    return build(entry, file.operator, case_id, file.about, file.source)


def _written(document: Document, at: Location, error: BuildError, positions: Mapping[str, int]) -> Location:
    """Where the first of an error's fields stands: in its part of the entry, in the grid, or as a key of the entry."""
    for field in error.fields:
        if error.within and field in _at(document, (*at, *error.within)):
            return (*at, *error.within, field)
        if field in positions:
            return (*at, "grid", field, positions[field])
        if field in _at(document, at):
            return (*at, field)
    return (*at, *error.within)


def _at(document: Document, location: Location) -> Any:
    keys = document.data
    for part in location:
        keys = keys[part]
    return keys


def _twins(document: Document, cases: list[Case]) -> list[str]:
    counts = Counter(case.id for case in cases)
    return [
        document.line((), f"{count} cases have the id {case_id}; name the entries apart")
        for case_id, count in counts.items()
        if count > 1
    ]
