"""The vocabulary of a question: one operator call, fully specified and framework-neutral.

Tensors are channels-last. ``value`` is [batch, height, width, channels]; the filter of ``conv_transpose`` is
[height, width, out_channels, in_channels], so that the very same tensor is the filter of the ``conv`` that it
transposes, which reads it as [height, width, in_channels, out_channels].
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Operator = Literal["conv", "conv_transpose", "max_pool", "max_pool_argmax", "max_unpool", "avg_pool", "avg_unpool"]
Padding = str | tuple[tuple[int, int], ...]
Tier = Literal["exact", "bounded"]

INPUTS: Final[dict[str, tuple[str, ...]]] = {
    "conv": ("value", "filter"),
    "conv_transpose": ("value", "filter"),
    "max_pool": ("value",),
    "max_pool_argmax": ("value",),
    "max_unpool": ("value", "indices"),
    "avg_pool": ("value",),
    "avg_unpool": ("value",),
}
OUTPUTS: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(INPUTS, ("output",)) | {
    "max_pool_argmax": ("output", "indices")
}
INDEX_DTYPE: Final = "int64"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """An input tensor: its shape, its dtype, and how it is filled.

    ``fill`` names a rule of ``cases.fill``, or is ``literal``: then ``values`` holds the elements in C order.
    """

    shape: tuple[int, ...]
    dtype: str
    fill: str
    values: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """Why a call is wrong by the definition: the rule that it breaks (see ``cases.rules``) and a line for people."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operator call.

    ``strides``, ``ksize`` and ``output_padding`` have one entry a spatial axis; ``output_shape`` is a whole shape.
    ``padding`` is SAME, VALID or a (before, after) pair a spatial axis. ``expected`` holds a document's own literal
    result, if it has one, as flat values in C order. At most one of ``invalid`` and ``behaviour`` is set: the first
    says that a framework ought to refuse the call, the second that there is no right answer and why.
    """

    id: str
    operator: str
    inputs: dict[str, TensorSpec]
    strides: tuple[int, ...]
    padding: Padding
    ksize: tuple[int, ...] | None = None
    output_shape: tuple[int, ...] | None = None
    output_padding: tuple[int, ...] | None = None
    tier: Tier = "exact"
    about: str = ""
    source: str = ""
    expected: dict[str, tuple[float, ...]] | None = None
    invalid: Invalid | None = None
    behaviour: str | None = None

    @property
    def topic(self) -> str:
        """The case file's name without its folder and ending: ``strides`` for ``cases/conv/strides.yaml::...``."""
        return self.id.partition("::")[0].rpartition("/")[2].removesuffix(".yaml")

    @property
    def dtype(self) -> str:
        """The dtype of the value, which is also the output's."""
        return self.inputs["value"].dtype


def to_json(case: Case) -> dict[str, Any]:
    """The whole case as builtins that JSON holds."""
    return asdict(case)


def question(case: Case) -> dict[str, Any]:
    """What a worker is sent: the call alone, never what is expected of it."""
    kept = ("id", "operator", "inputs", "strides", "padding", "ksize", "output_shape", "output_padding", "tier")
    plain = {name: getattr(case, name) for name in kept}
    return plain | {"inputs": {name: asdict(spec) for name, spec in case.inputs.items()}}


def from_json(data: dict[str, Any]) -> Case:
    """The case that ``to_json`` or ``question`` wrote.

    Raises:
        KeyError, TypeError: if ``data`` was written by neither.
    """
    fields = dict(data)
    fields["inputs"] = {name: TensorSpec(**_tuples(spec)) for name, spec in data["inputs"].items()}
    if data.get("expected") is not None:
        fields["expected"] = {name: tuple(values) for name, values in data["expected"].items()}
    if data.get("invalid") is not None:
        fields["invalid"] = Invalid(**data["invalid"])
    for name in ("strides", "padding", "ksize", "output_shape", "output_padding"):
        fields[name] = _tuple(data[name])
    return Case(**fields)


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuple(value) for name, value in data.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, (list, tuple)) else value
