"""Pooling by ``lax.reduce_window``, with the neutral element of its reduction in the padding; and unpooling.

JAX has no max pooling with indices. The composition reduces pairs of an element and its place, and keeps the first
maximum; NaN is the greatest of all, as for ``lax.max``. The place is that in the image, flat, with channels. Such a
reduction has no gradient; where one is asked, only the places come from it, and the elements are taken at them.

JAX has no unpooling either: it is an indexed update, and the transpose of summing over windows.
"""

from __future__ import annotations

import math
from typing import Any, Final

from adapters.call import Argument, Call, Function, errs, function, is_sound, refuse
from adapters.writing.indices import Convention, through_batch
from adapters.writing.windows import divisors, explicit
from cases.model import shapes
from cases.model.case import Case
from cases.model.dtypes import INTEGERS

_PICK: Final = """\
def first_maximum(a, b):
    same = (b[0] == a[0]) | (jnp.isnan(b[0]) & jnp.isnan(a[0]))
    later = jnp.where(same, b[1] < a[1], (b[0] > a[0]) | jnp.isnan(b[0]))
    return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])
"""


def relu(_case: Case) -> Call:
    """Call ``jax.nn.relu``."""
    return Call(expression="jax.nn.relu(value)")


def max_pool(case: Case) -> Call:
    """Call ``lax.reduce_window`` with ``lax.max``."""
    start = _lowest(case) if case.dtype in (*INTEGERS, "bool") else "-jnp.inf"
    return Call(expression=_reduced(explicit(case), "value", start, "lax.max"))


def avg_pool(case: Case) -> Call:
    """Call ``lax.reduce_window`` with ``lax.add``, and divide by the same of ones, or by what the call says."""
    windows = explicit(case)
    total, ones = (_reduced(windows, tensor, "0.", "lax.add") for tensor in ("value", "jnp.ones_like(value)"))
    if case.divisor in {None, "inside"}:
        return Call(expression=(total, " / ", ones))
    by = divisors(case, "np.reshape({}, {})")
    return Call(expression=(total, f" / ({by})" if "*" in by else f" / {by}"))


def max_pool_argmax(case: Case) -> Call:
    """Call ``lax.reduce_window`` on pairs of an element and its place, with a function that keeps the first maximum."""
    case = explicit(case)
    _, *image = case.inputs["value"].shape
    places = f"np.arange({math.prod(image)}, dtype=np.int32).reshape({(1, *image)})"
    pairs, starts = "(value, jnp.broadcast_to(places, value.shape))", f"({_lowest(case)}, np.int32(2**31 - 1))"
    counted = f" + {through_batch(case, Convention())}" if case.include_batch_in_index else ""
    return Call(
        functions=(_PICK, *([_taking(case, starts)] if case.gradients else [])),
        before=(f"places = {f'np.moveaxis({places}, -1, 1)' if case.channels_first else places}",),
        expression="with_places(value)" if case.gradients else _reduced(case, pairs, starts, "first_maximum"),
        returns=("output", "indices"),
        outputs={"output": "{output}", "native_indices": "{indices}"},
        last=(f'outputs["indices"] = outputs["native_indices"].astype(np.int64){counted}',),
    )


def max_unpool(case: Case) -> Call:
    """Set elements of zeros by ``.at[...].set``, which takes places alone, flat over an image with channels."""
    why = "an indexed update knows no windows, so it can't tell which output_shape a pooling gives"
    refuse(why, when=errs(case, "output_shape"))
    shape = case.output_shape or ()
    zeros = f"jnp.zeros(({shape[0]}, {math.prod(shape[1:])}), value.dtype)"
    filled = f"{zeros}.at[image, indices].set(value).reshape({shape})"
    return Call(
        before=(f"image = np.arange({shape[0]}).reshape(-1{', 1' * (len(shape) - 1)})",),
        expression=f"jnp.moveaxis({filled}, -1, 1)" if case.channels_first else filled,
    )


def avg_unpool(case: Case) -> Call:
    """Call ``jax.linear_transpose`` on the sums of windows."""
    return transposed_sums(case, _reduced(case, "image", "0.", "lax.add"))


def transposed_sums(case: Case, window_sum: Function) -> Call:
    """Return the call of the transpose of a function that sums an ``image`` over windows."""
    sums = ("def window_sum(image):\n    return ", window_sum, "\n")
    shape = Argument(name="output_shape", own=case.output_shape)
    image = function("jax.ShapeDtypeStruct", shape, "value.dtype")
    return Call(functions=(sums,), expression=("jax.linear_transpose(window_sum, ", image, ")(value)[0]"))


def _reduced(case: Case, operand: str, start: str, reduction: str) -> Function:
    window = {name: getattr(case, name) for name in ("ksize", "strides", "padding", "dilations")}
    return function("lax.reduce_window", operand, start, reduction, **window)


def _taking(case: Case, starts: str) -> tuple[Any, ...]:
    """Return the function whose gradient goes to the places that were found."""
    batch, *image = case.inputs["value"].shape
    chosen = (batch, math.prod(shapes.output_shape(case)[1:]) if is_sound(case) else -1)  # a wrong call has no shape
    last = "jnp.moveaxis(value, 1, -1)" if case.channels_first else "value"
    head = (
        "def with_places(value):\n"
        "    pairs = (lax.stop_gradient(value), jnp.broadcast_to(places, value.shape))\n    _, flat = "
    )
    tail = (
        f"\n    images, chosen = {last}.reshape({(batch, math.prod(image))}), flat.reshape({chosen})\n"
        "    return jnp.take_along_axis(images, chosen, axis=1).reshape(flat.shape), flat\n"
    )
    return head, _reduced(case, "pairs", starts, "first_maximum"), tail


def _lowest(case: Case) -> str:
    """Return the neutral element of the maximum, in the value's own dtype: a reduction of pairs takes no other."""
    least = {"bool": "False"} | dict.fromkeys(INTEGERS, "jnp.iinfo(value.dtype).min")
    return f"np.array({least.get(case.dtype, '-np.inf')}, value.dtype)"
