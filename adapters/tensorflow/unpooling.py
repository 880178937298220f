"""Unpooling, which TensorFlow lacks: ``tf.scatter_nd``, the way of its users, and a transposed convolution of ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

from adapters.base import NotSupported
from adapters.call import Argument, Call, Function, fault, refuse_given
from adapters.tensorflow.conv import transposed
from adapters.writing.indices import channels_ahead
from adapters.writing.layout import shape
from cases.model.case import Case


def max_unpool(case: Case) -> Call:
    """``tf.scatter_nd`` of each image's elements to their places in it.

    Raises:
        NotSupported: if the image is wrong: places are all that scattering knows.
    """
    wrong = fault(case)
    if wrong is not None and wrong.argument == "output_shape" and "output_shape" not in case.given:
        msg = "tf.scatter_nd knows no windows, so it can't tell which output_shape a pooling gives"
        raise NotSupported(msg)
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
        yield f"places = {case.given['indices']!r}"
        return
    spec = case.inputs["indices"]
    if case.channels_first:
        yield f"indices = {channels_ahead(case)}  # channel by channel"
    images = f"tf.reshape(tf.range({batch}, dtype=tf.int64), {(-1, *(1,) * (len(spec.shape) - 1))})"
    yield f"images = {images if spec.dtype == 'int64' else f'tf.cast({images}, tf.{spec.dtype})'}"
    yield "places = tf.stack([tf.broadcast_to(images, indices.shape), indices], axis=-1)"


def avg_unpool(case: Case) -> Call:
    """A transposed convolution with a filter of ones, of the channels as so many images of one channel.

    So no channel's NaN or infinity meets another's zero, as under a filter of ones and zeros it would.

    Raises:
        NotSupported: if a window that no filter has, a wrong output_shape or a value is given.
    """
    refuse_given(case, "output_shape", "value")
    sizes = case.given.get("ksize", ())
    if not isinstance(sizes, tuple) or not all(type(size) is int and size >= 0 for size in sizes):
        refuse_given(case, "ksize")
    (batch, *image, channels), value = case.output_shape or (), case.inputs["value"].shape
    apart = shape(case, (value[0] * value[-1], *value[1:-1], 1))
    rank = len(value)
    split = "value" if case.channels_first else f"tf.transpose(value, {[0, rank - 1, *range(1, rank - 1)]})"
    ones = Function(name="tf.ones", operands=(Argument(name="ksize", own=case.ksize), f"tf.{case.dtype}"))
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
    if (wrong := fault(case)) is not None and wrong.argument == "output_shape":
        spatial = "{output}.shape[2:]" if case.channels_first else "{output}.shape[1:-1]"
        whole = f"tf.reshape({{output}}, ({batch}, {channels}, *{spatial}))"
    return whole if case.channels_first else f"tf.transpose({whole}, {[0, *range(2, len(case.inputs['value'].shape)), 1]})"
