"""Pooling, with padding in pairs put on first; and the unpooling of averages, a transposed convolution of ones."""

from __future__ import annotations

import math
from typing import Final

from adapters.call import Argument, Call, Expression, composes, dilates, errs, function, refuse, refuse_given
from adapters.keras.conv import padded, transposed
from adapters.writing.forms import shape
from adapters.writing.windows import divisors, explicit
from cases.model import rules
from cases.model.case import Case
from cases.model.dtypes import INTEGERS

_LEAST: Final = "np.iinfo(keras.backend.standardize_dtype(value.dtype)).min"
"""The least integer of the dtype that the backend gave the value, which may be narrower than the case's."""
_INDICES: Final = "Keras has no max pooling with indices"


def relu(_case: Case) -> Call:
    """Call ``keras.ops.relu``."""
    return Call(expression="keras.ops.relu(value)")


def max_pool(case: Case) -> Call:
    """Call ``keras.ops.max_pool``, on an image that is padded by what is less than all where padding is in pairs."""
    case = explicit(case)
    return Call(expression=_pool(case, "max", _LEAST if case.dtype in INTEGERS else "float('-inf')"))


def avg_pool(case: Case) -> Call:
    """Call ``keras.ops.average_pool``.

    With padding in pairs, and where a mean divides by something else, multiply the means of whole windows by the size
    of a window, and divide by what sums are to be divided by.
    """
    asked = explicit(case)
    if not composes(asked):
        return Call(expression=_pool(asked, "average", None))
    why = "Keras' mean has no padding in pairs and no divisor, and a mean of integers can't be made a sum again"
    refuse(why, when=case.dtype in INTEGERS)
    counted = rules.effective(case)
    counts = f'keras.ops.convert_to_tensor({divisors(counted, "np.reshape({}, {})")}, dtype="{case.dtype}")'
    what = "the padded image" if case.divisor == "padded" else "the image"
    why = "what sums are divided by" if isinstance(case.divisor, int) else f"elements inside {what}"
    means = _pool(rules.effective(asked), "average", None)
    return Call(
        before=(f"counts = {counts}  # {why}",),
        expression=(means, f" * {math.prod(case.ksize or ())} / counts"),
    )


def max_pool_argmax(case: Case) -> Call:
    """Refuse max pooling with indices.

    Raises:
        NotSupported: always.
    """
    refuse(_INDICES, when=True)
    return max_pool(case)


def max_unpool(case: Case) -> Call:
    """Refuse unpooling by indices.

    Raises:
        NotSupported: always.
    """
    refuse(f"{_INDICES}, and no unpooling by them", when=True)
    return max_pool(case)


def _pool(case: Case, kind: str, fill: str | None) -> Expression:
    refuse("Keras' pooling has no dilation", when=dilates(case))
    image, pads = padded(case, fill)
    window = {"ksize": case.ksize, "strides": case.strides, "padding": pads, "data_format": case.data_format}
    return function(f"keras.ops.{kind}_pool", image, **window)


def avg_unpool(case: Case) -> Call:
    """Call a transposed convolution with a filter of ones, on the channels as so many images of one channel.

    So no channel's NaN or infinity meets another's zero, as under a filter of ones and zeros it would.
    """
    refuse_given(case, "output_shape", "value")
    batch, *image, channels = case.inputs["value"].shape
    apart = shape(case, (batch * channels, *image, 1))
    split = "value" if case.channels_first else "keras.ops.moveaxis(value, -1, 1)"
    ones = function("keras.ops.ones", Argument(name="ksize", own=case.ksize), f'dtype="{case.dtype}"')
    return Call(
        before=(f"images = keras.ops.reshape({split}, {apart})  # each channel by itself",),
        expression=transposed(case, "images", ones),
        outputs={"output": _joined(case, batch, channels)},
    )


def _joined(case: Case, batch: int, channels: int) -> str:
    """Return the channels' images as one; of a wrong size, whatever came back shows."""
    spatial = str((case.output_shape or ())[1:-1])
    if errs(case, "output_shape"):
        spatial = "{output}.shape[2:]" if case.channels_first else "{output}.shape[1:-1]"
    whole = f"keras.ops.reshape({{output}}, ({batch}, {channels}, *{spatial}))"
    return whole if case.channels_first else f"keras.ops.moveaxis({whole}, 1, -1)"
