"""The zeros of a result that may have either sign.

IEEE 754 fixes the sign of a zero sum: it is +0 unless every term is -0, and then it is -0 in any order. But a sum may
begin at a +0 of its own or at its first term, and padding may be left out or be added as zeros. So where every term is
-0, both signs are right. An element without any term is +0, or the sum of the products of padding's zeros: -0 if all
elements of the filter that it meets are negative. Of zeros of both signs a maximum may be either.

Nothing else is free: 1 - 1 is +0, and an element that is only moved keeps its sign.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters import oracle
from cases.model.case import Case, is_chosen, is_outward

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
_KEPT: Final = {"value", "indices"}
"""The tensors that decide where a chosen element goes. They are no terms of its gradient."""


def of_either_sign(case: Case, inputs: Arrays) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the mask of each output of a valid call of floats: true where a zero may have either sign.

    An output whose zeros all have one right sign has no mask.
    """
    if case.operator == "max_unpool":  # its elements and those of its gradient are only moved
        return {}
    signs = _answer(case, inputs, lambda tensor: np.copysign(1.0, tensor))
    counts = _answer(case, inputs, np.ones_like)
    others = _answer(case, inputs, lambda tensor: (tensor != 0).astype(np.float64))
    sums = [name for name in counts if name != "indices" and not (name == "output" and is_chosen(case.operator))]
    free = {name: (counts[name] > 0) & (signs[name] == -counts[name]) & (others[name] == 0) for name in sums}
    for name, negative in _negative_filters(case, inputs).items():
        free[name] = free[name] | ((counts[name] == 0) & negative)
    return free | ({"output": _of_maxima(case, inputs)} if is_chosen(case.operator) else {})


def _answer(case: Case, inputs: Arrays, change: Callable[[Array], Array]) -> Arrays:
    """Return the definition's answer in float64 to the question with other terms."""
    kept = _KEPT if is_chosen(case.operator) else {"indices"}
    wide = {name: tensor if name == "indices" else tensor.astype(np.float64) for name, tensor in inputs.items()}
    changed = {name: tensor if name in kept else change(tensor) for name, tensor in wide.items()}
    specs = {name: spec if name == "indices" else replace(spec, dtype="float64") for name, spec in case.inputs.items()}
    return oracle.Oracle().unchecked(replace(case, inputs=specs), changed)


def _negative_filters(case: Case, inputs: Arrays) -> Arrays:
    """Return by output: whether all elements of the filter that a channel of it meets are negative."""
    if "filter" not in inputs:
        return {}
    parts = np.split(np.signbit(inputs["filter"].astype(np.float64)), case.groups, axis=-1)
    spatial = tuple(range(parts[0].ndim - 2))
    by_first = np.concatenate([part.all(axis=(*spatial, -1)) for part in parts])
    by_last = np.concatenate([part.all(axis=(*spatial, -2)) for part in parts])
    names = ("output", "value_gradient") if is_outward(case.operator) else ("value_gradient", "output")
    found = dict(zip(names, (by_first, by_last), strict=True))
    if case.gradients:  # where a tap meets padding alone, the products are those of the cotangents
        cotangents = np.signbit(inputs["cotangent"].astype(np.float64))
        by_channel = cotangents.all(axis=tuple(range(cotangents.ndim - 1)))
        found["filter_gradient"] = _of_filter(case, by_channel)
    return {name: mask for name, mask in found.items() if name in case.outputs}


def _of_filter(case: Case, by_channel: Any) -> Any:
    """Return a mask of the output's channels as one of the filter, broadcastable to it."""
    if not is_outward(case.operator):
        return by_channel
    groups = np.split(by_channel, case.groups)
    inner = case.inputs["filter"].shape[-1] // case.groups
    return np.concatenate([np.repeat(group[:, np.newaxis], inner, axis=1) for group in groups], axis=1)


def _of_maxima(case: Case, inputs: Arrays) -> npt.NDArray[np.bool_]:
    """Mark the maxima of windows whose greatest elements are zeros of both signs."""
    value = inputs["value"].astype(np.float64)
    if case.operator == "relu":
        return np.asarray(value == 0)
    plain = replace(case, gradients=(), inputs={"value": case.inputs["value"]})
    halves = np.where(value == 0, np.copysign(0.5, value), np.sign(value))  # of any sizes only the signs are left
    found = [
        _answer(plain, {"value": np.where(value == 0, sign * halves, halves)}, np.asarray)["output"] for sign in (1, -1)
    ]
    return np.asarray((found[0] == 0.5) & (found[1] == 0.5))  # noqa: PLR2004 - a positive zero each
