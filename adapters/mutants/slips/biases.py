"""Slips with a bias: which channel it is added to, where, and how often."""

from __future__ import annotations

import math

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from cases.model.case import is_outward


def times(call: Call, number: float) -> Tensors:
    """Adds the bias so many times; -1 subtracts it."""
    return _added(call, call.inputs["bias"] * number) if "bias" in call.inputs else call.right


def reversed(call: Call) -> Tensors:  # noqa: A001 - what it does
    """Adds the bias' entries from the last to the first."""
    return _added(call, call.inputs["bias"][::-1]) if "bias" in call.inputs else call.right


def first_for_all(call: Call) -> Tensors:
    """Adds the first entry to every channel."""
    return _added(call, call.inputs["bias"][:1]) if "bias" in call.inputs else call.right


def in_turns(call: Call) -> Tensors:
    """Adds the entries to the groups' channels in turns."""
    if "bias" not in call.inputs:
        return call.right
    bias = call.inputs["bias"]
    return _added(call, bias.reshape(call.case.groups, bias.size // call.case.groups).T.ravel())


def under_windows(call: Call) -> Tensors:
    """Adds the bias only where some window reaches, as who adds it to each product's place does."""
    if "bias" not in call.inputs or call.case.operator != "conv_transpose":
        return call.right
    ones = {name: np.ones_like(array) for name, array in call.inputs.items() if name in {"value", "filter"}}
    reached = call.output(ones) > 0
    return _added(call, np.where(reached, call.inputs["bias"], 0.0))


def along_columns(call: Call) -> Tensors:
    """Adds the bias' entries to columns instead of channels, over and over."""
    if "bias" not in call.inputs:
        return call.right
    columns = call.right["output"].shape[-2]
    return _added(call, np.resize(call.inputs["bias"], columns)[:, np.newaxis])


def to_first_batch(call: Call) -> Tensors:
    """Adds the bias to the first of the batch alone."""
    if "bias" not in call.inputs:
        return call.right
    batch = call.right["output"].shape[0]
    first = (np.arange(batch) == 0).reshape(-1, *(1,) * (call.right["output"].ndim - 1))
    return _added(call, np.where(first, call.inputs["bias"], 0.0))


def _added(call: Call, bias: Array) -> Tensors:
    return call.right | {"output": call.output(call.unbiased) + bias}


def per_slice(call: Call, size: int) -> Tensors:
    """Adds the bias with each slice of so many products of a sum."""
    if "bias" not in call.inputs:
        return call.right
    filter_ = call.inputs["filter"]
    inner = filter_.shape[-1] // call.case.groups if is_outward(call.case.operator) else filter_.shape[-2]
    slices = -(-math.prod(axis.kernel for axis in call.axes) * inner // size)
    return _added(call, call.inputs["bias"] * slices)
