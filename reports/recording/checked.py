"""What each line of a run's file has to be. A run may come from anywhere, and its names stand in programs and in paths.

A line is checked as strictly as a case file is: the types of all that is read, the names of a case's operator, tensors,
dtypes and gradients, and the names of targets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from cases.model import fill
from cases.model.case import INPUTS, PIPELINE, Case
from cases.model.dtypes import FLOATS, INTEGERS, OTHERS

_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
_Target = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]


class _Facts(BaseModel):
    versions: dict[str, str]
    settings: dict[str, str]


class _Header(BaseModel):
    record: Literal["header"]
    format: int
    targets: dict[_Target, _Facts] | None = None
    missing: dict[str, str] | None = None


class _Case(BaseModel):
    record: Literal["case"]
    place: int | None = None
    id: _Id


class _Array(BaseModel):
    record: Literal["array"]
    digest: _Digest
    dtype: str
    shape: list[Annotated[int, Field(ge=0)]]
    data: str


class _Result(BaseModel):
    record: Literal["result"]
    case: _Id
    target: _Target
    kind: str
    fields: dict[str, Any]
    arrays: dict[str, _Digest]
    call: str
    seconds: float


class _Repeat(BaseModel):
    record: Literal["repeat"]
    case: _Id
    target: _Target
    arrays: dict[str, _Digest] | None = None


class _NotAsked(BaseModel):
    record: Literal["not asked"]
    case: _Id
    target: _Target
    reason: str


class _Fault(BaseModel):
    record: Literal["fault"]
    case: _Id
    target: _Target
    message: str


class _Judging(BaseModel):
    record: Literal["judging"]
    by: str


class _Verdict(BaseModel):
    record: Literal["verdict"]
    case: _Id
    target: _Target
    verdict: dict[str, Any]


class _Footer(BaseModel):
    record: Literal["footer"]


_Line = Annotated[
    _Header | _Case | _Array | _Result | _Repeat | _NotAsked | _Fault | _Judging | _Verdict | _Footer,
    Field(discriminator="record"),
]
_LINES: Final[TypeAdapter[Any]] = TypeAdapter(_Line)
_CASES: Final = TypeAdapter(Case)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_DTYPES: Final = {*FLOATS, *INTEGERS, *OTHERS}
_FILLS: Final = {*fill.RULES, *fill.PLACES, "file", "literal", "taken"}


def check(line: Any) -> None:
    """Check one line of a run's file.

    Raises:
        ValueError: if it is not what a run writes; the message is one line.
    """
    try:
        _LINES.validate_python(line)
        if line["record"] == "case":
            _CASES.validate_json(json.dumps(line), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        msg = f"{place}: {first['msg']}" if place else first["msg"]
        raise ValueError(msg) from None
    if line["record"] == "case":
        for fault in _faults(line):
            raise ValueError(fault)


def _faults(case: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the names in a case."""
    if case["operator"] not in {*INPUTS, PIPELINE}:
        yield f"there is no operator {case['operator']!r}"
    is_pipeline = case["operator"] == PIPELINE
    known = {*INPUTS.get(case["operator"], ()), "bias", "cotangent"}
    for name, spec in case["inputs"].items():
        if not _NAME.match(name) or not (is_pipeline or name in known):
            yield f"{case['operator']} takes no tensor {name!r}"
        yield from _of_tensor(spec)
    if strange := [name for name in case["gradients"] if name not in case["inputs"]]:
        yield f"there is no tensor {strange[0]!r} to have a gradient"
    for step in case["steps"]:
        if strange := [
            name for name in (step["name"], *step["takes"], *step["takes"].values()) if not _NAME.match(name)
        ]:
            yield f"{strange[0]!r} is no name of a step or of a tensor"
        yield from _faults(step["case"])


def _of_tensor(spec: dict[str, Any]) -> Iterator[str]:
    if spec["dtype"] not in _DTYPES:
        yield f"there is no dtype {spec['dtype']!r}"
    if spec["fill"] not in _FILLS:
        yield f"no rule fills a tensor with {spec['fill']!r}"
