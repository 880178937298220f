"""The shape of a case file, as pydantic models; ``python -m cases schema`` exports it as JSON Schema for editors.

One file holds one topic of one operator. Sizes are written from the **image**'s side (the input of conv and pooling,
the output of conv_transpose and unpooling); all other shapes follow from the definition. A field that names a tensor
(``value``, ``filter``, ``indices``) or ``output_shape`` overrides what would follow: that is how an invalid case
breaks one rule and keeps the others.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, TypeAdapter

Numbers = list[Any]  # nested as the reader likes; the loader flattens it and checks that each element is a number
Size = StrictInt | list[StrictInt]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, Field(min_length=10)]
Source = Annotated[str, Field(pattern=r"^(https?://\S+|document: .+)$")]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not pass for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(Strict):
    """Marks a call that the definition does not admit."""

    rule: Literal["rank", "stride", "size", "padding", "channels", "shape", "index"] = Field(
        description="The rule that the call breaks."
    )
    reason: Sentence = Field(description="One line: why the call is wrong by the definition.")


class Tensor(Strict):
    """An input tensor that departs from what the sizes imply."""

    shape: list[StrictInt] | None = Field(None, description="The whole shape, channels-last.")
    fill: StrictStr | None = Field(None, description="A fill rule: integers, normal, distinct, negative, ties, ones.")
    values: Numbers | None = Field(None, description="Literal elements, in C order; brackets are for the reader.")


class Entry(Strict):
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
    dtype: Literal["float32", "float64"] = "float32"
    data: StrictStr | None = Field(None, description="The value's and filter's fill rule.")
    value: Tensor | None = None
    expected: dict[str, Numbers] | None = Field(None, description="Output name -> the document's own literal result.")
    invalid: Refusal | None = None
    behaviour: Sentence | None = Field(None, description="No right answer exists, and why: recorded, not judged.")


class ConvEntry(Entry):
    """A convolution. The filter is [height, width, in_channels, out_channels]."""

    in_channels: StrictInt = 2
    out_channels: StrictInt = 3
    kernel: Size | None = Field(None, description="Spatial size of the filter.")
    filter: Tensor | None = None


class ConvTransposeEntry(ConvEntry):
    """A transposed convolution. The filter is [height, width, out_channels, in_channels]."""

    output_padding: Size | None = Field(None, description="Instead of image: torch's way to name the output's size.")
    output_shape: list[StrictInt] | None = None


class PoolEntry(Entry):
    """A pooling."""

    channels: StrictInt = 3
    ksize: Size | None = Field(None, description="Spatial size of the window.")


class UnpoolEntry(PoolEntry):
    """An unpooling."""

    output_shape: list[StrictInt] | None = None


class MaxUnpoolEntry(UnpoolEntry):
    """A max unpooling."""

    indices: Tensor | None = None


class Topic(Strict):
    """What every case file says of itself."""

    about: Sentence = Field(description="What this file shows and why.")
    source: Source


class ConvFile(Topic):
    """Cases of the forward convolution."""

    operator: Literal["conv"]
    cases: list[ConvEntry] = Field(min_length=1)


class ConvTransposeFile(Topic):
    """Cases of the transposed convolution."""

    operator: Literal["conv_transpose"]
    cases: list[ConvTransposeEntry] = Field(min_length=1)


class PoolFile(Topic):
    """Cases of a pooling."""

    operator: Literal["max_pool", "max_pool_argmax", "avg_pool"]
    cases: list[PoolEntry] = Field(min_length=1)


class MaxUnpoolFile(Topic):
    """Cases of max unpooling."""

    operator: Literal["max_unpool"]
    cases: list[MaxUnpoolEntry] = Field(min_length=1)


class AvgUnpoolFile(Topic):
    """Cases of average unpooling."""

    operator: Literal["avg_unpool"]
    cases: list[UnpoolEntry] = Field(min_length=1)


AnyFile = ConvFile | ConvTransposeFile | PoolFile | MaxUnpoolFile | AvgUnpoolFile
FILE: TypeAdapter[AnyFile] = TypeAdapter(Annotated[AnyFile, Field(discriminator="operator")])


NOT_IN_GRIDS: Final = {"name", "about", "source", "grid", "where"} | {
    "value",
    "filter",
    "indices",
    "expected",
    "invalid",
    "behaviour",
}
"""The fields that a grid can't vary: they say something of the whole entry, or make no part of an id."""


def json_schema() -> dict[str, Any]:
    """JSON Schema of a case file. Each entry's grid takes lists of what the entry's own fields take."""
    schema = FILE.json_schema()
    for name, definition in schema["$defs"].items():
        if name.endswith("Entry"):
            definition["properties"]["grid"] = _grid(definition["properties"])
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Deconform case file"}


def _grid(properties: dict[str, Any]) -> dict[str, Any]:
    varied = {name: rule for name, rule in properties.items() if name not in NOT_IN_GRIDS}
    fields = {name: {"type": "array", "minItems": 1, "items": rule} for name, rule in varied.items()}
    return {"type": "object", "properties": fields, "additionalProperties": False, "minProperties": 1}
