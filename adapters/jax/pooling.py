"""Pooling by ``lax.reduce_window``, with the neutral element of its reduction in the padding.

JAX has no max pooling with indices. The composition reduces pairs of an element and its place, and keeps the first
maximum; NaN is the greatest of all, as for ``lax.max``. The place is that in the image, flat, with channels.
"""

from __future__ import annotations

import math
from typing import Any, Final

from adapters.arguments import option, said
from adapters.jax.composition import Composition, arranged, refuse_other_layouts
from cases.case import Case
from cases.dtypes import INTEGERS

_PICK: Final = """\
def first_maximum(a, b):
    same = (b[0] == a[0]) | (jnp.isnan(b[0]) & jnp.isnan(a[0]))
    later = jnp.where(same, b[1] < a[1], (b[0] > a[0]) | jnp.isnan(b[0]))
    return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])
"""


def max_pool(case: Case) -> Composition:
    """The maximum of each window.

    Raises:
        NotSupported: for a layout that the order of the axes can't say.
    """
    refuse_other_layouts(case)
    start = _lowest(case) if case.dtype in INTEGERS else "-jnp.inf"
    return Composition(expression=f"lax.reduce_window(value, {start}, lax.max, {window(case)})")


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
    return Composition(
        functions=(_PICK,),
        before=(f"places = {f'np.moveaxis({places}, -1, 1)' if case.channels_first else places}",),
        expression=f"lax.reduce_window({operands}, {starts}, first_maximum, {window(case)})",
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
    padding: Any = case.padding
    if not isinstance(padding, str):
        padding = arranged(case, (0, 0), padding, (0, 0))
    sizes = {
        name: str(arranged(case, 1, own, 1)) for name, own in (("ksize", case.ksize or ()), ("strides", case.strides))
    }
    texts = [said(case, name, text) for name, text in (sizes | {"padding": repr(padding)}).items()]
    dilations = None if case.dilations is None else str(arranged(case, 1, case.dilations, 1))
    return ", ".join(texts) + option(case, "dilations", "window_dilation", dilations)


def _lowest(case: Case) -> str:
    """The neutral element of the maximum, in the value's own dtype: a reduction of pairs takes no other."""
    least = "jnp.iinfo(value.dtype).min" if case.dtype in INTEGERS else "-np.inf"
    return f"np.array({least}, value.dtype)"
