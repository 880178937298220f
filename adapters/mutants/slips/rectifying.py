"""Slips of relu, and a relu in the wrong place."""

from __future__ import annotations

import numpy as np

from adapters.mutants.call import Call, Tensors


def identity(call: Call) -> Tensors:
    """Return the value unchanged."""
    return call.edited("output", lambda _: call.inputs["value"])


def leaking(call: Call, slope: float) -> Tensors:
    """Multiply elements below zero by ``slope`` instead of replacing them by zero."""
    value = call.inputs["value"]
    return call.edited("output", lambda _: np.where(value < 0, slope * value, value))


def capped(call: Call, most: float) -> Tensors:
    """Also replace elements above ``most`` by ``most``."""
    return call.edited("output", lambda array: np.minimum(array, most))


def above(call: Call, least: float) -> Tensors:
    """Use another threshold than zero."""
    value = call.inputs["value"]
    return call.edited("output", lambda _: np.where(value > least, value, 0.0))


def signs_kept(call: Call) -> Tensors:
    """Give a zero the sign of the element that it replaces."""
    return call.edited("output", lambda array: np.copysign(array, call.inputs["value"]))


def applied(call: Call) -> Tensors:
    """Replace output elements below zero by zero."""
    return call.edited("output", lambda array: np.where(array < 0, 0.0, array))
