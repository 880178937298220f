"""Case files -> Cases: read a file, validate it, and expand its entries in file order."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cases.loading.expand import Expansion
from cases.loading.schema import FILE, AnyFile, json_schema
from cases.loading.yaml_document import CaseFileError, Document, Location, read, suggest
from cases.model.case import Case

CLAIMS: Final = "claims.yaml"
"""The name of a file that holds claims about cases and no cases (see ``cases.loading.claims``)."""
_PADDING: Final = "padding: give SAME, VALID, or a [before, after] pair for each spatial axis, e.g. [[1, 1], [0, 2]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The good cases of a file, in file order, and its faults, in the order of their entries.

    Each fault is a line ``file:line:column: what and what to do``.
    """

    cases: tuple[Case, ...]
    faults: tuple[str, ...]


def load(path: Path) -> list[Case]:
    """Return all cases of a file, in file order.

    Raises:
        CaseFileError: if anything in the file is wrong; the message has one line for each fault.
    """
    loaded = load_each(path)
    if loaded.faults:
        raise CaseFileError("\n".join(loaded.faults))
    return list(loaded.cases)


def load_each(path: Path) -> Loaded:
    """Return the good cases of a file and its faults. A bad entry loses no other entry.

    Of a grid, only the bad combinations are lost. Of several cases with one id, the first stays. A fault of the whole
    file is returned as well, never raised: such a file has faults and no cases. That is a file that can't be read, is
    not YAML, has no entries, or has an error outside its entries.
    """
    try:
        document = _read(path)
        file, refused = _validate(document)
    except CaseFileError as error:
        return Loaded(cases=(), faults=tuple(str(error).split("\n")))
    expansion = Expansion(document=document, file=file, prefix=file_id(path))
    entries = iter(file.cases)
    for number in range(len(document.data["cases"])):
        if number in refused:
            expansion.faults.extend(refused[number])
        else:
            expansion.add(number, next(entries))
    return Loaded(cases=tuple(expansion.cases.values()), faults=tuple(expansion.faults))


def find(folder: Path) -> list[Path]:
    """Return the case files below a folder, in the order in which they run."""
    return sorted(path for path in folder.rglob("*.yaml") if path.name != CLAIMS)


def file_id(path: Path) -> str:
    """Return a file's part of the ids: its path from the last folder called ``cases``, or its bare name."""
    parts = path.resolve().parts
    starts = [position for position, part in enumerate(parts[:-1]) if part == "cases"]
    return "/".join(parts[starts[-1] :]) if starts else path.name


def _read(path: Path) -> Document:
    if path.name == CLAIMS:
        msg = f"{path}: holds claims and no cases; give a file of cases"
        raise CaseFileError(msg)
    return read(path)


def _validate(document: Document) -> tuple[AnyFile, dict[int, list[str]]]:
    """Return the file with the entries that fit the schema, and the faults of each other entry by its position.

    Raises:
        CaseFileError: if the file is wrong outside its entries, or if no entry fits the schema.
    """
    try:
        return FILE.validate_python(document.data), {}
    except ValidationError as error:
        messages = _messages(document, error, json_schema)
    lines = [document.line(place, message) for place, message in messages.items()]
    refused: dict[int, list[str]] = {}
    for place, line in zip(messages, lines, strict=True):
        match place:
            case ("cases", int(number), *_):
                refused.setdefault(number, []).append(line)
            case _:
                raise CaseFileError("\n".join(lines))
    entries = [entry for number, entry in enumerate(document.data["cases"]) if number not in refused]
    if not entries:
        raise CaseFileError("\n".join(lines))
    return FILE.validate_python(document.data | {"cases": entries}), refused


def explain(document: Document, error: ValidationError, schema: Callable[[], dict[str, Any]]) -> list[str]:
    """Return one line for each place that is wrong. The members of a union have one place and share its line.

    ``schema`` makes the JSON Schema of the file. Its keys are suggested in place of unknown ones.
    """
    return [document.line(place, message) for place, message in _messages(document, error, schema).items()]


def _messages(document: Document, error: ValidationError, schema: Callable[[], dict[str, Any]]) -> dict[Location, str]:
    places: dict[Location, list[str]] = {}
    for fault in error.errors():
        place, message = _place(document.data, fault, schema)
        places.setdefault(place, []).append(message)
    return {place: " or ".join(dict.fromkeys(messages)) for place, messages in places.items()}


def _place(data: Any, fault: ErrorDetails, schema: Callable[[], dict[str, Any]]) -> tuple[Location, str]:
    location, kind, message = fault["loc"], fault["type"], fault["msg"].removeprefix("Value error, ")
    real = _real(data, location)
    # A text or a list of pairs: pydantic has a message for each that the value is not.
    if "padding" in real and "grid" not in real and kind != "extra_forbidden":
        return real[: real.index("padding") + 1], _PADDING
    name = str(real[-1]) if real and isinstance(real[-1], str) else "this entry" if real else "the file"
    if kind == "extra_forbidden":
        known = _keys(schema) - _of_others(data)
        return real, f"{name!r} is not a key of this place{suggest(name, known)}"
    if kind == "missing":
        return real, f"{name} lacks the key {location[-1]!r}"
    if kind.startswith("union_tag"):
        return (*real, "operator"), _no_operator(name, message)
    return real, f"{name}: {message[0].lower()}{message[1:]}"


def _of_others(data: Any) -> set[str]:
    """Return the keys that the operator of a file does not have. A pipeline's steps have different ones."""
    operator = str(data.get("operator", "")) if isinstance(data, dict) else ""
    filtered = {"kernel", "filter", "bias", "groups", "in_channels", "out_channels", "output_padding"}
    pooled = {"ksize", "channels", "ceil_mode", "divisor", "indices"}
    if operator == "pipeline":
        return {"kernel", "ksize"}
    others = filtered if "pool" in operator else pooled
    return others if operator == "avg_pool" else others | {"divisor"}


def _no_operator(name: str, message: str) -> str:
    """Reword pydantic's message about an operator: it quotes the operator found, the key, and the known operators."""
    found, *rest = re.findall(r"'([^']*)'", message)
    known = rest[1:]
    if not known:
        return f"{name} lacks the key {found!r}"
    hint = suggest(found, known) or f"; there are: {', '.join(known)}"
    return f"no operator is called {found!r}{hint}"


def _real(data: Any, location: Location) -> Location:
    """Return the parts of a pydantic location that are in the file. Pydantic adds the members of unions to it."""
    real: list[str | int] = []
    for part in location:
        if isinstance(data, (dict, list)) and part in (data if isinstance(data, dict) else range(len(data))):
            data = data[part]  # type: ignore[index] # a key of the dict, a position of the list
            real.append(part)
    return tuple(real)


@functools.cache
def _keys(schema: Callable[[], dict[str, Any]]) -> frozenset[str]:
    """Return all keys that a schema knows. Cached, because making a schema is slow and a file may have many faults."""
    made = schema()
    definitions = (made, *made["$defs"].values())
    return frozenset(name for definition in definitions for name in definition.get("properties", ()))
