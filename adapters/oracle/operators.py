"""Every operator by its documented arguments, checked: what a program that ``Oracle.call`` writes calls.

Arrays may have any dtype and are computed in float64. ``value`` is [batch, *spatial, channels]; ``strides``,
``ksize`` and ``output_padding`` have one entry a spatial axis; ``output_shape`` is a whole shape; ``padding`` is
SAME, VALID or a (before, after) pair a spatial axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.oracle.pooling import Indices
from adapters.oracle.windows import Array
from cases import rules, shapes
from cases.case import INPUTS, Case, Operator, Padding, TensorSpec

# ruff: noqa: A002, PLR0913 - "filter" is the field's word, and the arguments are the operators' own
# mypy: no-warn-return-any
# A definition is looked up by the operator's name, so that its result is Any; the signatures say what it is.

Sizes = tuple[int, ...]
Tensor = npt.NDArray[Any]


class InvalidCall(ValueError):  # noqa: N818 - the cases' word
    """A call breaks one of ``cases.rules``; the message is ``rule: reason``."""


class Operators:
    """The operators of a definition: an object with one method an operator, which takes float64 tensors and axes.

    All of them raise ``InvalidCall`` for a call that breaks one of ``cases.rules``, and ``NotSupported`` for one that
    has no canonical answer.
    """

    def __init__(self, definition: object) -> None:
        self._definition = definition

    def conv(self, value: Tensor, filter: Tensor, *, strides: Sizes, padding: Padding) -> Array:
        """Convolution, without rotating the filter, which is [*kernel, in, out]."""
        return self._answer("conv", value, filter, strides=strides, padding=padding)

    def conv_transpose(
        self,
        value: Tensor,
        filter: Tensor,
        *,
        output_shape: Sizes,
        strides: Sizes,
        padding: Padding,
        output_padding: Sizes | None = None,
    ) -> Array:
        """The vector-Jacobian product of ``conv`` with respect to its value; the filter is [*kernel, out, in].

        ``output_padding`` is checked and says no more: ``output_shape`` has it already.
        """
        where = {"output_shape": output_shape, "output_padding": output_padding}
        return self._answer("conv_transpose", value, filter, strides=strides, padding=padding, **where)

    def max_pool(self, value: Tensor, *, ksize: Sizes, strides: Sizes, padding: Padding) -> Array:
        """The maximum of each window."""
        return self._answer("max_pool", value, ksize=ksize, strides=strides, padding=padding)

    def max_pool_argmax(
        self, value: Tensor, *, ksize: Sizes, strides: Sizes, padding: Padding
    ) -> tuple[Array, Indices]:
        """The maximum of each window, and the canonical index of the first one."""
        return self._answer("max_pool_argmax", value, ksize=ksize, strides=strides, padding=padding)

    def max_unpool(
        self, value: Tensor, indices: Tensor, *, output_shape: Sizes, ksize: Sizes, strides: Sizes, padding: Padding
    ) -> Array:
        """Each element at its canonical index, zeros elsewhere; the windows' sizes are checked and say no more."""
        where = {"output_shape": output_shape, "ksize": ksize}
        return self._answer("max_unpool", value, indices, strides=strides, padding=padding, **where)

    def avg_pool(self, value: Tensor, *, ksize: Sizes, strides: Sizes, padding: Padding) -> Array:
        """The mean of each window; padding isn't counted."""
        return self._answer("avg_pool", value, ksize=ksize, strides=strides, padding=padding)

    def avg_unpool(
        self, value: Tensor, *, output_shape: Sizes, ksize: Sizes, strides: Sizes, padding: Padding
    ) -> Array:
        """Each element at every position of its window, overlaps summed."""
        where = {"output_shape": output_shape, "ksize": ksize}
        return self._answer("avg_unpool", value, strides=strides, padding=padding, **where)

    def _answer(self, operator: Operator, *tensors: Tensor, **arguments: Any) -> Any:
        inputs = dict(zip(INPUTS[operator], tensors, strict=True))
        specs = {name: TensorSpec(shape=a.shape, dtype=a.dtype.str, fill="literal") for name, a in inputs.items()}
        case = Case(id="", operator=operator, inputs=specs, **arguments)
        if wrong := rules.broken(case, inputs.get("indices")):
            msg = f"{wrong.rule}: {wrong.reason}"
            raise InvalidCall(msg)
        floats = (a if name == "indices" else a.astype(np.float64) for name, a in inputs.items())
        return getattr(self._definition, operator)(*floats, shapes.axes(case))
