"""Pooling: TensorFlow's own functions, ``tf.nn.pool`` under dilation, ``tf.pad`` where a function takes no pairs.

TensorFlow lacks unpooling: it is ``tf.scatter_nd``, the way of its users, and a transposed convolution of ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from adapters.call import Argument, Call, Function, Text, composes, dilates, errs, function, refuse, refuse_given
from adapters.program import literal
from adapters.tensorflow.conv import VALID, padded, transposed
from adapters.writing.forms import shape, single
from adapters.writing.indices import Convention, channels_ahead, unpadded
from adapters.writing.windows import divisors, explicit
from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.dtypes import FLOATS

_PLANE: Final = 2
"""The axes of what ``tf.nn.max_pool_with_argmax`` knows."""
_INDICES: Final = Convention(batch=True)


def relu(_case: Case) -> Call:
    """Call ``tf.nn.relu``."""
    return Call(expression="tf.nn.relu(value)")


def max_pool(case: Case) -> Call:
    """Call ``tf.nn.max_pool1d`` or its like, or ``tf.nn.pool``."""
    reaches = case.broken is None and any(axis.overhang for axis in shapes.axes(case))  # pairs of a window are refused
    takes_pairs = len(case.strides) <= _PLANE and not dilates(case) and not reaches
    case = explicit(case)
    first = composes(case) and not takes_pairs
    return Call(expression=_pool(case, "max", *((_bordered(case), VALID) if first else ("value", case.padding))))


def avg_pool(case: Case) -> Call:
    """Call ``tf.nn.avg_pool1d`` or its like, or ``tf.nn.pool``.

    With padding in pairs, and where a mean divides by something else, divide sums by what they are to be divided by.
    """
    asked = explicit(case)
    if not composes(asked):
        return Call(expression=_pool(case, "avg", "value", asked.padding))
    windows, counted = rules.effective(asked), rules.effective(case)
    what = "the padded image" if case.divisor == "padded" else "the image"
    why = "what sums are divided by" if isinstance(case.divisor, int) else f"elements inside {what}"
    return Call(
        takes=("value", "counts"),
        before=(f"counts = tf.cast({divisors(counted, 'tf.reshape({}, {})')}, tf.{case.dtype})  # {why}",),
        expression=(_pool(windows, "avg", padded(windows), VALID), f" * {math.prod(case.ksize or ())} / counts"),
    )


def max_pool_argmax(case: Case) -> Call:
    """Call ``tf.nn.max_pool_with_argmax``, whose index is the canonical one; one axis is a plane of one row."""
    refuse("TensorFlow has no max pooling with indices for three spatial axes", when=len(case.strides) > _PLANE)
    refuse("tf.nn.max_pool_with_argmax takes no dilations", when=dilates(case))
    case = explicit(case)
    output, argmax = (_unsqueezed(case, f"{{output}}.{name}") for name in ("output", "argmax"))
    outputs = {"output": output, "indices": argmax, "native_indices": argmax}
    if not composes(case):
        return Call(expression=_with_argmax(case, "value", case.padding), outputs=outputs)
    case = rules.effective(case)
    after = (f"flat = {argmax}  # over the padded images", f"indices = {unpadded(case, 'flat', _INDICES)}")
    call = _with_argmax(case, _bordered(case), VALID)
    return Call(expression=call, after=after, outputs=outputs | {"indices": "indices"})


def _unsqueezed(case: Case, tensor: str) -> str:
    """Return a tensor without the axis of one row that makes a line a plane."""
    return f"tf.squeeze({tensor}, {2 if case.channels_first else 1})" if len(case.strides) == 1 else tensor


def _with_argmax(case: Case, value: Any, pads: Any) -> Function:
    row: tuple[int, ...] = ()
    if len(case.strides) == 1:
        row, value = (1,), function("tf.expand_dims", value, "2" if case.channels_first else "1")
    return function(
        "tf.nn.max_pool_with_argmax",
        value,
        ksize=(*row, *(case.ksize or ())),
        strides=(*row, *case.strides),
        padding=pads,
        data_format={"NWC": "NHWC", "NCW": "NCHW"}.get(case.data_format or "", case.data_format),
        include_batch_in_index=case.include_batch_in_index,
    )


def _pool(case: Case, kind: str, value: Any, pads: Any) -> Function:
    last = {"padding": pads, "data_format": case.data_format}
    if not dilates(case):
        sizes = {"ksize": single(case.ksize), "strides": single(case.strides)}
        return function(f"tf.nn.{kind}_pool{{}}d", value, **sizes, **last)
    first = {"ksize": case.ksize, "pooling_type": kind.upper(), "strides": case.strides}
    return function("tf.nn.pool", value, **first, **last, dilations=case.dilations)


def _bordered(case: Case) -> Function:
    """Return the image, padded by what is less than all."""
    lowest = "float('-inf')" if case.dtype in FLOATS else f"tf.{case.dtype}.min"
    return padded(case, constant_values=Text(text=lowest))


def max_unpool(case: Case) -> Call:
    """Call ``tf.scatter_nd``, which puts each image's elements at their places in it."""
    unseen = errs(case, "output_shape")
    refuse("tf.scatter_nd knows no windows, so it can't tell which output_shape a pooling gives", when=unseen)
    sizes = case.output_shape or ()
    scattered = f"tf.scatter_nd(places, value, [{sizes[0]}, {math.prod(sizes[1:])}])"
    return Call(
        takes=("value", "places"),
        before=tuple(_places(case, sizes[0])),
        expression=f"tf.reshape({scattered}, {shape(case, sizes)})",
    )


