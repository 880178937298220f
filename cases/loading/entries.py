"""What stands in a case file: an entry is one call of an operator, or a grid of them.

Sizes are written from the **image**'s side (the input of conv and pooling, the output of conv_transpose and
unpooling); all other shapes follow from the definition. A field that names a tensor (``value``, ``filter``,
``indices``) or ``output_shape`` overrides what would follow: that is how an invalid case breaks one rule and keeps the
others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

Numbers = list[Any]  # nested as the reader likes; the loader flattens it and checks that each element is a number
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
    list[StrictInt], Field(description="How much to add to each entry of the output_shape that follows.")
]


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Only what JSON holds: YAML's dates, sets and bytes have no text that a call could say."""
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
    """Unknown keys are errors: a misspelt key must not pass for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(Strict):
    """Marks a call that the definition does not admit."""

    rule: Rule = Field(description="The rule that the call breaks.")
    reason: Sentence = Field(description="One line: why the call is wrong by the definition.")


class Tensor(Strict):
    """An input tensor that departs from what the sizes imply."""

    shape: list[StrictInt] | None = Field(None, description="The whole shape, channels-last.")
    dtype: Dtype | None = Field(None, description="Its own dtype, where it is not the entry's.")
    fill: StrictStr | None = Field(None, description="A fill rule of cases/fill.py: integers, normal, distinct, ...")
    values: Numbers | None = Field(None, description="Literal elements, in C order; brackets are for the reader.")
    special: Special | None = Field(None, description="A special value, at the position, else everywhere.")
    position: Position | None = Field(None, description="Where the special value stands, in C order.")


class Gridded(Strict):
    """A case, or with ``grid`` one case for each combination of the grid's values."""

    name: Name | None = Field(None, description="First part of the id; needed where there is no grid.")
    about: Sentence | None = Field(None, description="What this shows and why, where the file's line isn't enough.")
    source: Source | None = Field(None, description="Where it comes from, where that isn't the file's source.")
    grid: dict[str, list[Any]] | None = Field(None, description="Field name -> values; expands in the order written.")
    where: StrictStr | None = Field(None, description="Keeps a combination if true, e.g. kernel <= image[0].")
    batch: StrictInt = 1
    image: list[StrictInt] | None = Field(None, description="Spatial size on the image's side, e.g. [5, 6].")
    strides: Size = 1
    padding: StrictStr | list[list[StrictInt]] = Field(
        "VALID", description="SAME, VALID, or a [before, after] pair a spatial axis."
    )
    dilations: Size | None = Field(None, description="How far apart a window's elements are; not said if left out.")
    data_format: StrictStr | None = Field(None, description="The layout that the call is asked in, e.g. NCHW.")
    dtype: Dtype = "float32"
    data: StrictStr | None = Field(None, description="The value's and filter's fill rule.")
    special: Special | None = Field(None, description="A special value in the value, at the position, else everywhere.")
    position: Position | None = Field(None, description="Where the special value stands in the value, in C order.")
    value: Tensor | None = None


class Entry(Gridded):
    """One call of an operator."""

    gradients: StrictBool = Field(default=False, description="Ask for the gradient of every input but indices as well.")
    expected: dict[str, Numbers] | None = Field(None, description="Output name -> the document's own literal result.")
    given: Annotated[dict[str, Any], AfterValidator(_plain)] | None = Field(
        None, description="Arguments as the call is to say them, of whatever type: null, a text, a list, 1.5."
    )
    invalid: Refusal | None = None
    behaviour: Sentence | None = Field(None, description="No right answer exists, and why: recorded, not judged.")


class ConvEntry(Entry):
    """A convolution. The filter is [*kernel, in_channels / groups, out_channels]."""

    in_channels: StrictInt = 2
    out_channels: StrictInt = 3
    groups: StrictInt = 1
    bias: StrictBool | Tensor = Field(default=False, description="Add a bias to each channel of the result.")
    kernel: Size | None = Field(None, description="Spatial size of the filter.")
    filter: Tensor | None = None


class ConvTransposeEntry(ConvEntry):
    """A transposed convolution. The filter is [*kernel, out_channels / groups, in_channels]."""

    output_padding: Size | None = Field(None, description="Instead of image: torch's way to name the output's size.")
    output_shape: list[StrictInt] | None = None
    excess: Excess | None = None


class PoolEntry(Entry):
    """A pooling."""

    channels: StrictInt = 3
    ksize: Size | None = Field(None, description="Spatial size of the window.")


class ArgmaxEntry(PoolEntry):
    """A max pooling with indices."""

    include_batch_in_index: StrictBool = Field(default=False, description="The index counts through the batch as well.")


class UnpoolEntry(PoolEntry):
    """An unpooling."""

    output_shape: list[StrictInt] | None = None
    excess: Excess | None = None


class MaxUnpoolEntry(UnpoolEntry):
    """A max unpooling."""

    indices: Tensor | None = None
