"""Unpooling, which TensorFlow lacks: ``tf.scatter_nd``, the way of its users, and a transposed convolution of ones."""

from __future__ import annotations

import math

from adapters.arguments import refuse_given
from adapters.base import NotSupported
from adapters.tensorflow.composition import Composition, shape
from adapters.tensorflow.conv import transposed
from cases import rules
from cases.case import Case


def max_unpool(case: Case) -> Composition:
    """``tf.scatter_nd`` of each image's elements to their places in it.

    Raises:
        NotSupported: if what is wrong belongs to the pooling's windows, which scattering can't see.
    """
    refuse_given(case, "ksize", "strides", "padding", "dilations", "output_shape", "data_format")
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument == "output_shape":
        msg = "tf.scatter_nd knows no windows, so it can't tell which output_shape a pooling gives"
        raise NotSupported(msg)
    sizes = case.output_shape or ()
    batch, size = sizes[0], math.prod(sizes[1:])
    each = "indices[0].size" if batch and not case.channels_first else str(math.prod(case.inputs["value"].shape[1:]))
    scattered = f"tf.scatter_nd(places, tf.reshape(value, [-1]), [{batch}, {size}])"
    return Composition(
        takes=("value", "places"),
        before=(
            *_channels_first(case, size),
            f"images = tf.repeat(tf.range({batch}, dtype=tf.int64), {each})",
            "places = tf.stack([images, tf.reshape(indices, [-1])], axis=1)",
        ),
        call=f"tf.reshape({scattered}, {shape(case, sizes)})",
    )


def avg_unpool(case: Case) -> Composition:
    """A transposed convolution with a filter of ones, of the channels as so many images of one channel.

    So no channel's NaN or infinity meets another's zero, as under a filter of ones and zeros it would.

    Raises:
        NotSupported: if a wrong window or output_shape is given, which are not arguments here.
    """
    refuse_given(case, "ksize", "output_shape")
    (batch, *image, channels), value = case.output_shape or (), case.inputs["value"].shape
    apart = (value[0] * value[-1], *value[1:-1], 1)
    rank = len(value)
    split = "value" if case.channels_first else f"tf.transpose(value, {[0, rank - 1, *range(1, rank - 1)]})"
    whole = f"tf.reshape({{}}, {(batch, channels, *image)})"
    output = whole if case.channels_first else f"tf.transpose({whole}, {[0, *range(2, rank), 1]})"
    return Composition(
        takes=("value", "ones"),
        before=(f"ones = tf.ones({(*(case.ksize or ()), 1, 1)}, tf.{case.dtype})",),
        steps=(f"images = tf.reshape({split}, {shape(case, apart)})  # each channel by itself",),
        call=transposed(case, "images", "ones", (batch * channels, *image, 1)),
        outputs={"output": output},
        differentiated=output,
    )


def _channels_first(case: Case, size: int) -> tuple[str, ...]:
    """The statement that counts places of a channels-first image, if the case's is one."""
    channels = max(case.inputs["value"].shape[-1], 1)  # without channels there is no index either
    if not case.channels_first:
        return ()
    return (f"indices = indices % {channels} * {size // channels} + indices // {channels}  # channel by channel",)
