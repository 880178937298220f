"""Pooling: TensorFlow's own functions, ``tf.nn.pool`` under dilation, ``tf.pad`` where a function takes no pairs."""

from __future__ import annotations

import math
from typing import Any, Final

from adapters.base import NotSupported
from adapters.call import Argument, Call, Function, Text
from adapters.tensorflow.conv import VALID, composed, single
from adapters.writing.indices import Convention, unpadded
from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.dtypes import FLOATS
from cases.model.shapes import Axis

_PLANE: Final = 2
"""The axes of what ``tf.nn.max_pool_with_argmax`` knows."""
_INDICES: Final = Convention(batch=True)


def relu(_case: Case) -> Call:
    """``tf.nn.relu``."""
    return Call(expression="tf.nn.relu(value)")


def max_pool(case: Case) -> Call:
    """``tf.nn.max_pool1d`` and its like, or ``tf.nn.pool``."""
    takes_pairs = len(case.strides) <= _PLANE and not _dilates(case)
    padded = composed(case) and not takes_pairs
    value, pads = (_padded(case, lowest=True), VALID) if padded else ("value", case.padding)
    return Call(expression=_pool(case, "max", value, pads))


def avg_pool(case: Case) -> Call:
    """``tf.nn.avg_pool1d`` and its like, or ``tf.nn.pool``; with pairs, sums over how many elements aren't padding."""
    if not composed(case):
        return Call(expression=_pool(case, "avg", "value", case.padding))
    case = rules.effective(case)
    mean = _pool(case, "avg", _padded(case), VALID)
    return Call(
        takes=("value", "counts"),
        before=(f"counts = {_counts(case)}  # elements inside the image",),
        expression=(mean, f" * {math.prod(case.ksize or ())} / counts"),
    )


def max_pool_argmax(case: Case) -> Call:
    """``tf.nn.max_pool_with_argmax``, whose index is the canonical one; one axis is a plane of one row.

    Raises:
        NotSupported: if the case has three axes, or dilations.
    """
    if len(case.strides) > _PLANE:
        msg = "TensorFlow has no max pooling with indices for three spatial axes"
        raise NotSupported(msg)
    if _dilates(case):
        msg = "tf.nn.max_pool_with_argmax takes no dilations"
        raise NotSupported(msg)
    padded = composed(case)
    case = rules.effective(case) if padded else case
    part = f"tf.squeeze({{output}}.{{}}, {_row(case)})" if len(case.strides) == 1 else "{output}.{}"
    output, argmax = (part.replace("{}", name) for name in ("output", "argmax"))
    call, outputs = _with_argmax(case, padded=padded), {"output": output, "indices": argmax, "native_indices": argmax}
    if not padded:
        return Call(expression=call, outputs=outputs)
    after = (f"flat = {argmax}  # over the padded images", f"indices = {unpadded(case, 'flat', _INDICES)}")
    return Call(expression=call, after=after, outputs=outputs | {"indices": "indices"})


def _with_argmax(case: Case, *, padded: bool) -> Function:
    value, pads = (_padded(case, lowest=True), VALID) if padded else ("value", case.padding)
    row: tuple[int, ...] = ()
    if len(case.strides) == 1:
        value, row = Function(name="tf.expand_dims", operands=(value, str(_row(case)))), (1,)
    arguments = {
        "ksize": (*row, *(case.ksize or ())),
        "strides": (*row, *case.strides),
        "padding": pads,
        "data_format": {"NWC": "NHWC", "NCW": "NCHW"}.get(case.data_format or "", case.data_format),
        "include_batch_in_index": case.include_batch_in_index,
    }
    return Function(name="tf.nn.max_pool_with_argmax", operands=(value,), arguments=arguments)


def _row(case: Case) -> int:
    """Return where the axis of one row stands that makes a line a plane."""
    return 2 if case.channels_first else 1


def _dilates(case: Case) -> bool:
    """Tell whether a window's elements lie apart, or are said to."""
    return "dilations" in case.given or set(shapes.dilations(case)) != {1}


def _pool(case: Case, kind: str, value: Any, pads: Any) -> Function:
    last = {"padding": pads, "data_format": case.data_format}
    if _dilates(case):
        first = {"ksize": case.ksize, "pooling_type": kind.upper(), "strides": case.strides}
        return Function(name="tf.nn.pool", operands=(value,), arguments=first | last | {"dilations": case.dilations})
    sizes = {"ksize": single(case.ksize or ()), "strides": single(case.strides)}
    return Function(name=f"tf.nn.{kind}_pool{{}}d", operands=(value,), arguments=sizes | last)


def _padded(case: Case, *, lowest: bool = False) -> Any:
    """Return the padded image, by zeros or by what is less than all."""
    least = "float('-inf')" if case.dtype in FLOATS else f"tf.{case.dtype}.min"
    fill = {"constant_values": Text(text=least)} if lowest else {}
    return Function(name="tf.pad", operands=("value", Argument(name="padding", own=case.padding)), arguments=fill)


def _counts(case: Case) -> str:
    """Return how many elements of each window lie on the image, in the shape of the pooled value."""
    axes = shapes.axes(case)
    tail = () if case.channels_first else (1,)
    factors = (
        f"tf.reshape({_inside(axis)}, {[-1 if number == other else 1 for other in range(len(axes))] + list(tail)})"
        for number, axis in enumerate(axes)
    )
    return f"tf.cast({' * '.join(factors)}, tf.{case.dtype})"


def _inside(axis: Axis) -> list[int]:
    """Return how many elements of each window of an axis lie on the image."""
    starts = (window * axis.stride - axis.before for window in range(axis.count))
    return [sum(0 <= start + tap * axis.dilation < axis.image for tap in range(axis.kernel)) for start in starts]
