"""Unpooling, which TensorFlow lacks: ``tf.scatter_nd``, the way of its users, and a transposed convolution of ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

from adapters.base import NotSupported
from adapters.call import refuse_given
from adapters.tensorflow.composition import Composition, shape
from adapters.tensorflow.conv import transposed
from cases.model import rules
from cases.model.case import Case


def max_unpool(case: Case) -> Composition:
    """``tf.scatter_nd`` of each image's elements to their places in it.

    Raises:
        NotSupported: if what is wrong belongs to the pooling's windows, which scattering can't see.
    """
    refuse_given(case, "ksize", "strides", "padding", "dilations", "output_shape", "data_format")
    _refuse_unseen(case)
    sizes = case.output_shape or ()
    batch, size = sizes[0], math.prod(sizes[1:])
    scattered = f"tf.scatter_nd(places, value, [{batch}, {size}])"
    return Composition(
        takes=("value", "places"),
        before=tuple(_places(case, batch, size)),
        call=f"tf.reshape({scattered}, {shape(case, sizes)})",
    )


def _places(case: Case, batch: int, size: int) -> Iterator[str]:
    """The statements that put its image's number before each index; ``tf.scatter_nd`` takes them in any shape."""
    if "indices" in case.given:
        yield f"places = {case.given['indices']!r}"
        return
    spec = case.inputs["indices"]
    yield from _channels_first(case, size)
    images = f"tf.reshape(tf.range({batch}, dtype=tf.int64), {(-1, *(1,) * (len(spec.shape) - 1))})"
    yield f"images = {images if spec.dtype == 'int64' else f'tf.cast({images}, tf.{spec.dtype})'}"
    yield "places = tf.stack([tf.broadcast_to(images, indices.shape), indices], axis=-1)"


def _refuse_unseen(case: Case) -> None:
    """Refuse an image that is wrong: places are all that scattering knows."""
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument == "output_shape":
        msg = "tf.scatter_nd knows no windows, so it can't tell which output_shape a pooling gives"
        raise NotSupported(msg)


def avg_unpool(case: Case) -> Composition:
    """A transposed convolution with a filter of ones, of the channels as so many images of one channel.

    So no channel's NaN or infinity meets another's zero, as under a filter of ones and zeros it would.

    Raises:
        NotSupported: if a window that no filter has, a wrong output_shape or a value is given.
    """
    refuse_given(case, "output_shape", "value")
    ksize = _window(case)
    (batch, *image, channels), value = case.output_shape or (), case.inputs["value"].shape
    apart = (value[0] * value[-1], *value[1:-1], 1)
    rank = len(value)
    split = "value" if case.channels_first else f"tf.transpose(value, {[0, rank - 1, *range(1, rank - 1)]})"
    whole = f"tf.reshape({{0}}, {(batch, channels, *image)})"
    if (wrong := rules.broken(case)) is not None and wrong.argument == "output_shape":  # whatever came back shows
        spatial = "{0}.shape[2:]" if case.channels_first else "{0}.shape[1:-1]"
        whole = f"tf.reshape({{0}}, ({batch}, {channels}, *{spatial}))"
    output = whole if case.channels_first else f"tf.transpose({whole}, {[0, *range(2, rank), 1]})"
    return Composition(
        takes=("value", "ones"),
        before=(f"ones = tf.ones({(*ksize, 1, 1)}, tf.{case.dtype})",),
        steps=(f"images = tf.reshape({split}, {shape(case, apart)})  # each channel by itself",),
        call=transposed(case, "images", "ones", (batch * channels, *image, 1)),
        outputs={"output": output},
        differentiated=output,
    )


def _window(case: Case) -> tuple[int, ...]:
    """The filter's size, which may be given as long as a tensor has it."""
    given = case.given.get("ksize", case.ksize)
    sizes = given if isinstance(given, tuple) else (-1,)
    if not all(type(size) is int and size >= 0 for size in sizes):
        refuse_given(case, "ksize")
    return sizes


def _channels_first(case: Case, size: int) -> tuple[str, ...]:
    """The statement that counts places of a channels-first image, if the case's is one."""
    channels = max(case.inputs["value"].shape[-1], 1)  # without channels there is no index either
    if not case.channels_first:
        return ()
    return (f"indices = indices % {channels} * {size // channels} + indices // {channels}  # channel by channel",)
