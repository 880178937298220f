"""A valid call as a wrong implementation sees it: its arguments, its tensors, and the definition's answers.

A slip changes the call: ``said`` answers it with other arguments, ``again`` with other tensors. Both answers come from
the definition, without a check that the changed call makes sense.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy.typing as npt

from adapters.oracle import Oracle
from cases.model import shapes
from cases.model.case import OUTPUTS, Case, TensorSpec
from cases.model.shapes import Axis

Array = npt.NDArray[Any]
Tensors = dict[str, Array]

_DEFINITION: Final = Oracle()


@dataclass(frozen=True, kw_only=True)  # without slots, for the cached properties
class Call:
    """A call that breaks no rule.

    ``inputs`` are the tensors of the case, in float64, indices in int64. ``right`` is the definition's answer: output's
    name -> array, gradients included, before any rounding. ``memory`` is what the implementation keeps between calls.
    It is None if several implementations share the call: only slips with returned arrays keep something. ``answers``
    are the definition's answers to the call with other arguments, as far as they are known.
    """

    case: Case
    inputs: Tensors
    right: Tensors
    memory: dict[Any, Any] | None = None
    answers: dict[Any, Tensors] = field(default_factory=dict)

    @functools.cached_property
    def axes(self) -> tuple[Axis, ...]:
        """Return the spatial axes."""
        return shapes.axes(self.case)

    @property
    def spatial(self) -> tuple[int, ...]:
        """Return the spatial axes of a tensor [batch, *spatial, channels]; those of a filter are one less."""
        return tuple(range(1, 1 + len(self.case.strides)))

    @property
    def unbiased(self) -> Tensors:
        """Return the inputs without the bias."""
        return {name: tensor for name, tensor in self.inputs.items() if name != "bias"}

    def said(self, **arguments: Any) -> Tensors:
        """Return the definition's answer to the call with these arguments replaced. Its arrays are read-only."""
        case = replace(self.case, **arguments)
        read = _read(case)
        if read == self._read:
            return self.right
        if read not in self.answers:
            self.answers[read] = frozen(answer(case, self.inputs))
        return self.answers[read]

    @functools.cached_property
    def _read(self) -> tuple[Any, ...]:
        return _read(self.case)

    def again(self, inputs: Tensors) -> Tensors:
        """Return the definition's answer to the call with these tensors as its inputs."""
        specs = {name: _spec(self.case, name, tensor) for name, tensor in inputs.items()}
        kept = tuple(name for name in self.case.gradients if name in inputs)
        return answer(replace(self.case, inputs=specs, gradients=kept), inputs)

    def output(self, inputs: Tensors) -> Array:
        """Return the definition's output for these tensors, without gradients."""
        return self.again({name: tensor for name, tensor in inputs.items() if name != "cotangent"})["output"]

    def edited(self, name: str, change: Callable[[Array], Array]) -> Tensors:
        """Return the right answer with one array changed, if the answer has an array of this name."""
        return self.right | {name: change(self.right[name])} if name in self.right else self.right

    def with_tensor(self, name: str, tensor: Array) -> Tensors:
        """Return the definition's answer to the call with one tensor replaced."""
        if name != "cotangent":
            return self.again(self.inputs | {name: tensor})
        outputs = {output: self.right[output] for output in OUTPUTS[self.case.operator]}
        return outputs | _gradients(self.case, self.inputs | {name: tensor}, _DEFINITION)


def frozen(tensors: Tensors) -> Tensors:
    """Return the tensors, read-only from now on."""
    for tensor in tensors.values():
        tensor.flags.writeable = False
    return tensors


def _read(case: Case) -> tuple[Any, ...]:
    """Return all that the definition reads of a call beside its tensors."""
    axes = shapes.axes(case)
    return case.operator, axes, case.groups, case.gradients, case.include_batch_in_index, case.divisor


def _spec(case: Case, name: str, tensor: Array) -> TensorSpec:
    spec = case.inputs[name]
    return spec if spec.shape == tensor.shape else replace(spec, shape=tensor.shape)


def answer(case: Case, inputs: Tensors, form: Oracle = _DEFINITION) -> Tensors:
    """Return the definition's answer to a call, in float64.

    Raises:
        NotSupported: if the call has no canonical answer.
    """
    result = form.answer(case, {name: tensor for name, tensor in inputs.items() if name != "cotangent"})
    names = OUTPUTS[case.operator]
    outputs: Tensors = dict(zip(names, result if len(names) > 1 else (result,), strict=True))
    return outputs | _gradients(case, inputs, form)


def _gradients(case: Case, inputs: Tensors, form: Oracle) -> Tensors:
    back = form.gradients(case, inputs) if case.gradients and "cotangent" in inputs else {}
    return {f"{name}_gradient": back[name] for name in case.gradients if name in back}
