"""The network up to a layer and back to the pixels, as two pipelines made of the steps of one case file.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", https://arxiv.org/abs/1311.2901,
section 2.1: unpooling with the forward pass's own indices, ReLU, and the transposes of the same filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cases
from cases.loading.pipeline.calls import build_pipeline
from cases.loading.pipeline.entries import AnyStep, ConvStep, ConvTransposeStep, PipelineEntry
from cases.loading.pipeline.network import IMAGE
from cases.loading.schema import FILE, PipelineFile
from cases.loading.yaml_document import read
from cases.model.case import Case, Step
from cases.model.fill import Array, fill
from reports.recording.options import UsageError

VGG: Final = Path(cases.__file__).parent / "pipelines" / "vgg.yaml"
_ENTRY: Final = "narrow"
_ID: Final = "deconvnet::vgg16"
"""The case's id. It seeds the filters, so a layer's filters are the same for every layer that is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWayNetwork:
    """A network that is run forward to a layer and back to the pixels.

    ``forward`` ends at the tensor ``activations`` [1, height, width, channels], and ``back`` starts there. ``back``
    ends at the tensor ``pixels`` [1, size, size, 3]. Filters and biases are inputs of both.
    """

    layer: str
    forward: Case
    back: Case
    activations: str
    pixels: str

    @property
    def channels(self) -> int:
        """The number of the layer's feature maps."""
        return self.back.inputs[self.activations].shape[-1]

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of filters and biases."""
        return tuple(name for name in self.forward.inputs if name != IMAGE)

    @property
    def indices(self) -> tuple[str, ...]:
        """The names of the forward pass's indices, which the way back takes."""
        return tuple(name for name in self.back.inputs if name not in {*self.forward.inputs, self.activations})

    def seeded(self) -> dict[str, Array]:
        """Return random filters and biases, which have learnt nothing."""
        return fill(replace(self.forward, inputs={name: self.forward.inputs[name] for name in self.weights}))


def build(layer: str, size: int, width: int) -> TwoWayNetwork:
    """Build the network for an image [size, size, 3]; ``width`` is the number of channels of its first layer.

    Raises:
        UsageError: if there is no such layer, or if the image is smaller than a window of a pooling before it.
    """
    entry = _entry()
    there = [step.name for step in entry.steps if isinstance(step, ConvStep)]
    if layer not in there:
        msg = f"--layer {layer}: there is no such layer; there are: {', '.join(there)}"
        raise UsageError(msg)
    end = there_and_back(entry.steps, layer)
    whole = build_pipeline(_sized(entry, end, size, width), _ID, entry.about or "", VGG.name)
    forward = tuple(whole.steps[: len(end.forward)])
    _check(layer, forward, size)
    return TwoWayNetwork(
        layer=layer,
        forward=_part(whole, "forward", forward),
        back=_part(whole, "back", whole.steps[len(end.forward) :]),
        activations=end.forward[-1].name,
        pixels=end.back[-1].name,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The steps of a file's entry up to a layer's ReLU, and the steps from there back."""

    forward: list[AnyStep]
    back: list[AnyStep]


def there_and_back(steps: list[AnyStep], layer: str) -> Ways:
    """Return the steps up to the ReLU after a layer, and the steps from the ReLU before the layer's transpose on."""
    turn = next(n for n, step in enumerate(steps) if step.name == layer) + 2
    back = next(n for n, step in enumerate(steps) if isinstance(step, ConvTransposeStep) and step.reverses == layer) - 1
    first = steps[back].model_copy(update={"of": steps[turn - 1].name})
    return Ways(forward=steps[:turn], back=[first, *steps[back + 1 :]])


def _entry() -> PipelineEntry:
    file = FILE.validate_python(read(VGG).data)
    assert isinstance(file, PipelineFile)  # noqa: S101 - it is ours
    return next(entry for entry in file.cases if entry.name == _ENTRY)


def _sized(entry: PipelineEntry, ways: Ways, size: int, width: int) -> PipelineEntry:
    parts = {"grid": None, "image": [size, size], "width": width, "steps": ways.forward + ways.back}
    return entry.model_copy(update=parts)


def _part(whole: Case, name: str, steps: tuple[Step, ...]) -> Case:
    """Return some of a pipeline's steps as a pipeline; its inputs include what these steps take from other steps."""
    made = {tensor for step in steps for tensor in step.returns.values()}
    taken = {tensor: step.case.inputs[role] for step in steps for role, tensor in step.takes.items()}
    inputs = {tensor: whole.inputs.get(tensor, spec) for tensor, spec in taken.items() if tensor not in made}
    return replace(whole, id=f"{_ID}-{name}", steps=steps, inputs=inputs)


def _check(layer: str, steps: Iterable[Step], size: int) -> None:
    """Refuse an image of which a pooling would see less than one window.

    SAME would pool it all the same, but the maximum of less than a window tells nothing.
    """
    for step in steps:
        sides, ksize = step.case.inputs["value"].shape[1:-1], step.case.ksize or (1, 1)
        if any(side < window for side, window in zip(sides, ksize, strict=True)):
            found = f"{step.name} would have {sides[0]} x {sides[1]}, less than a window of {ksize[0]} x {ksize[1]}"
            msg = f"--size {size}: the image is too small for {layer}: {found}; give a larger --size"
            raise UsageError(msg)


def filled(case: Case, archive: Path, names: Iterable[str]) -> Case:
    """Return the pipeline with some of its tensors read from a NumPy archive, where they have the same names."""
    taken = {name: replace(case.inputs[name], fill="file", file=str(archive.resolve())) for name in names}
    return replace(case, inputs=case.inputs | taken)
