"""Slips of relu, and a relu where none belongs."""

from __future__ import annotations

import numpy as np

from adapters.mutants.call import Call, Tensors


def identity(call: Call) -> Tensors:
    """Leaves everything as it is."""
    return call.edited("output", lambda _: call.inputs["value"])


def leaking(call: Call, slope: float) -> Tensors:
    """Lets a share of what is below zero through."""
    value = call.inputs["value"]
    return call.edited("output", lambda _: np.where(value < 0, slope * value, value))


def capped(call: Call, most: float) -> Tensors:
    """Cuts off what is above a number as well."""
    return call.edited("output", lambda array: np.minimum(array, most))


def above(call: Call, least: float) -> Tensors:
    """Takes another threshold than zero."""
    value = call.inputs["value"]
    return call.edited("output", lambda _: np.where(value > least, value, 0.0))


def signs_kept(call: Call) -> Tensors:
    """Keeps the sign of the number that it makes a zero of."""
    return call.edited("output", lambda array: np.copysign(array, call.inputs["value"]))


def applied(call: Call) -> Tensors:
    """Takes zeros for what is below."""
    return call.edited("output", lambda array: np.where(array < 0, 0.0, array))
