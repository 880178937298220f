"""The network up to a layer and back to the pixels, as two pipelines that are made of one file's steps.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", https://arxiv.org/abs/1311.2901,
section 2.1: unpooling with the forward pass's own indices, ReLU, and the transposes of the same filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cases
from cases.loading.pipeline_calls import build_pipeline
from cases.loading.pipeline_entries import AnyStep, ConvStep, ConvTransposeStep, PipelineEntry
from cases.loading.pipeline_network import IMAGE
from cases.loading.schema import FILE, PipelineFile
from cases.loading.yaml_document import read
from cases.model.case import Case, Step
from cases.model.fill import Array, fill
from reports.recording.options import UsageError

VGG: Final = Path(cases.__file__).parent / "pipelines" / "vgg.yaml"
_ENTRY: Final = "narrow"
_ID: Final = "deconvnet::vgg16"
"""Filters are seeded by the case's id, so that those of a layer are the same whichever layer is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Both ways. ``forward`` ends at ``activations`` [1, height, width, channels], from which ``back`` sets out.

    ``pixels`` is what ``back`` returns in the end, [1, size, size, 3]. Filters and biases come from elsewhere.
    """

    layer: str
    forward: Case
    back: Case
    activations: str
    pixels: str

    @property
    def channels(self) -> int:
        """How many feature maps the layer has."""
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
        """Filters and biases that have learnt nothing."""
        return fill(replace(self.forward, inputs={name: self.forward.inputs[name] for name in self.weights}))


def build(layer: str, size: int, width: int) -> Network:
    """The network for a square image; ``width`` is the number of channels of its first layer.

    Raises:
        UsageError: if there is no such layer, or a pooling before it would not have a whole window.
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
    return Network(
        layer=layer,
        forward=_part(whole, "forward", forward),
        back=_part(whole, "back", whole.steps[len(end.forward) :]),
        activations=end.forward[-1].name,
        pixels=end.back[-1].name,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The steps of a file's entry up to a layer's ReLU, and those from there back."""

    forward: list[AnyStep]
    back: list[AnyStep]


def there_and_back(steps: list[AnyStep], layer: str) -> Ways:
    """The steps up to the ReLU behind a layer; and from the ReLU before that layer's transpose to the end."""
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
    """Some of a pipeline's steps as one; what they take of other steps comes from outside."""
    made = {tensor for step in steps for tensor in step.returns.values()}
    taken = {tensor: step.case.inputs[role] for step in steps for role, tensor in step.takes.items()}
    inputs = {tensor: whole.inputs.get(tensor, spec) for tensor, spec in taken.items() if tensor not in made}
    return replace(whole, id=f"{_ID}-{name}", steps=steps, inputs=inputs)


def _check(layer: str, steps: Iterable[Step], size: int) -> None:
    """SAME pools whatever there is, but the maximum of less than a window tells nothing of it."""
    for step in steps:
        sides, ksize = step.case.inputs["value"].shape[1:-1], step.case.ksize or (1, 1)
        if any(side < window for side, window in zip(sides, ksize, strict=True)):
            found = f"{step.name} would have {sides[0]} x {sides[1]}, less than a window of {ksize[0]} x {ksize[1]}"
            msg = f"--size {size}: the image is too small for {layer}: {found}; give a larger --size"
            raise UsageError(msg)


def filled(case: Case, archive: Path, names: Iterable[str]) -> Case:
    """The pipeline with some of its tensors taken from an archive of NumPy's, where they have the same names."""
    taken = {name: replace(case.inputs[name], fill="file", file=str(archive.resolve())) for name in names}
    return replace(case, inputs=case.inputs | taken)
