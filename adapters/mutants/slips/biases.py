"""Slips with a bias: it is added to the wrong channel, at the wrong place, or too often."""

from __future__ import annotations

import math

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from cases.model.case import is_outward


def times(call: Call, number: float) -> Tensors:
    """Add the bias ``number`` times; -1 subtracts it."""
    return _added(call, call.inputs["bias"] * number) if "bias" in call.inputs else call.right


def reversed(call: Call) -> Tensors:  # noqa: A001 - the slip's name
    """Add the bias' entries from the last to the first."""
    return _added(call, call.inputs["bias"][::-1]) if "bias" in call.inputs else call.right


def first_for_all(call: Call) -> Tensors:
    """Add the first entry to every channel."""
    return _added(call, call.inputs["bias"][:1]) if "bias" in call.inputs else call.right


def in_turns(call: Call) -> Tensors:
    """Add the entries to the channels of the groups in turn: one channel of each group at a time."""
    if "bias" not in call.inputs:
        return call.right
    bias = call.inputs["bias"]
    return _added(call, bias.reshape(call.case.groups, bias.size // call.case.groups).T.ravel())


def under_windows(call: Call) -> Tensors:
    """Add the bias only where some window reaches, as if it were added together with the products."""
    if "bias" not in call.inputs or call.case.operator != "conv_transpose":
        return call.right
    ones = {name: np.ones_like(array) for name, array in call.inputs.items() if name in {"value", "filter"}}
    reached = call.output(ones) > 0
    return _added(call, np.where(reached, call.inputs["bias"], 0.0))


def along_columns(call: Call) -> Tensors:
    """Add the bias' entries to columns instead of channels, again and again."""
    if "bias" not in call.inputs:
        return call.right
    columns = call.right["output"].shape[-2]
    return _added(call, np.resize(call.inputs["bias"], columns)[:, np.newaxis])


def to_first_batch(call: Call) -> Tensors:
    """Add the bias to the first batch element only."""
    if "bias" not in call.inputs:
        return call.right
    batch = call.right["output"].shape[0]
    first = (np.arange(batch) == 0).reshape(-1, *(1,) * (call.right["output"].ndim - 1))
    return _added(call, np.where(first, call.inputs["bias"], 0.0))


def _added(call: Call, bias: Array) -> Tensors:
    return call.right | {"output": call.output(call.unbiased) + bias}


def per_slice(call: Call, size: int) -> Tensors:
    """Add the bias again with each slice of ``size`` products of a sum."""
    if "bias" not in call.inputs:
        return call.right
    filter_ = call.inputs["filter"]
    inner = filter_.shape[-1] // call.case.groups if is_outward(call.case.operator) else filter_.shape[-2]
    slices = -(-math.prod(axis.kernel for axis in call.axes) * inner // size)
    return _added(call, call.inputs["bias"] * slices)
