"""Unpooling, of which JAX has none: an indexed update, and the transpose of summing over windows."""

from __future__ import annotations

import math

from adapters.base import NotSupported
from adapters.call import refuse_given
from adapters.jax.composition import Composition, arranged, refuse_other_layouts
from adapters.jax.pooling import window
from cases.model import rules
from cases.model.case import Case


def max_unpool(case: Case) -> Composition:
    """``.at[...].set`` of zeros, which takes places alone, flat over an image with channels.

    Raises:
        NotSupported: for a wrong output_shape, which nothing here could notice, or an unknown layout.
    """
    refuse_other_layouts(case)
    refuse_given(case, "ksize", "strides", "padding", "dilations", "output_shape")
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument == "output_shape":
        msg = "an indexed update knows no windows, so it can't tell which output_shape a pooling gives"
        raise NotSupported(msg)
    shape = case.output_shape or ()
    before = f"image = np.arange({shape[0]}).reshape(-1{', 1' * (len(shape) - 1)})"
    zeros = f"jnp.zeros(({shape[0]}, {math.prod(shape[1:])}), value.dtype)"
    filled = f"{zeros}.at[image, indices].set(value).reshape({shape})"
    return Composition(before=(before,), expression=f"jnp.moveaxis({filled}, -1, 1)" if case.channels_first else filled)


def avg_unpool(case: Case) -> Composition:
    """``jax.linear_transpose`` of the windows' sums.

    Raises:
        NotSupported: for a layout that the order of the axes can't say.
    """
    refuse_other_layouts(case)
    functions = ("def window_sum(image):", f"    return lax.reduce_window(image, 0., lax.add, {window(case)})", "")
    image = f"jax.ShapeDtypeStruct({_shape(case)}, value.dtype)"
    return Composition(functions=functions, expression=f"jax.linear_transpose(window_sum, {image})(value)[0]")


def _shape(case: Case) -> str:
    """The output_shape in the order of the call's layout; what is none, as it is."""
    said = case.given.get("output_shape", case.output_shape)
    if not isinstance(said, tuple) or len(said) < 2:  # noqa: PLR2004 - batch and channels
        return repr(said)
    first, *spatial, last = said
    return str(arranged(case, first, spatial, last))
