"""The entries of a file of pipelines: an entry is a list of steps, and each step is one call of an operator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from cases.loading.entries import Gridded, Size, Strict, Tensor
from cases.model.case import CeilMode

TensorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class PlainStep(Strict):
    """One call of a pipeline. The entry's own fields are the defaults of all steps."""

    name: TensorName = Field(description="The name of the step and of the tensor that it returns.")
    of: TensorName | None = Field(
        None, description="The tensor that it takes. If left out: the tensor that the step before returns."
    )


class ReluStep(PlainStep):
    """A relu: each element, or 0 if the element is below 0."""

    operator: Literal["relu"]


class WindowStep(PlainStep):
    """A call with windows."""

    strides: Size | None = None
    padding: StrictStr | list[list[StrictInt]] | None = None
    dilations: Size | None = None


class FilterStep(WindowStep):
    """A call with a filter, named ``<name>_filter``, and perhaps with a bias, named ``<name>_bias``."""

    kernel: Size | None = None
    out_channels: StrictInt | None = Field(None, description="Multiplied by the entry's width.")
    groups: StrictInt | None = None
    bias: StrictBool | None = None
    filter: Tensor | None = None


class ConvStep(FilterStep):
    """A convolution."""

    operator: Literal["conv"]


class ConvTransposeStep(FilterStep):
    """A transposed convolution: with the filter and sizes of an earlier step, or with its own."""

    operator: Literal["conv_transpose"]
    reverses: TensorName | None = Field(None, description="The conv whose filter, windows and image this step uses.")
    like: TensorName | None = Field(None, description="The tensor whose spatial size the result gets.")


class PoolStep(WindowStep):
    """A pooling. The indices of max_pool_argmax are named ``<name>_indices``."""

    operator: Literal["max_pool", "max_pool_argmax", "avg_pool"]
    ksize: Size | None = None
    ceil_mode: CeilMode | None = None
    divisor: Literal["inside", "padded"] | StrictInt | None = None


class UnpoolStep(PlainStep):
    """An unpooling to the image of an earlier step, with its windows and its indices."""

    operator: Literal["max_unpool", "avg_unpool"]
    reverses: TensorName = Field(description="The pooling whose windows, image and indices this step uses.")


AnyStep = Annotated[ReluStep | ConvStep | ConvTransposeStep | PoolStep | UnpoolStep, Field(discriminator="operator")]


class PipelineEntry(Gridded):
    """A list of calls. The first takes the tensor ``image``. A step that gives no size takes the entry's size."""

    channels: StrictInt = 3
    kernel: Size | None = None
    ksize: Size | None = None
    groups: StrictInt = 1
    out_channels: StrictInt = 3
    width: StrictInt = Field(1, description="The factor of the out_channels of every step.")
    bias: StrictBool = False
    filters: StrictStr | None = Field(
        None, description="The fill rule of the filters and biases, if it is not that of data."
    )
    slow: StrictBool = Field(default=False, description="Run this only with --slow.")
    steps: list[AnyStep] = Field(min_length=1)
