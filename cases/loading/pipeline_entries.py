"""What stands in a file of pipelines: an entry is a list of steps, each of which is one call of an operator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from cases.loading.entries import Gridded, Size, Strict, Tensor

Tensored = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class PlainStep(Strict):
    """One call of a pipeline. What a step doesn't say, the entry says for all."""

    name: Tensored = Field(description="What the tensor that it returns is called.")
    of: Tensored | None = Field(None, description="The tensor that it takes; the one before, if left out.")


class ReluStep(PlainStep):
    """The greater of each element and 0."""

    operator: Literal["relu"]


class WindowStep(PlainStep):
    """A call that moves windows."""

    strides: Size | None = None
    padding: StrictStr | list[list[StrictInt]] | None = None
    dilations: Size | None = None


class FilterStep(WindowStep):
    """A call with a filter, called ``<name>_filter``, and perhaps a bias, ``<name>_bias``."""

    kernel: Size | None = None
    out_channels: StrictInt | None = Field(None, description="Is multiplied by the entry's width.")
    groups: StrictInt | None = None
    bias: StrictBool | None = None
    filter: Tensor | None = None


class ConvStep(FilterStep):
    """A convolution."""

    operator: Literal["conv"]


class ConvTransposeStep(FilterStep):
    """A transposed convolution: of an earlier step, with its filter and sizes, or with its own."""

    operator: Literal["conv_transpose"]
    reverses: Tensored | None = Field(None, description="The conv whose filter, windows and image are taken.")
    like: Tensored | None = Field(None, description="The tensor whose spatial size the result is to have.")


class PoolStep(WindowStep):
    """A pooling; the indices of max_pool_argmax are called ``<name>_indices``."""

    operator: Literal["max_pool", "max_pool_argmax", "avg_pool"]
    ksize: Size | None = None


class UnpoolStep(PlainStep):
    """An unpooling back to the image of an earlier step, through its windows and with its indices."""

    operator: Literal["max_unpool", "avg_unpool"]
    reverses: Tensored = Field(description="The pooling whose windows, image and indices are taken.")


AnyStep = Annotated[ReluStep | ConvStep | ConvTransposeStep | PoolStep | UnpoolStep, Field(discriminator="operator")]


class PipelineEntry(Gridded):
    """A list of calls from the tensor ``image`` on. Its own sizes hold for every step that says none."""

    channels: StrictInt = 3
    kernel: Size | None = None
    ksize: Size | None = None
    groups: StrictInt = 1
    out_channels: StrictInt = 3
    width: StrictInt = Field(1, description="What every step's out_channels are multiplied by.")
    bias: StrictBool = False
    filters: StrictStr | None = Field(None, description="The filters' and biases' fill rule, if it isn't data.")
    slow: StrictBool = Field(default=False, description="Ask this only with --slow.")
    steps: list[AnyStep] = Field(min_length=1)
