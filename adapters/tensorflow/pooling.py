"""Pooling: TensorFlow's own functions, ``tf.nn.pool`` under dilation, ``tf.pad`` where a function takes no pairs."""

from __future__ import annotations

import math
from typing import Any, Final

from adapters.base import NotSupported
from adapters.call import option, said
from adapters.tensorflow.composition import Composition, composed, dilates, options, padding, single
from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.dtypes import FLOATS
from cases.model.shapes import Axis

_PLANE: Final = 2
"""The axes of what ``tf.nn.max_pool_with_argmax`` knows."""


def max_pool(case: Case) -> Composition:
    """``tf.nn.max_pool1d`` and its like, or ``tf.nn.pool``."""
    takes_pairs = len(case.strides) <= _PLANE and not dilates(case)
    value, pads = _padded(case) if composed(case) and not takes_pairs else ("value", padding(case))
    return Composition(takes=("value",), call=_pool(case, "max", value, pads))


def avg_pool(case: Case) -> Composition:
    """``tf.nn.avg_pool1d`` and its like, or ``tf.nn.pool``; with pairs, sums over how many elements aren't padding."""
    if not composed(case):
        return Composition(takes=("value",), call=_pool(case, "avg", "value", padding(case)))
    case = rules.effective(case)
    mean = _pool(case, "avg", f"tf.pad(value, {padding(case)})", "VALID")
    return Composition(
        takes=("value", "counts"),
        before=(f"counts = {_counts(case)}  # elements inside the image",),
        call=f"{mean} * {math.prod(case.ksize or ())} / counts",
    )


def max_pool_argmax(case: Case) -> Composition:
    """``tf.nn.max_pool_with_argmax``, whose index is the canonical one; one axis is a plane of one row.

    Raises:
        NotSupported: if the case has three axes, or dilations.
    """
    if len(case.strides) > _PLANE:
        msg = "TensorFlow has no max pooling with indices for three spatial axes"
        raise NotSupported(msg)
    if dilates(case):
        msg = "tf.nn.max_pool_with_argmax takes no dilations"
        raise NotSupported(msg)
    case = rules.effective(case) if composed(case) else case
    value, pads = _padded(case) if composed(case) else ("value", padding(case))
    line = len(case.strides) == 1
    part = f"tf.squeeze({{}}.{{}}, {_row(case)})" if line else "{}.{}"
    output, argmax = part.format("{}", "output"), part.format("{}", "argmax")
    return Composition(
        takes=("value",),
        call=_with_argmax(case, f"tf.expand_dims({value}, {_row(case)})" if line else value, pads),
        after=(f"flat = {argmax}  # over the padded images", f"indices = {_unpadded(case)}") if composed(case) else (),
        outputs={
            "output": output,
            "indices": "indices" if composed(case) else argmax,
            "native_indices": argmax,
        },
        differentiated=output,
    )


def _pool(case: Case, kind: str, value: str, pads: Any) -> str:
    if dilates(case):
        sizes = f"window_shape={said(case, 'ksize', str(case.ksize))}, pooling_type={kind.upper()!r}"
        steps = f"strides={said(case, 'strides', str(case.strides))}, padding={pads!r}{options(case)}"
        return f"tf.nn.pool({value}, {sizes}, {steps}, dilations={said(case, 'dilations', str(case.dilations))})"
    sizes = f"ksize={single(case, 'ksize', case.ksize or ())}, strides={single(case, 'strides', case.strides)}"
    return f"tf.nn.{kind}_pool{len(case.strides)}d({value}, {sizes}, padding={pads!r}{options(case)})"


def _padded(case: Case) -> tuple[str, str]:
    """The image, padded by what is less than all, and the padding that is left to say."""
    lowest = "float('-inf')" if case.dtype in FLOATS else f"tf.{case.dtype}.min"
    return f"tf.pad(value, {padding(case)}, constant_values={lowest})", "VALID"


def _counts(case: Case) -> str:
    axes = shapes.axes(case)
    tail = () if case.channels_first else (1,)
    factors = (
        f"tf.reshape({_inside(axis)}, {[-1 if number == other else 1 for other in range(len(axes))] + list(tail)})"
        for number, axis in enumerate(axes)
    )
    return f"tf.cast({' * '.join(factors)}, tf.{case.dtype})"


def _inside(axis: Axis) -> list[int]:
    """How many elements of each window of an axis lie on the image."""
    starts = (window * axis.stride - axis.before for window in range(axis.count))
    return [sum(0 <= start + tap * axis.dilation < axis.image for tap in range(axis.kernel)) for start in starts]


def _row(case: Case) -> int:
    """Where the axis of one row stands that makes a line a plane."""
    return 2 if case.channels_first else 1


def _with_argmax(case: Case, value: str, pads: Any) -> str:
    line = len(case.strides) == 1
    ksize, strides = ((1, *sizes) if line else sizes for sizes in (case.ksize or (), case.strides))
    if line and isinstance(pads, list):
        pads = [*pads[:-1], [0, 0], pads[-1]] if case.channels_first else [pads[0], [0, 0], *pads[1:]]
    word = {"NWC": "NHWC", "NCW": "NCHW"}.get(case.data_format or "", case.data_format)
    layout = option(case, "data_format", "data_format", None if word is None else repr(word))
    sizes = f"ksize={said(case, 'ksize', str(ksize))}, strides={said(case, 'strides', str(strides))}"
    arguments = f"{sizes}, padding={pads!r}{layout}"
    return f"tf.nn.max_pool_with_argmax({value}, {arguments}, include_batch_in_index={case.include_batch_in_index})"


def _unpadded(case: Case) -> str:
    """The canonical index from ``flat``, an index of the padded images."""
    axes, channels = shapes.axes(case), max(case.inputs["value"].shape[-1], 1)  # no channels, no index
    sizes = [axis.before + axis.image + axis.after for axis in axes]
    place, step, unit = "", channels, channels
    for axis, size in zip(reversed(axes), reversed(sizes), strict=True):
        place = f" + (flat // {step} % {size} - {axis.before}) * {unit}{place}"
        step, unit = step * size, unit * axis.image
    batch = f"flat // {step} * {unit}"
    return f"{batch}{place} + flat % {channels}"


def relu(_case: Case) -> Composition:
    """``tf.nn.relu``."""
    return Composition(takes=("value",), call="tf.nn.relu(value)")
