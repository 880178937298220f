"""Slips with gradients only: the output is right, and a gradient is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from adapters.mutants.slips.indices import last_places
from adapters.mutants.slips.unpooling import first_places
from adapters.oracle import Oracle
from adapters.oracle.pooling import divisors
from adapters.oracle.windows import cut, overlap_add
from cases.model.case import Case
from cases.model.shapes import Axis


def of_ones(call: Call) -> Tensors:
    """Ignore the cotangent, and compute gradients from ones."""
    return _back(call, np.ones_like)


def _back(call: Call, change: Callable[[Array], Array]) -> Tensors:
    """Return the right output, and the gradients for a changed cotangent."""
    if "cotangent" not in call.inputs:
        return call.right
    return call.with_tensor("cotangent", change(call.inputs["cotangent"]))


def zero(call: Call, of: str) -> Tensors:
    """Give one input a gradient of zeros."""
    return call.edited(f"{of}_gradient", np.zeros_like)


def averaged_over_batch(call: Call, of: str) -> Tensors:
    """Divide a gradient, which is a sum over the batch, by the size of the batch."""
    return call.edited(f"{of}_gradient", lambda array: array / max(len(call.inputs["value"]), 1))


def first_of_batch(call: Call, of: str) -> Tensors:
    """Sum over the first batch element only."""
    name = f"{of}_gradient"
    if name not in call.right:
        return call.right
    cotangent = call.inputs["cotangent"].copy()
    cotangent[1:] = 0
    return call.right | {name: call.with_tensor("cotangent", cotangent)[name]}


def to_every_maximum(call: Call) -> Tensors:
    """Give each of several equal maxima the whole cotangent."""
    if "value_gradient" not in call.right:
        return call.right
    axes = call.axes
    windows = cut(call.inputs["value"], axes, -np.inf)
    greatest = call.right["output"].reshape(*call.right["output"].shape, *(1,) * len(axes))
    hits = (windows == greatest) | (np.isnan(greatest) & np.isnan(windows))
    shares = call.inputs["cotangent"].reshape(*call.right["output"].shape, *(1,) * len(axes))
    pieces = np.where(hits, shares, 0.0)  # no product: zero times an infinite cotangent is NaN
    return call.right | {"value_gradient": overlap_add(np.moveaxis(pieces, -1 - len(axes), -1), axes)}


def whole_window(call: Call) -> Tensors:
    """Divide a mean's cotangent by the size of the whole window, even if a border cuts the window."""
    if "value_gradient" not in call.right:
        return call.right
    area = math.prod(axis.kernel for axis in call.axes)
    return _back(call, lambda cotangent: cotangent * divisors(call.axes, call.case.divisor) / area)


def of_default_divisor(call: Call) -> Tensors:
    """Divide a mean's cotangent by the elements inside the image, whatever the call says."""
    gradient = call.said(divisor=None) if "value_gradient" in call.right else {}
    return call.right | {name: array for name, array in gradient.items() if name == "value_gradient"}


def not_divided(call: Call) -> Tensors:
    """Give each element of a mean the whole cotangent."""
    return _back(call, lambda cotangent: cotangent * divisors(call.axes, call.case.divisor))


def averaged_over_window(call: Call) -> Tensors:
    """Take the mean of the cotangent under a window instead of the sum."""
    return call.edited("value_gradient", lambda array: array / divisors(call.axes, call.case.divisor))


def from_window_start(call: Call) -> Tensors:
    """Take the cotangent at the first place of each window."""
    return call.edited("value_gradient", lambda _: call.inputs["cotangent"][first_places(call)])


class _Seen(Oracle):
    """The definition on changed axes: some fields have other values, and the number of windows stays."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__()
        self._sizes = sizes

    def axes(self, case: Case) -> tuple[Axis, ...]:
        fields: dict[str, Any] = self._sizes
        return tuple(replace(axis, **fields) for axis in super().axes(case))


def along(call: Call, **sizes: int) -> Tensors:
    """Compute gradients as if windows lay otherwise, such as one element apart."""
    if not call.case.gradients:
        return call.right
    back = _Seen(sizes).gradients(call.case, call.inputs)
    return call.right | {f"{name}_gradient": back[name] for name in call.case.gradients}


def to_last_maximum(call: Call) -> Tensors:
    """Give the cotangent to the last of several equal maxima."""
    if "value_gradient" not in call.right:
        return call.right
    gradient = np.zeros((len(call.inputs["value"]), math.prod(call.inputs["value"].shape[1:])))
    indices = last_places(call)
    rows = np.arange(len(gradient)).reshape(-1, *(1,) * (indices.ndim - 1))
    np.add.at(gradient, (rows, indices), call.inputs["cotangent"])
    return call.edited("value_gradient", lambda array: gradient.reshape(array.shape))


def last_window_only(call: Call) -> Tensors:
    """Overwrite the share of an earlier window with that of a later one, instead of adding."""
    if "value_gradient" not in call.right:
        return call.right
    axes = call.axes
    gradient = np.zeros_like(call.right["value_gradient"])
    for window in np.ndindex(*(axis.count for axis in axes)):
        alone = np.zeros_like(call.inputs["cotangent"])
        alone[(slice(None), *window)] = call.inputs["cotangent"][(slice(None), *window)]
        part = call.with_tensor("cotangent", alone)["value_gradient"]
        gradient = np.where(part != 0, part, gradient)
    return call.right | {"value_gradient": gradient}


def bias_under_windows(call: Call) -> Tensors:
    """Sum a bias' gradient only over the part of the image that windows reach."""
    if "bias_gradient" not in call.right or call.case.operator != "conv_transpose":
        return call.right
    reach = tuple(slice(max(axis.covered, 0)) for axis in call.axes)
    cotangent = call.inputs["cotangent"][(slice(None), *reach)]
    return call.edited("bias_gradient", lambda _: cotangent.sum(axis=tuple(range(cotangent.ndim - 1))))
