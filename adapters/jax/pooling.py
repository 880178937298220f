"""Pooling by ``lax.reduce_window``, with the neutral element of its reduction in the padding.

JAX has no max pooling with indices. The composition reduces pairs of an element and its place, and keeps the first
maximum; NaN is the greatest of all, as for ``lax.max``. The place is that in the image, flat, with channels. Such a
reduction has no gradient; where one is asked, only the places come from it, and the elements are taken at them.
"""

from __future__ import annotations

import math
from typing import Any, Final

from adapters.jax.composition import Composition, arranged, refuse_other_layouts
from cases.model import shapes
from cases.model.case import Case
from cases.model.dtypes import INTEGERS

_PICK: Final = """\
def first_maximum(a, b):
    same = (b[0] == a[0]) | (jnp.isnan(b[0]) & jnp.isnan(a[0]))
    later = jnp.where(same, b[1] < a[1], (b[0] > a[0]) | jnp.isnan(b[0]))
    return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])
"""

_TAKE: Final = """\
def with_places(value):
    pairs = (lax.stop_gradient(value), jnp.broadcast_to(places, value.shape))
    _, flat = lax.reduce_window(pairs, {starts}, first_maximum, {window})
    images, chosen = {last}.reshape({images}), flat.reshape({chosen})
    return jnp.take_along_axis(images, chosen, axis=1).reshape(flat.shape), flat
"""


def max_pool(case: Case) -> Composition:
    """The maximum of each window.

    Raises:
        NotSupported: for a layout that the order of the axes can't say.
    """
    refuse_other_layouts(case)
    start = _lowest(case) if case.dtype in (*INTEGERS, "bool") else "-jnp.inf"
    return Composition(expression=f"lax.reduce_window(value, {start}, lax.max, {window(case)})")


def _taking(case: Case, starts: str) -> str:
    """The function whose gradient goes to the places that were found."""
    batch, *image = case.inputs["value"].shape
    chosen = (batch, math.prod(shapes.output_shape(case)[1:]))
    last = "jnp.moveaxis(value, 1, -1)" if case.channels_first else "value"
    return _TAKE.format(starts=starts, window=window(case), last=last, images=(batch, math.prod(image)), chosen=chosen)


def max_pool_argmax(case: Case) -> Composition:
    """The maximum of each window, and the place of the first one.

    Raises:
        NotSupported: for a layout that the order of the axes can't say.
    """
    refuse_other_layouts(case)
    batch, *image = case.inputs["value"].shape
    places = f"np.arange({math.prod(image)}, dtype=np.int32).reshape({(1, *image)})"
    operands = "(value, jnp.broadcast_to(places, value.shape))"
    starts = f"({_lowest(case)}, np.int32(2**31 - 1))"
    counted = f" + np.arange({batch}).reshape(-1{', 1' * len(image)}) * {math.prod(image)}"
    expression = f"lax.reduce_window({operands}, {starts}, first_maximum, {window(case)})"
    taking = (_taking(case, starts),) if case.gradients else ()
    return Composition(
        functions=(_PICK, *taking),
        before=(f"places = {f'np.moveaxis({places}, -1, 1)' if case.channels_first else places}",),
        expression="with_places(value)" if case.gradients else expression,
        after=(
            'outputs["indices"] = outputs["native_indices"].astype(np.int64)'
            + (counted if case.include_batch_in_index else ""),
        ),
        indices=True,
    )


def avg_pool(case: Case) -> Composition:
    """The sum of each window, over that of ones: padding isn't counted.

    Raises:
        NotSupported: for a layout that the order of the axes can't say.
    """
    refuse_other_layouts(case)
    total = f"lax.reduce_window({{}}, 0., lax.add, {window(case)})"
    return Composition(expression=f"{total.format('value')} / {total.format('jnp.ones_like(value)')}")


def window(case: Case) -> str:
    """The arguments that say a case's window: its dimensions, strides and padding, and its dilation if it names one."""
    texts = [_around(case, "ksize", 1), _around(case, "strides", 1), _around(case, "padding", (0, 0))]
    if case.dilations is not None or "dilations" in case.given:
        texts.append(f"window_dilation={_around(case, 'dilations', 1)}")
    return ", ".join(texts)


def _around(case: Case, name: str, other: Any) -> str:
    """What is said of each spatial axis, with ``other`` for batch and channels; what is no sequence, as it is."""
    own = case.given.get(name, getattr(case, name))
    return repr(arranged(case, other, own, other) if isinstance(own, tuple) else own)


def _lowest(case: Case) -> str:
    """The neutral element of the maximum, in the value's own dtype: a reduction of pairs takes no other."""
    least = "jnp.iinfo(value.dtype).min" if case.dtype in INTEGERS else "-np.inf"
    least = "False" if case.dtype == "bool" else least
    return f"np.array({least}, value.dtype)"


def relu(_case: Case) -> Composition:
    """``jax.nn.relu``."""
    return Composition(expression="jax.nn.relu(value)")
