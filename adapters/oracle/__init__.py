"""The oracle: the NumPy float64 definition of every operator, as one more adapter.

The definitions are in ``conv``, ``conv_transpose`` and ``pooling``, in terms of axes; ``operators`` gives them the
arguments that a user would write, and checks those. A wrong implementation, to try the suite on, is a subclass of
``Oracle`` with one operator overridden.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters import program
from adapters.oracle import conv, conv_transpose, pooling
from adapters.oracle.operators import InvalidCall, Operators
from adapters.oracle.windows import Array
from cases import shapes
from cases.case import INPUTS, OUTPUTS, Case
from cases.shapes import Axis

__all__ = ["InvalidCall", "NotExact", "Operators", "Oracle", "products"]

Tensors = dict[str, npt.NDArray[Any]]

ARGUMENTS: Final = ("output_shape", "ksize", "strides", "padding", "output_padding")
"""The fields of a case that are arguments of its call, where they are set."""


class NotExact(Exception):  # noqa: N818 - a statement about a case
    """A case of the exact tier has a result that its dtype doesn't hold: the suite's own mistake."""


class Oracle:
    """The definition, as an adapter. A mode is a form of ``conv_transpose``; ``eager`` is the scatter form.

    The methods named like operators take float64 tensors (and int64 indices) and one ``Axis`` for each spatial axis,
    all of it valid. A subclass may override any of them.
    """

    name: str = "oracle"
    modes: tuple[str, ...] = ("eager", "zero_insertion", "matrix")

    def __init__(self, mode: str = "eager") -> None:
        self.mode = mode

    conv = staticmethod(conv.conv)
    max_pool = staticmethod(pooling.max_pool)
    max_pool_argmax = staticmethod(pooling.max_pool_argmax)
    max_unpool = staticmethod(pooling.max_unpool)
    avg_pool = staticmethod(pooling.avg_pool)
    avg_unpool = staticmethod(pooling.avg_unpool)

    def conv_transpose(self, value: Array, filter: Array, axes: tuple[Axis, ...]) -> Array:  # noqa: A002
        """Transposed convolution, in the form of the mode."""
        return conv_transpose.FORMS[self.mode](value, filter, axes)

    @property
    def operators(self) -> Operators:
        """The operators by their documented arguments."""
        return Operators(self)

    def devices(self) -> tuple[str, ...]:
        """Only the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """NumPy's version."""
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
        """The call as a program; its outputs are float64, whatever the case's dtype."""
        return self._preparation() + _statements(case)

    def run(self, case: Case, inputs: Tensors) -> Tensors:
        """The outputs of a case; in the bounded tier also ``output_float64`` and ``output_magnitude``.

        The first is the result before it is rounded to the case's dtype, the second the same operator's result on
        absolute inputs, of which rounding errors are fractions.

        Raises:
            InvalidCall: if the case breaks a rule.
            NotSupported: if the case has no canonical answer.
            NotExact: if the case is of the exact tier and its dtype doesn't hold the result.
        """
        outputs = self._execute(case, inputs)
        exact = outputs["output"]
        outputs["output"] = _cast(case, exact)
        if case.tier == "bounded":
            magnitudes = self._execute(case, {name: np.abs(tensor) for name, tensor in inputs.items()})
            outputs |= {"output_float64": exact, "output_magnitude": magnitudes["output"]}
        return outputs

    def _preparation(self) -> str:
        cls = type(self)
        mode = "" if self.mode == "eager" else repr(self.mode)
        return f"from {cls.__module__} import {cls.__name__}\n\noracle = {cls.__name__}({mode}).operators\n"

    def _execute(self, case: Case, inputs: Tensors) -> Tensors:
        # This very instance is what the first lines prepare, and it may be of a class that cannot be imported. Blank
        # lines stand for them, so that a traceback counts lines as the text does.
        blank = "\n" * self._preparation().count("\n")
        return program.execute(blank + _statements(case), {"oracle": self.operators, **inputs})


def products(case: Case) -> int:
    """How many products, or terms, an element of the output sums at the most; 1 where it is only chosen."""
    if case.operator.startswith("max"):
        return 1
    channels = case.inputs["value"].shape[-1] if "filter" in case.inputs else 1
    return math.prod(shapes.kernel_size(case)) * channels


def _statements(case: Case) -> str:
    given = ((name, getattr(case, name)) for name in ARGUMENTS)
    arguments = [*INPUTS[case.operator], *(f"{name}={value!r}" for name, value in given if value is not None)]
    names = OUTPUTS[case.operator]
    results = ("result",) if len(names) == 1 else (f"result[{number}]" for number in range(len(names)))
    outputs = (f'"{name}": {result}' for name, result in zip(names, results, strict=True))
    return f"result = oracle.{case.operator}({', '.join(arguments)})\noutputs = {{{', '.join(outputs)}}}\n"


def _cast(case: Case, output: Array) -> npt.NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        cast = output.astype(case.dtype)
    lost = (cast != output) & ~np.isnan(output)
    if case.tier == "exact" and lost.any():
        msg = f"{case.id}: {case.dtype} doesn't hold {output[lost][0]!r}, and the case is of the exact tier"
        raise NotExact(msg)
    return cast
