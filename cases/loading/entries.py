"""The entries of a case file: an entry is one call of an operator, or a grid of calls.

A size is the size of the **image**: the input of conv and pooling, the output of conv_transpose and unpooling. All
other shapes follow from the definition. A field for a tensor (``value``, ``filter``, ``indices``) or ``output_shape``
overrides the shape that would follow. In this way an invalid case breaks one rule and keeps all others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from cases.model.case import CeilMode

Numbers = list[Any]  # nested in any way; the loader flattens it and checks that each element is a number
Size = StrictInt | list[StrictInt]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, Field(min_length=10)]
Source = Annotated[str, Field(pattern=r"^(https?://\S+|document: .+)$")]


Dtype = Literal[
    "float64", "float32", "float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64"
]
Rule = Literal[
    "type",
    "dtype",
    "rank",
    "stride",
    "dilation",
    "size",
    "data_format",
    "padding",
    "groups",
    "channels",
    "shape",
    "index",
]
Special = Literal["nan", "inf", "minus_inf", "minus_zero", "subnormal", "minus_subnormal", "largest"]
Position = Annotated[StrictInt, Field(ge=0)]


Excess = Annotated[
    list[StrictInt],
    Field(description="A number for each dimension, added to the output_shape that follows from the sizes."),
]


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Refuse a value that JSON can't hold. The text of a call has no form for YAML's dates, sets and bytes."""
    for name, value in given.items():
        if not _is_plain(value):
            msg = f"{name} is {value!r}; give null, true, a number, a text, or a list of these"
            raise ValueError(msg)
    return given


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


class Strict(BaseModel):
    """A model that refuses unknown keys: a misspelt key must not silently leave a default in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(Strict):
    """The rule of the definition that a call breaks, and the reason."""

    rule: Rule = Field(description="The rule that the call breaks.")
    reason: Sentence = Field(description="Why the definition does not allow the call, in one line.")


class Tensor(Strict):
    """An input tensor that differs from the one that the sizes imply."""

    shape: list[StrictInt] | None = Field(None, description="The whole shape, channels-last.")
    dtype: Dtype | None = Field(None, description="The tensor's dtype, if it is not the entry's.")
    fill: StrictStr | None = Field(
        None, description="A fill rule of cases/model/fill.py, e.g. integers, normal, distinct."
    )
    values: Numbers | None = Field(None, description="Literal elements, in C order. Nesting is ignored.")
    special: Special | None = Field(
        None, description="A special value at the position; without a position, everywhere."
    )
    position: Position | None = Field(None, description="The position of the special value, in C order.")


class Gridded(Strict):
    """A case; with ``grid``, one case for each combination of the grid's values."""

    name: Name | None = Field(None, description="The first part of the case's name. An entry without a grid needs it.")
    about: Sentence | None = Field(None, description="The purpose of this entry, if it is not that of the whole file.")
    source: Source | None = Field(None, description="The source of this entry, if it is not that of the whole file.")
    grid: dict[str, list[Any]] | None = Field(
        None, description="Field name -> values. Cases come in the order written."
    )
    where: StrictStr | None = Field(None, description="Keep a combination if this is true, e.g. kernel <= image[0].")
    combine: Literal["all", "pairs"] = Field(
        "all", description="All combinations of a grid, or a few that have every pair of two fields' values."
    )
    batch: StrictInt = 1
    image: list[StrictInt] | None = Field(None, description="The spatial size of the image, e.g. [5, 6].")
    strides: Size = 1
    padding: StrictStr | list[list[StrictInt]] = Field(
        "VALID", description="SAME, VALID, or a [before, after] pair for each spatial axis."
    )
    dilations: Size | None = Field(
        None, description="The step from one element of a window to the next. Not passed if left out."
    )
    data_format: StrictStr | None = Field(None, description="The layout in which the call is made, e.g. NCHW.")
    dtype: Dtype = "float32"
    data: StrictStr | None = Field(None, description="The fill rule of the value and of the filter.")
    special: Special | None = Field(
        None, description="A special value in the tensor value, at the position; without a position, everywhere."
    )
    position: Position | None = Field(None, description="The position of the special value, in C order.")
    value: Tensor | None = None


class Entry(Gridded):
    """One call of an operator."""

    gradients: StrictBool | Annotated[list[StrictStr], Field(min_length=1)] = Field(
        default=False,
        description="Ask also for the gradient of every input except indices, or of some: value, filter, bias.",
    )
    cotangent: Tensor | None = Field(None, description="What the gradients are multiplied by, shaped like the output.")
    expected: dict[str, Numbers] | None = Field(
        None, description="Output name -> the literal result that the document gives."
    )
    given: Annotated[dict[str, Any], AfterValidator(_plain)] | None = Field(
        None, description="Arguments to pass exactly as written here, of any type: null, a text, a list, 1.5."
    )
    invalid: Refusal | None = None
    behaviour: Sentence | None = Field(
        None, description="Why there is no right answer. Answers are recorded, not judged."
    )


class ConvEntry(Entry):
    """A convolution. The filter is [*kernel, in_channels / groups, out_channels]."""

    in_channels: StrictInt = 2
    out_channels: StrictInt = 3
    groups: StrictInt = 1
    bias: StrictBool | Tensor = Field(default=False, description="Add a bias to each channel of the result.")
    kernel: Size | None = Field(None, description="The spatial size of the filter.")
    filter: Tensor | None = None


class ConvTransposeEntry(ConvEntry):
    """A transposed convolution. The filter is [*kernel, out_channels / groups, in_channels]."""

    output_padding: Size | None = Field(None, description="Replaces image: torch's way to give the output's size.")
    output_shape: list[StrictInt] | None = None
    excess: Excess | None = None


class PoolEntry(Entry):
    """A pooling."""

    channels: StrictInt = 3
    ksize: Size | None = Field(None, description="The spatial size of the window.")


class WindowsEntry(PoolEntry):
    """A pooling that reads an image through windows."""

    ceil_mode: CeilMode | None = Field(
        None,
        description="Take the elements behind the last whole window by a further one, which reaches beyond the "
        "padding. One that begins behind the image is dropped or kept.",
    )


class MeanEntry(WindowsEntry):
    """An average pooling."""

    divisor: Literal["inside", "padded"] | StrictInt | None = Field(
        None,
        description="What a mean divides by: a window's elements inside the image, which is the default; those inside "
        "the padded image; or this number.",
    )


class ArgmaxEntry(WindowsEntry):
    """A max pooling with indices."""

    include_batch_in_index: StrictBool = Field(default=False, description="The index counts through the batch, too.")


class UnpoolEntry(PoolEntry):
    """An unpooling."""

    output_shape: list[StrictInt] | None = None
    excess: Excess | None = None


class MaxUnpoolEntry(UnpoolEntry):
    """A max unpooling."""

    indices: Tensor | None = None
