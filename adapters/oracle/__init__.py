"""The oracle: the NumPy float64 definition of every operator, as one more adapter.

The definitions are in ``conv``, ``conv_transpose`` and ``pooling``, in terms of axes; ``operators`` gives them the
arguments that a user would write, and checks those. A wrong implementation, to try the suite on, is a subclass of
``Oracle`` with one operator overridden.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters import program
from adapters.oracle import conv, conv_transpose, gradients, pooling
from adapters.oracle.exactness import NotExact, cast, check, products
from adapters.oracle.operators import InvalidCall, Operators, refuse_absurd
from adapters.oracle.windows import Array
from cases.model import rules, shapes
from cases.model.case import ARGUMENTS, INPUTS, OUTPUTS, Case, is_chosen
from cases.model.fill import without_specials
from cases.model.shapes import Axis

__all__ = ["InvalidCall", "NotExact", "Operators", "Oracle", "products"]

Tensors = dict[str, npt.NDArray[Any]]


class Oracle:
    """The definition, as an adapter. A mode is a form of ``conv_transpose``; ``eager`` is the scatter form.

    The methods named like operators take float64 tensors (and int64 indices) and one ``Axis`` for each spatial axis,
    all of it valid. A subclass may override any of them.
    """

    name: str = "oracle"
    modes: tuple[str, ...] = ("eager", "zero_insertion", "matrix")
    mode_options: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - nothing changes it, and a subclass may name its own

    def __init__(self, mode: str = "eager") -> None:
        self.mode = mode

    conv = staticmethod(conv.conv)
    max_pool = staticmethod(pooling.max_pool)
    max_pool_argmax = staticmethod(pooling.max_pool_argmax)
    max_unpool = staticmethod(pooling.max_unpool)
    avg_pool = staticmethod(pooling.avg_pool)
    avg_unpool = staticmethod(pooling.avg_unpool)
    relu = staticmethod(pooling.relu)

    def conv_transpose(self, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:  # noqa: A002
        """Return the transposed convolution, in the form of the mode."""
        return conv_transpose.FORMS[self.mode](value, filter, axes)

    conv_gradients = staticmethod(gradients.conv_gradients)
    conv_transpose_gradients = staticmethod(gradients.conv_transpose_gradients)
    max_pool_gradients = staticmethod(gradients.max_pool_gradients)
    max_pool_argmax_gradients = staticmethod(gradients.max_pool_gradients)
    max_unpool_gradients = staticmethod(gradients.max_unpool_gradients)
    avg_pool_gradients = staticmethod(gradients.avg_pool_gradients)
    avg_unpool_gradients = staticmethod(gradients.avg_unpool_gradients)

    def axes(self, case: Case) -> tuple[Axis, ...]:
        """Return the spatial axes of a valid case."""
        return shapes.axes(case)

    def grouped(self, operator: str, value: Array, filter: Array, axes: tuple[Axis, ...], groups: int) -> Array:  # noqa: A002
        """Return a convolution or its transpose, made group by group; the filter's last axis has all groups."""
        form = getattr(self, operator)
        pairs = zip(np.split(value, groups, axis=-1), np.split(filter, groups, axis=-1), strict=True)
        return np.concatenate([form(part, of_filter, axes) for part, of_filter in pairs], axis=-1)

    def add_bias(self, output: Array, bias: Array) -> Array:
        """Return the sum of a convolution's output and ``bias``, which has an entry for each of its channels."""
        return output + bias

    def answer(self, case: Case, tensors: Tensors) -> Any:
        """Return the result of a valid case, from float64 tensors."""
        axes = self.axes(case)
        if "filter" in tensors:
            output = self.grouped(case.operator, tensors["value"], tensors["filter"], axes, case.groups)
            return self.add_bias(output, tensors["bias"]) if "bias" in tensors else output
        result = getattr(self, case.operator)(*tensors.values(), axes, **_divisor(case))
        if case.include_batch_in_index:
            size = math.prod(case.inputs["value"].shape[1:])
            return result[0], pooling.with_batch(result[1], size)
        return result

    def gradients(self, case: Case, tensors: Tensors) -> dict[str, Array]:
        """Return what the cotangent among a valid case's float64 tensors gives back to each of the others."""
        form, axes = getattr(self, f"{case.operator}_gradients"), self.axes(case)
        rest = {name: tensor for name, tensor in tensors.items() if name != "cotangent"}
        cotangent, bias = tensors["cotangent"], rest.pop("bias", None)
        if "filter" not in rest:
            return form(cotangent, *rest.values(), axes, **_divisor(case))  # type: ignore[no-any-return]
        parts = zip(*(np.split(a, case.groups, axis=-1) for a in (cotangent, *rest.values())), strict=True)
        found = [form(*part, axes) for part in parts]
        whole = {name: np.concatenate([part[name] for part in found], axis=-1) for name in rest}
        return whole if bias is None else whole | {"bias": cotangent.sum(axis=tuple(range(cotangent.ndim - 1)))}

    @property
    def operators(self) -> Operators:
        """Return the operators by their documented arguments."""
        return Operators(self)

    def devices(self) -> tuple[str, ...]:
        """Return the processor alone."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return NumPy's version."""
        return {"numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Choose the form of ``conv_transpose``.

        Raises:
            ValueError: if there is no such mode or device.
        """
        if mode not in self.modes or device not in self.devices():
            msg = f"{self.name} has no {mode!r} on {device!r}"
            raise ValueError(msg)
        self.mode = mode
        return {"conv_transpose": conv_transpose.FORMS[mode].__name__}

    def call(self, case: Case) -> str:
        """Return the call as a program, to be shown; its outputs are float64, whatever the case's dtype."""
        return self._preparation() + _statements(case)

    def stage(self, error: Exception) -> str:  # noqa: ARG002 - the protocol's
        """Tell that every call is made at once."""
        return "calling"

    def run(self, case: Case, inputs: Tensors) -> Tensors:
        """Return the outputs of a case; in the bounded tier also ``output_float64`` and ``output_magnitude``.

        The first is the result before it is rounded to the case's dtype, the second the same operator's result on
        absolute inputs, of which rounding errors are fractions.

        Raises:
            InvalidCall: if the case breaks a rule.
            NotSupported: if the case has no canonical answer.
            NotExact: if the case's dtype doesn't hold every sum on the way, and its bits are to be compared: it is of
                the exact tier, or has special values, among which every other sum has to be exact.
        """
        if case.tier == "bounded":
            return self.unchecked(case, inputs)
        exact, outputs = self._answered(case, inputs)
        if case.tier == "special":
            self._check_the_others(case, inputs)
        else:
            check(case, inputs, exact, self._exact(case, _magnitudes(case, inputs)))
        return outputs

    def unchecked(self, case: Case, inputs: Tensors) -> Tensors:
        """Return what ``run`` returns, also where sums round. It is for whoever compares every bit of the answer.

        Raises:
            InvalidCall, NotSupported: as ``run`` does.
        """
        exact, outputs = self._answered(case, inputs)
        if case.tier != "bounded":
            return outputs
        magnitude = self._exact(case, _magnitudes(case, inputs))["output"]
        return outputs | {"output_float64": exact["output"], "output_magnitude": magnitude}

    def _answered(self, case: Case, inputs: Tensors) -> tuple[Tensors, Tensors]:
        """Return the outputs in float64, and in the dtypes of the case."""
        if rules.broken(case, inputs.get("indices")) is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                self._refuse(case, inputs)
        exact = self._exact(case, inputs)
        return exact, {name: cast(case, name, array) for name, array in exact.items()}

    def _check_the_others(self, case: Case, inputs: Tensors) -> None:
        """Check that every sum is exact with a zero in the place of each special value.

        What decides a maximum stays, since it decides which elements of a gradient add up.
        """
        plain = without_specials(case, inputs)
        kept = {"value": inputs["value"]} if is_chosen(case.operator) else {}
        exact = self._exact(case, plain | kept)
        if kept:  # it is only moved, so it is exact
            exact["output"] = np.zeros_like(exact["output"])
        check(case, plain | kept, exact, self._exact(case, _magnitudes(case, plain | kept)))

    def _preparation(self) -> str:
        cls = type(self)
        mode = "" if self.mode == "eager" else repr(self.mode)
        return f"from {cls.__module__} import {cls.__name__}\n\noracle = {cls.__name__}({mode}).operators\n"

    def _exact(self, case: Case, inputs: Tensors) -> Tensors:
        """Return the outputs of a valid case in float64."""
        asked = rules.effective(case) if case.given else case
        refuse_absurd(asked)
        floats = {name: inputs[name] if name == "indices" else inputs[name].astype(np.float64) for name in case.inputs}
        names, plain = OUTPUTS[case.operator], {name: array for name, array in floats.items() if name != "cotangent"}
        with np.errstate(over="ignore", invalid="ignore"):  # infinities and NaN are what some cases are about
            result = self.answer(asked, plain)
            back = self.gradients(asked, floats) if case.gradients else {}
        outputs: Tensors = dict(zip(names, result if len(names) > 1 else (result,), strict=True))
        return outputs | {f"{name}_gradient": back[name] for name in case.gradients}

    def _refuse(self, case: Case, inputs: Tensors) -> None:
        """Execute the text of a call that breaks a rule, so that the refusal arises in the text's own line.

        This very instance is what the first lines prepare, and it may be of a class that cannot be imported. Blank
        lines stand for them, so that a traceback counts lines as the text does.
        """
        blank = "\n" * self._preparation().count("\n")
        program.execute(blank + _statements(case), {"oracle": self.operators, **inputs})


def _divisor(case: Case) -> dict[str, Any]:
    """Return the divisor of a mean, which only average pooling takes, if the case says one."""
    return {} if case.divisor is None else {"divisor": case.divisor}


def _magnitudes(case: Case, inputs: Tensors) -> Tensors:
    """Return the inputs without their signs; a tensor that decides a maximum keeps its signs."""
    kept = {"value", "indices"} if is_chosen(case.operator) else set()
    return {name: tensor if name in kept else np.abs(tensor) for name, tensor in inputs.items()}


def _given(case: Case) -> dict[str, Any]:
    return {name: value for name, value in case.given.items() if name in ARGUMENTS}


def _statements(case: Case) -> str:
    plain = {name: getattr(case, name) for name in ARGUMENTS if name != "groups" or case.groups != 1}
    known = {name: value for name, value in plain.items() if value is not None}
    said = [f"{name}={program.literal(value)}" for name, value in (known | _given(case)).items()]
    said += ["include_batch_in_index=True"] if case.include_batch_in_index else []
    texts = {name: program.literal(case.given[name]) if name in case.given else name for name in case.inputs}
    tensors = [texts[name] for name in INPUTS[case.operator]]
    tensors += ["bias=bias"] * ("bias" in case.inputs)
    names = OUTPUTS[case.operator]
    results = ("result",) if len(names) == 1 else (f"result[{number}]" for number in range(len(names)))
    outputs = [f'"{name}": {result}' for name, result in zip(names, results, strict=True)]
    lines = [f"result = oracle.{case.operator}({', '.join([*tensors, *said])})"]
    if case.gradients:
        cotangent, named = texts.pop("cotangent"), [f"{name}={text}" for name, text in texts.items()]
        lines += [f'gradients = oracle.gradients("{case.operator}", {", ".join([cotangent, *named, *said])})']
        outputs += [f'"{name}_gradient": gradients["{name}"]' for name in case.gradients]
    return "\n".join([*lines, f"outputs = {{{', '.join(outputs)}}}"]) + "\n"
