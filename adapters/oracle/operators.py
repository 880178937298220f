"""Every operator with its documented arguments, which are checked. Programs of ``Oracle.call`` use these methods.

Arrays may have any dtype; the operators compute in float64. ``value`` is [batch, *spatial, channels]. ``strides``,
``ksize``, ``dilations`` and ``output_padding`` have one entry for each spatial axis. ``output_shape`` is a whole shape.
``padding`` is SAME, VALID or a (before, after) pair for each spatial axis.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.oracle.pooling import Indices
from adapters.oracle.windows import Array
from cases.model import rules, shapes
from cases.model.case import Case, Operator, TensorSpec

# ruff: noqa: A002 - "filter" is the field's word
# mypy: no-warn-return-any
# A definition is found by the operator's name, so mypy sees Any; the signatures give the type of the result.

Tensor = npt.NDArray[Any]

_MOST: Final = 2**27
"""The largest number of elements of a padded image; more take gigabytes and minutes, and show nothing new."""


class InvalidCall(ValueError):  # noqa: N818 - the cases' word
    """A call breaks a rule of ``cases.model.rules``; the message is ``rule: reason``."""


class Operators:
    """The operators of a definition: an object with one method for each operator, on float64 tensors and axes.

    All methods raise ``InvalidCall`` for a call that breaks a rule of ``cases.model.rules``, and ``NotSupported`` for a
    call without a canonical answer. ``data_format`` is only checked: tensors are channels-last here.
    """

    def __init__(self, definition: Any) -> None:
        self._definition = definition

    def conv(self, value: Tensor, filter: Tensor, *, bias: Tensor | None = None, **arguments: Any) -> Array:
        """Convolve the value with the filter [*kernel, in / groups, out], which is not rotated.

        Arguments: strides, padding; dilations, groups, data_format.
        """
        return self._answer("conv", {"value": value, "filter": filter, "bias": bias}, arguments)

    def conv_transpose(self, value: Tensor, filter: Tensor, *, bias: Tensor | None = None, **arguments: Any) -> Array:
        """Compute the vector-Jacobian product of ``conv`` for its value; the filter is [*kernel, out / groups, in].

        Arguments: output_shape, strides, padding; output_padding, which is only checked, since output_shape includes
        it; dilations, groups, data_format.
        """
        return self._answer("conv_transpose", {"value": value, "filter": filter, "bias": bias}, arguments)

    def max_pool(self, value: Tensor, **arguments: Any) -> Array:
        """Return the maximum of each window.

        Arguments: ksize, strides, padding; dilations, ceil_mode, data_format.
        """
        return self._answer("max_pool", {"value": value}, arguments)

    def max_pool_argmax(self, value: Tensor, **arguments: Any) -> tuple[Array, Indices]:
        """Return the maximum of each window, and the canonical index of the first maximum.

        Arguments: those of ``max_pool``; include_batch_in_index.
        """
        return self._answer("max_pool_argmax", {"value": value}, arguments)

    def max_unpool(self, value: Tensor, indices: Tensor, **arguments: Any) -> Array:
        """Put each element at its canonical index, and zeros elsewhere.

        Arguments: output_shape; ksize, strides and padding, which are only checked.
        """
        return self._answer("max_unpool", {"value": value, "indices": indices}, arguments)

    def avg_pool(self, value: Tensor, **arguments: Any) -> Array:
        """Return the mean of each window.

        Arguments: those of ``max_pool``; divisor, without which padding isn't counted.
        """
        return self._answer("avg_pool", {"value": value}, arguments)

    def avg_unpool(self, value: Tensor, **arguments: Any) -> Array:
        """Put each element at every position of its window, and sum overlaps.

        Arguments: output_shape, ksize, strides, padding.
        """
        return self._answer("avg_unpool", {"value": value}, arguments)

    def relu(self, value: Tensor, **arguments: Any) -> Array:
        """Return the greater of each element and 0. Arguments: ksize and strides, which are 1; padding, data_format."""
        return self._answer("relu", {"value": value}, arguments)

    def gradients(self, operator: Operator, cotangent: Tensor, **call: Any) -> dict[str, Array]:
        """Return the vector-Jacobian products of a call: input's name -> gradient.

        ``cotangent`` has the shape of the call's output. ``call`` holds the tensors and the arguments of the operator's
        own method, by name.
        """
        tensors = {name: tensor for name, tensor in call.items() if isinstance(tensor, np.ndarray)}
        arguments = {name: value for name, value in call.items() if name not in tensors}
        case = _checked(operator, tensors | {"cotangent": cotangent}, arguments)
        return self._definition.gradients(case, _floats(tensors | {"cotangent": cotangent}))

    def _answer(self, operator: Operator, tensors: dict[str, Any], arguments: dict[str, Any]) -> Any:
        given = {name: tensor for name, tensor in tensors.items() if name != "bias" or tensor is not None}
        case = _checked(operator, given, arguments)
        refuse_absurd(case)
        return self._definition.answer(case, _floats(given))


def _checked(operator: Operator, tensors: dict[str, Tensor], arguments: dict[str, Any]) -> Case:
    specs = {name: _spec(tensor) for name, tensor in tensors.items()}
    case = Case(id="", operator=operator, inputs=specs, **arguments)
    if wrong := rules.broken(case, tensors.get("indices")):
        msg = f"{wrong.rule}: {wrong.reason}"
        raise InvalidCall(msg)
    return case


def refuse_absurd(case: Case) -> None:
    """Refuse an image that is too large to compute here.

    Raises:
        NotSupported: if the image with its padding has too many elements.
    """
    axes = shapes.axes(case)
    elements = math.prod(max(axis.full, axis.padded) for axis in axes)
    if elements > _MOST:
        msg = f"an image of {elements} elements with its padding is not computed here"
        raise NotSupported(msg)


def _spec(tensor: Any) -> Any:
    """Return the spec of a tensor: its shape and dtype. Return anything else unchanged; the rules refuse it."""
    known = isinstance(tensor, np.ndarray)
    return TensorSpec(shape=tensor.shape, dtype=tensor.dtype.name, fill="literal") if known else tensor


def _floats(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: a if name == "indices" else a.astype(np.float64) for name, a in tensors.items()}
