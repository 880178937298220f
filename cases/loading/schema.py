"""The schema of a case file, as pydantic models. ``python -m cases schema`` exports it as JSON Schema for editors.

One file holds one topic of one operator.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from cases.loading.entries import (
    ArgmaxEntry,
    ConvEntry,
    ConvTransposeEntry,
    MaxUnpoolEntry,
    MeanEntry,
    Sentence,
    Source,
    Strict,
    UnpoolEntry,
    WindowsEntry,
)
from cases.loading.pipeline.entries import PipelineEntry


class Topic(Strict):
    """The head of every case file."""

    about: Sentence = Field(description="The purpose of this file: what its cases show, and why.")
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
    """Cases of max pooling."""

    operator: Literal["max_pool"]
    cases: list[WindowsEntry] = Field(min_length=1)


class MeanFile(Topic):
    """Cases of average pooling."""

    operator: Literal["avg_pool"]
    cases: list[MeanEntry] = Field(min_length=1)


class ArgmaxFile(Topic):
    """Cases of max pooling with indices."""

    operator: Literal["max_pool_argmax"]
    cases: list[ArgmaxEntry] = Field(min_length=1)


class MaxUnpoolFile(Topic):
    """Cases of max unpooling."""

    operator: Literal["max_unpool"]
    cases: list[MaxUnpoolEntry] = Field(min_length=1)


class AvgUnpoolFile(Topic):
    """Cases of average unpooling."""

    operator: Literal["avg_unpool"]
    cases: list[UnpoolEntry] = Field(min_length=1)


class PipelineFile(Topic):
    """Cases that are lists of calls."""

    operator: Literal["pipeline"]
    cases: list[PipelineEntry] = Field(min_length=1)


AnyFile = ConvFile | ConvTransposeFile | PoolFile | MeanFile | ArgmaxFile | MaxUnpoolFile | AvgUnpoolFile | PipelineFile
FILE: TypeAdapter[AnyFile] = TypeAdapter(Annotated[AnyFile, Field(discriminator="operator")])


NOT_IN_GRIDS: Final = {"name", "about", "source", "grid", "where", "combine"} | {
    "value",
    "filter",
    "indices",
    "given",
    "expected",
    "invalid",
    "behaviour",
    "steps",
}
"""The fields that a grid can't vary. They describe the whole entry, or their values can't be a part of an id."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case file. A field of a grid takes a list of the values of the entry's field."""
    schema = FILE.json_schema()
    for name, definition in schema["$defs"].items():
        if name.endswith("Entry"):
            definition["properties"]["grid"] = _grid(definition["properties"])
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Deconform case file"}


def _grid(properties: dict[str, Any]) -> dict[str, Any]:
    varied = {name: rule for name, rule in properties.items() if name not in NOT_IN_GRIDS}
    fields = {name: {"type": "array", "minItems": 1, "items": rule} for name, rule in varied.items()}
    return {"type": "object", "properties": fields, "additionalProperties": False, "minProperties": 1}
