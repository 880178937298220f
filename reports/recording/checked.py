"""Check each line of a run's file: a run may come from anywhere, and its names stand in programs and in paths.

Checked are the types of all that is read, the names of operators, tensors, dtypes, gradients and targets, the elements
of tensors, and that a valid case breaks no rule.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from cases.loading.build import refuse_heavy
from cases.loading.sizes import BuildError
from cases.model import fill, rules, shapes
from cases.model.case import ARGUMENTS, INPUTS, PIPELINE, Case, TensorSpec, from_json
from cases.model.dtypes import FLOATS, INTEGERS, OTHERS, SPECIALS

_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
_Target = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+]*(-[A-Za-z0-9_.]+){2}$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]


class _Facts(BaseModel):
    versions: dict[str, str]
    settings: dict[str, str]


class _Header(BaseModel):
    record: Literal["header"]
    format: int
    targets: dict[_Target, _Facts] | None = None
    missing: dict[str, str] | None = None
    determinism: int | None = None


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
    problems: list[str] = []


class _Returned(BaseModel):
    kind: Literal["returned"]


class _Raised(BaseModel):
    kind: Literal["raised"]
    type: str
    message: str
    stage: str


class _Unsupported(BaseModel):
    kind: Literal["unsupported"]
    reason: str


class _Crashed(BaseModel):
    kind: Literal["crashed"]
    signal: str
    stderr: str


class _TimedOut(BaseModel):
    kind: Literal["timed out"]
    seconds: float


_Line = Annotated[
    _Header | _Case | _Array | _Result | _Repeat | _NotAsked | _Fault | _Judging | _Verdict | _Footer,
    Field(discriminator="record"),
]
_Outcome = Annotated[_Returned | _Raised | _Unsupported | _Crashed | _TimedOut, Field(discriminator="kind")]
_LINES: Final[TypeAdapter[Any]] = TypeAdapter(_Line)
_OUTCOMES: Final[TypeAdapter[Any]] = TypeAdapter(_Outcome)
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
        if line["record"] in {"result", "repeat"} and "kind" in line:
            _OUTCOMES.validate_python({**line["fields"], "kind": line["kind"]})
        if line["record"] == "case":
            _CASES.validate_json(json.dumps(line), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        msg = " ".join((f"{place}: {first['msg']}" if place else first["msg"]).split())
        raise ValueError(msg) from None
    if line["record"] == "case":
        case = from_json({name: value for name, value in line.items() if name not in {"record", "place"}})
        for fault in (*_misnamed(case), *_unsound(case)):
            raise ValueError(" ".join(fault.split()))


def _misnamed(case: Case) -> Iterator[str]:
    """Yield what is wrong with the names in a case."""
    if case.operator not in {*INPUTS, PIPELINE}:
        yield f"there is no operator {case.operator!r}"
    known = {*INPUTS.get(case.operator, ()), "bias", "cotangent"}
    for name, spec in case.inputs.items():
        if not _NAME.match(name) or (case.operator != PIPELINE and name not in known):
            yield f"{case.operator} takes no tensor {name!r}"
        if spec.dtype not in _DTYPES:
            yield f"there is no dtype {spec.dtype!r}"
        if spec.fill not in _FILLS:
            yield f"no rule fills a tensor with {spec.fill!r}"
    if strange := [name for name in case.gradients if name not in case.inputs]:
        yield f"there is no tensor {strange[0]!r} to have a gradient"
    if strange := [name for name in case.given if name not in {*ARGUMENTS, *case.inputs}]:
        yield f"no call has an argument {strange[0]!r}"
    for step in case.steps:
        if strange := [name for name in (step.name, *step.takes, *step.takes.values()) if not _NAME.match(name)]:
            yield f"{strange[0]!r} is no name of a step or of a tensor"
        yield from _misnamed(step.case)


def _unsound(case: Case) -> Iterator[str]:
    """Yield what is wrong with the elements and the sizes of a case, once its names are right."""
    for name, spec in case.inputs.items():
        yield from _misfilled(name, spec)
    try:
        refuse_heavy(case)
        fault = None if case.steps else rules.broken(case)
    except (BuildError, *rules.FAULTS) as error:
        yield str(error)
        return
    if not case.steps and case.has_answer and fault is not None:
        yield f"{fault.rule}: {fault.reason}"
    for name, values in (case.expected or {}).items():
        if name not in case.outputs or len(values) != math.prod(shapes.output_shape(case)):
            yield f"expected {name!r} is no output, or has another number of elements"
    for step in case.steps:
        yield from (f"step {step.name}: {fault}" for fault in _unsound(step.case))


def _misfilled(name: str, spec: TensorSpec) -> Iterator[str]:
    elements = math.prod(max(size, 0) for size in spec.shape)
    if spec.fill == "literal" and len(spec.values or ()) != elements:
        yield f"{name} has {len(spec.values or ())} literal elements, the shape {elements}"
    if spec.fill == "file" and not str(spec.file).endswith(".npz"):
        yield f"{name} is of no file of filters"
    placed = [(spec.position or 0, spec.special)] if spec.special is not None else []
    for place, word in [*placed, *spec.specials]:
        if word not in (*SPECIALS, "smallest_normal", "zero") or not 0 <= place < max(elements, 1):
            yield f"{name} has no special value {word!r} at {place}"
