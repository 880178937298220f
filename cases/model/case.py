"""A case: one operator call, fully specified and framework-neutral.

Tensors are channels-last, even if the call is made in another layout. ``value`` is [batch, *spatial, channels] with one
to three spatial axes. The filter of ``conv`` is [*kernel, in_channels / groups, out_channels]. The filter of
``conv_transpose`` is [*kernel, out_channels / groups, in_channels]. So one and the same tensor is the filter of a
``conv_transpose`` and of the ``conv`` that it transposes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

Operator = Literal[
    "conv", "conv_transpose", "max_pool", "max_pool_argmax", "max_unpool", "avg_pool", "avg_unpool", "relu"
]
Padding = str | tuple[tuple[int, int], ...]
Tier = Literal["exact", "bounded", "special"]
CeilMode = Literal["drop", "keep"]
"""Words for a further window, which reaches beyond the padding. One that begins behind the image is dropped or kept."""
Divisor = Literal["inside", "padded"] | int
"""What a mean divides by: a window's elements inside the image, those inside the padded image, or a number."""

INPUTS: Final[dict[str, tuple[str, ...]]] = {
    "conv": ("value", "filter"),
    "conv_transpose": ("value", "filter"),
    "max_pool": ("value",),
    "max_pool_argmax": ("value",),
    "max_unpool": ("value", "indices"),
    "avg_pool": ("value",),
    "avg_unpool": ("value",),
    "relu": ("value",),
}
PIPELINE: Final = "pipeline"
"""The operator of a case that is a list of calls. A call takes tensors that earlier calls returned."""
OPERATORS: Final = tuple(name for name in INPUTS if name != "relu")
"""The operators that have case files of their own. relu is only a step of pipelines."""
POOLING: Final = ("max_pool", "max_pool_argmax", "avg_pool")
"""The operators that read an image through windows without a filter."""
OUTPUTS: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(INPUTS, ("output",)) | {
    "max_pool_argmax": ("output", "indices")
}
ARGUMENTS: Final = (
    "output_shape",
    "ksize",
    "strides",
    "padding",
    "output_padding",
    "dilations",
    "ceil_mode",
    "divisor",
    "groups",
    "data_format",
)
"""The arguments of calls that are not tensors."""
INDEX_DTYPE: Final = "int64"
DATA_FORMATS: Final = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}
"""Number of spatial axes -> the words for channels-last and channels-first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """An input tensor: its shape, its dtype, and the rule that fills it.

    ``fill`` names a rule of ``cases.model.fill``. If it is ``literal``, ``values`` holds the elements in C order. If it
    is ``file``, the tensor is the array of its name in the NumPy archive ``file``. ``special`` is a word of
    ``cases.model.dtypes.SPECIALS``. Its value is at the flat ``position``, or everywhere if there is no position.
    ``specials`` are such words among literal values, each with its flat position. NaN is a word here because specs have
    to compare equal and to be JSON.
    """

    shape: tuple[int, ...]
    dtype: str
    fill: str
    values: tuple[float, ...] | None = None
    special: str | None = None
    position: int | None = None
    specials: tuple[tuple[int, str], ...] = ()
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a pipeline.

    ``case`` is the call; the fill rules of its tensors mean nothing. ``takes`` maps each input of the call to the name
    of a tensor: an input of the pipeline, or a tensor that an earlier step returned. ``name`` is the name of the step's
    output. Its indices, if it has any, are named ``<name>_indices``.
    """

    name: str
    takes: dict[str, str]
    case: Case

    @property
    def returns(self) -> dict[str, str]:
        """Return the names of the operator's outputs -> their names in the pipeline."""
        return {output: self.name if output == "output" else f"{self.name}_{output}" for output in self.case.outputs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule of ``cases.model.rules`` that a call breaks: the argument at fault, and both sides of the conflict.

    ``reason`` is a line for people; no code reads it. ``sides`` are the two numbers that don't fit together, if there
    are two. ``axis`` is the spatial axis at fault, if it is a single one.
    """

    rule: str
    argument: str
    reason: str
    sides: tuple[int, int] | None = None
    axis: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operator call.

    ``inputs`` holds the tensors that ``INPUTS`` names, then ``bias`` [out_channels] if there is one, then ``cotangent``
    if gradients are asked. ``strides``, ``ksize``, ``output_padding`` and ``dilations`` have one entry for each spatial
    axis. ``output_shape`` is a whole shape. ``padding`` is SAME, VALID or a (before, after) pair for each spatial axis.
    ``ceil_mode`` and ``divisor`` are those of ``CeilMode`` and ``Divisor``. ``data_format`` is a word of
    ``DATA_FORMATS``. An argument that is None is not passed: dilations are then 1, a pooling leaves the elements behind
    its last whole window out, a mean divides by the elements inside the image, and the layout is channels-last.
    ``given`` holds arguments of a wrong type, length or value, inputs among them. The call passes them unchanged, in
    place of the other fields.
    ``gradients`` names the inputs whose vector-Jacobian product with ``cotangent`` is asked, beside the output.
    ``expected`` holds the literal result that a document gives, if it does, as flat values in C order; NaN and
    infinities are texts that ``float`` reads, because cases have to compare equal and to be JSON. At most one of
    ``invalid`` and ``behaviour`` is set. ``invalid`` is the reason why a framework should refuse the call.
    ``behaviour`` is the reason why there is no right answer. ``broken`` is the rule that the call breaks, found once
    when the case is loaded.
    """

    id: str
    operator: str
    inputs: dict[str, TensorSpec]
    strides: tuple[int, ...]
    padding: Padding
    ksize: tuple[int, ...] | None = None
    output_shape: tuple[int, ...] | None = None
    output_padding: tuple[int, ...] | None = None
    dilations: tuple[int, ...] | None = None
    ceil_mode: CeilMode | None = None
    divisor: Divisor | None = None
    groups: int = 1
    data_format: str | None = None
    include_batch_in_index: bool = False
    gradients: tuple[str, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    tier: Tier = "exact"
    about: str = ""
    source: str = ""
    expected: dict[str, tuple[float | str, ...]] | None = None
    broken: Broken | None = None
    invalid: str | None = None
    behaviour: str | None = None
    steps: tuple[Step, ...] = ()
    slow: bool = False

    @property
    def file(self) -> str:
        """Return the part of the id that names the case file: ``cases/conv/strides.yaml``."""
        return split_id(self.id)[0]

    @property
    def name(self) -> str:
        """Return the part of the id that names the case within its file."""
        return split_id(self.id)[1]

    @property
    def topic(self) -> str:
        """Return the case file's name without folder and ending: ``strides`` for ``cases/conv/strides.yaml::...``."""
        return self.file.rpartition("/")[2].removesuffix(".yaml")

    @property
    def has_answer(self) -> bool:
        """Tell whether the call has a right answer: it breaks no rule, and the definition fixes its result."""
        return self.invalid is None and self.behaviour is None

    @property
    def dtype(self) -> str:
        """Return the dtype of the value, which is also the output's. All tensors of a pipeline have the same dtype."""
        return next(iter(self.inputs.values())).dtype if self.steps else self.inputs["value"].dtype

    @property
    def channels_first(self) -> bool:
        """Tell whether the call is made in a channels-first layout."""
        return self.data_format in {first for _, first in DATA_FORMATS.values()}

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the returned tensors, in order: the operator's outputs, then the gradients."""
        if self.steps:
            return tuple(name for step in self.steps for name in step.returns.values())
        return OUTPUTS[self.operator] + tuple(f"{name}_gradient" for name in self.gradients)


def split_id(case_id: str) -> tuple[str, str]:
    """Return the two parts of a case's id: its file, and its name there, which is empty if the text is no id."""
    file, _, name = case_id.partition("::")
    return file, name


def is_outward(operator: str) -> bool:
    """Tell whether the image is the operator's output, so that a call has to give its shape."""
    return operator == "conv_transpose" or operator.endswith("unpool")


def is_chosen(operator: str) -> bool:
    """Tell whether an operator only chooses and places elements, so that it rounds nothing."""
    return operator.startswith("max") or operator == "relu"


def to_json(case: Case) -> dict[str, Any]:
    """Return the whole case as builtins that JSON can hold."""
    return asdict(case)


def question(case: Case) -> dict[str, Any]:
    """Return the part of a case that a worker is sent: the call alone, never its expected result."""
    plain = {name: getattr(case, name) for name in _SENT}
    steps = [{"name": step.name, "takes": step.takes, "case": question(step.case)} for step in case.steps]
    broken = None if case.broken is None else asdict(case.broken)
    return plain | {
        "broken": broken,
        "inputs": {name: {part: getattr(spec, part) for part in _OF_TENSOR} for name, spec in case.inputs.items()},
        "steps": steps,
    }


_NOT_SENT: Final = {"about", "source", "expected", "invalid", "behaviour", "slow"}
_SENT: Final = tuple(part.name for part in fields(Case) if part.name not in _NOT_SENT)
_OF_TENSOR: Final = tuple(part.name for part in fields(TensorSpec))
"""Names of fields, found once: ``dataclasses.asdict`` copies what is in them, and a run asks tens of thousands."""


def from_json(data: dict[str, Any]) -> Case:
    """Return the case that ``to_json`` or ``question`` wrote.

    Raises:
        KeyError, TypeError: if neither of them wrote ``data``.
    """
    given = _tuples(data)
    given["given"] = _tuples(data.get("given", {}))
    given["inputs"] = {name: TensorSpec(**_tuples(spec)) for name, spec in data["inputs"].items()}
    if data.get("expected") is not None:
        given["expected"] = {name: tuple(values) for name, values in data["expected"].items()}
    if data.get("broken") is not None:
        given["broken"] = Broken(**_tuples(data["broken"]))
    given["steps"] = tuple(
        Step(name=step["name"], takes=step["takes"], case=from_json(step["case"])) for step in data.get("steps", ())
    )
    return Case(**given)


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: as_tuples(value) for name, value in data.items()}


def as_tuples(value: Any) -> Any:
    """Return ``value`` with tuples in place of its lists, nested ones included."""
    return tuple(as_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value
