"""A pipeline that is being built: its steps so far, and the shapes of all tensors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from cases.loading.build import refuse_heavy, tensor, tier
from cases.loading.elements import check_held, check_special
from cases.loading.pipeline.entries import AnyStep, PipelineEntry
from cases.loading.sizes import BuildError
from cases.model import rules, shapes
from cases.model.case import INDEX_DTYPE, PIPELINE, Case, Step, TensorSpec

IMAGE: Final = "image"
"""The name of the first tensor of every pipeline."""
TAKEN: Final = "taken"
"""The fill rule of a step's tensors: the pipeline's inputs and earlier steps give their values."""
_NOT_COMPARED: Final = ("output_", "native_")
"""The beginnings of the names of arrays that are returned beside the results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The steps so far, the input tensors that they need, and the shapes of all tensors, each by name."""

    entry: PipelineEntry
    case_id: str
    inputs: dict[str, TensorSpec] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.entry.image is None:
            raise BuildError(IMAGE, "image is missing: the spatial size of the image, e.g. [8, 9]")
        if self.entry.value is not None and self.entry.value.shape is not None:
            raise BuildError("value", "the shape of the value follows from batch, image and channels; remove it")
        shape = (self.entry.batch, *self.entry.image, self.entry.channels)
        plain = replace(self.spec(shape, self.entry.data), special=self.entry.special, position=self.entry.position)
        self.require(IMAGE, tensor("value", self.entry.value, plain))

    @property
    def rank(self) -> int:
        """Return the number of spatial axes."""
        return len(self.entry.image or ())

    @property
    def filters(self) -> str | None:
        """Return the fill rule of filters and biases."""
        return self.entry.filters or self.entry.data

    def spec(self, shape: tuple[int, ...], rule: str | None) -> TensorSpec:
        """Return an input tensor of the pipeline that a rule fills."""
        return TensorSpec(shape=shape, dtype=self.entry.dtype, fill=rule or "integers")

    def require(self, name: str, spec: TensorSpec) -> None:
        """Add an input tensor of the pipeline.

        Raises:
            BuildError: if there is a tensor with this name already.
        """
        self._refuse_twin(name)
        self.inputs[name], self.shapes[name] = spec, spec.shape

    def add(self, step: AnyStep, taken: str, takes: dict[str, str], arguments: dict[str, Any]) -> None:
        """Add a step's call, and the tensors that it returns.

        Raises:
            BuildError: if the call breaks a rule, or returns a tensor whose name is taken.
        """
        made = Step(name=step.name, takes={"value": taken, **takes}, case=self._call(step, taken, takes, arguments))
        fault = rules.broken(made.case)
        if fault is not None:
            raise BuildError((fault.argument, "of"), f"impossible ({fault.rule}): {fault.reason}")
        for name in made.returns.values():
            self._refuse_twin(name)
        self.steps[step.name] = made
        self.shapes.update(dict.fromkeys(made.returns.values(), shapes.output_shape(made.case)))

    def taken(self, step: AnyStep) -> str:
        """Return the name of the tensor that a step takes.

        Raises:
            BuildError: if there is no such tensor, or if there is already one with the step's own name.
        """
        if step.name.startswith(_NOT_COMPARED):
            raise BuildError(
                "name", f"a tensor {'... or '.join(_NOT_COMPARED)}... is not compared; choose another name"
            )
        self._refuse_twin(step.name)
        taken = step.of or next(reversed(self.steps), IMAGE)
        self.shape("of", taken)
        if any(made.returns.get("indices") == taken for made in self.steps.values()):
            raise BuildError("of", f"{taken} are indices: only a max_unpool that reverses their step takes them")
        return taken

    def _refuse_twin(self, name: str) -> None:
        if name in self.shapes:
            raise BuildError("name", f"there is a tensor {name!r} already; choose another name")

    def shape(self, field_name: str, name: str) -> tuple[int, ...]:
        """Return the shape of the tensor that a field names.

        Raises:
            BuildError: if there is no tensor with this name before this step.
        """
        if name not in self.shapes:
            raise BuildError(field_name, f"there is no tensor {name!r} before this step; there are: {self._listed()}")
        return self.shapes[name]

    def _listed(self) -> str:
        return ", ".join((IMAGE, *self.steps))

    def reversed(self, name: str, operators: tuple[str, ...]) -> Step:
        """Return the earlier step that has this name and one of these operators.

        Raises:
            BuildError: if there is no such step.
        """
        step = self.steps.get(name)
        if step is None or step.case.operator not in operators:
            there = [other for other, found in self.steps.items() if found.case.operator in operators] or ["none"]
            message = f"no step {name!r} before this one is a {' or '.join(operators)}; there are: {', '.join(there)}"
            raise BuildError("reverses", message)
        return step

    def _call(self, step: AnyStep, taken: str, takes: dict[str, str], arguments: dict[str, Any]) -> Case:
        tensors = {"value": taken, **takes}
        specs = {
            role: TensorSpec(
                shape=self.shapes[name], dtype=INDEX_DTYPE if role == "indices" else self.entry.dtype, fill=TAKEN
            )
            for role, name in tensors.items()
        }
        return Case(
            id=f"{self.case_id}#{step.name}",
            operator=step.operator,
            inputs=specs,
            data_format=self.entry.data_format,
            tier=tier(step.operator, self.inputs),
            **arguments,
        )

    def case(self, about: str, source: str) -> Case:
        """Return the case of all steps.

        Raises:
            BuildError: if a dtype can't hold the data of an input tensor.
        """
        whole = Case(
            id=self.case_id,
            operator=PIPELINE,
            inputs=self.inputs,
            strides=(1,) * self.rank,
            padding="VALID",
            data_format=self.entry.data_format,
            tier=tier(PIPELINE, self.inputs),
            about=about,
            source=source,
            steps=tuple(self.steps.values()),
            slow=self.entry.slow,
        )
        refuse_heavy(whole)
        for name, spec in self.inputs.items():
            check_special("value" if name == IMAGE else name, spec)
        check_held(whole)
        return whole
