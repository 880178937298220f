"""Pooling by Flax's own functions, and average unpooling as the transpose of its sums over windows.

Both libraries have the same functions. They take no dilations. None returns indices or takes any, so that there is no
max pooling with indices and no max unpooling.
"""

from __future__ import annotations

from typing import Any

from adapters.base import NotSupported
from adapters.call import Call, Function, dilates, refuse
from adapters.jax.pooling import transposed_sums
from adapters.writing.windows import divisors, explicit
from cases.model.case import Case


def relu(_case: Case, module: str) -> Call:
    """Call ``relu``."""
    return Call(expression=f"{module}.relu(value)")


def max_pool(case: Case, module: str) -> Call:
    """Call ``max_pool``."""
    return Call(expression=_pooled(explicit(case), f"{module}.max_pool", "value"))


def avg_pool(case: Case, module: str) -> Call:
    """Call ``avg_pool``; where it has no such divisor, divide the sums of ``pool`` by what the call says."""
    mean = f"{module}.avg_pool"
    if case.divisor == "padded" and case.ceil_mode is None:
        return Call(expression=_pooled(case, mean, "value", count_include_pad=True))
    windows = explicit(case)
    if case.divisor in {None, "inside"}:
        return Call(expression=_pooled(windows, mean, "value", count_include_pad=False))
    by = divisors(case, "np.reshape({}, {})")
    return Call(expression=(_summed(windows, module, "value"), f" / ({by})" if "*" in by else f" / {by}"))


def max_pool_argmax(_case: Case, _module: str) -> Call:
    """Refuse: no pooling returns indices.

    Raises:
        NotSupported: always.
    """
    msg = "Flax has no pooling that returns indices"
    raise NotSupported(msg)


def max_unpool(_case: Case, _module: str) -> Call:
    """Refuse: nothing takes indices of a pooling.

    Raises:
        NotSupported: always.
    """
    msg = "Flax has no unpooling"
    raise NotSupported(msg)


def avg_unpool(case: Case, module: str) -> Call:
    """Call ``jax.linear_transpose`` on the sums of ``pool``."""
    return transposed_sums(case, _summed(case, module, "image"))


def _summed(case: Case, module: str, image: str) -> Function:
    return _pooled(case, f"{module}.pool", image, "0.", "lax.add")


def _pooled(case: Case, name: str, *operands: str, **more: Any) -> Function:
    refuse("Flax's poolings take no dilations", when=dilates(case))
    window = {"ksize": case.ksize, "strides": case.strides, "padding": case.padding}
    return Function(name=name, operands=operands, arguments={**window, **more})