def _places(case: Case, batch: int) -> Iterator[str]:
    """Yield the statements that put its image's number before each index; ``tf.scatter_nd`` takes them in any shape."""
    if "indices" in case.given:
        yield f"places = {literal(case.given['indices'])}"
        return
    spec = case.inputs["indices"]
    if case.channels_first:
        yield f"indices = {channels_ahead(case)}  # channel by channel"
    images = f"tf.reshape(tf.range({batch}, dtype=tf.int64), {(-1, *(1,) * (len(spec.shape) - 1))})"
    yield f"images = {images if spec.dtype == 'int64' else f'tf.cast({images}, tf.{spec.dtype})'}"
    yield "places = tf.stack([tf.broadcast_to(images, indices.shape), indices], axis=-1)"


def avg_unpool(case: Case) -> Call:
    """Call a transposed convolution with a filter of ones, on the channels as so many images of one channel.

    So no channel's NaN or infinity meets another's zero, as under a filter of ones and zeros it would.
    """
    refuse_given(case, "output_shape", "value")
    sizes = case.given.get("ksize", ())
    if not isinstance(sizes, tuple) or not all(type(size) is int and size >= 0 for size in sizes):
        refuse_given(case, "ksize")
    (batch, *image, channels), value = case.output_shape or (), case.inputs["value"].shape
    apart = shape(case, (value[0] * value[-1], *value[1:-1], 1))
    rank = len(value)
    split = "value" if case.channels_first else f"tf.transpose(value, {[0, rank - 1, *range(1, rank - 1)]})"
    ones = function("tf.ones", Argument(name="ksize", own=case.ksize), f"tf.{case.dtype}")
    return Call(
        takes=("value", "ones"),
        before=(("ones = ", ones),),
        steps=(f"images = tf.reshape({split}, {apart})  # each channel by itself",),
        expression=transposed(case, "images", "ones", (batch * channels, *image, 1)),
        outputs={"output": _joined(case, batch, channels, tuple(image))},
    )


def _joined(case: Case, batch: int, channels: int, image: tuple[int, ...]) -> str:
    """Return the channels' images as one; of a wrong size, whatever came back shows."""
    whole = f"tf.reshape({{output}}, {(batch, channels, *image)})"
    if errs(case, "output_shape"):
        spatial = "{output}.shape[2:]" if case.channels_first else "{output}.shape[1:-1]"
        whole = f"tf.reshape({{output}}, ({batch}, {channels}, *{spatial}))"
    return (
        whole if case.channels_first else f"tf.transpose({whole}, {[0, *range(2, len(case.inputs['value'].shape)), 1]})"
    )
