"""Every gradient against central finite differences in float64, on normal data and on any valid call.

An operator is linear in each single input. A maximum is linear between its ties. So a difference has no error except
rounding, for a step of any length. Let g be the gradient's element at a place of an input x, f the output, c the
cotangent, and x+ and x- the input with that element a step up and down, as float64 holds it. Then exactly

    g = <f(x+) - f(x-), c> / (x+ - x-)

Written out, both sides are sums of products. On the right a product has at most K + 1 roundings in f (which sums K
products), one in the difference, M + 1 in the inner product (of an output of M elements), and two in the division. In g
itself it has M + 2: an element of an input has one product with each element of the output, and a mean divides. If each
product of a sum has n roundings, the sum is off by at most n u times the sum of the magnitudes, to first order (Higham,
Accuracy and Stability of Numerical Algorithms, section 3.1). For either side the magnitudes sum to no more than
2 <|f|(|x| + step), |c|> / (x+ - x-), where |f| is the operator on absolute inputs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.model.dtypes import UNIT_ROUNDOFF
from tests.adapters.drawn import LINEAR, MAXIMA, Array, Call, calls, normal, seeds

PLACES = 20
"""The largest number of elements of an input that are moved."""


def step_of(call: Call) -> float:
    """Return the step: 1, or for maxima a quarter of the least distance of two elements, so no maximum changes."""
    if call.operator not in MAXIMA:
        return 1.0
    return float(np.diff(np.sort(call.tensors["value"], axis=None)).min(initial=4.0)) / 4


def difference(call: Call, name: str, place: tuple[int, ...], cotangent: Array) -> tuple[float, float]:
    """Return <f(x+) - f(x-), c>, and x+ - x-."""
    up, down = (call.tensors[name].copy() for _ in range(2))
    up[place] += step_of(call)
    down[place] -= step_of(call)
    return float(np.vdot(call(**{name: up}) - call(**{name: down}), cotangent)), float(up[place] - down[place])


@settings(max_examples=50, deadline=None)
@pytest.mark.parametrize("operator", LINEAR + MAXIMA)
@given(data=st.data(), seed=seeds)
def test_a_gradient_is_what_central_differences_find(operator: str, data: st.DataObject, seed: int) -> None:
    call = data.draw(calls(operator, normal))
    cotangent = normal(*call().shape, seed=seed)
    gradients = call.gradients(cotangent)
    absolute = {name: tensor if name == "indices" else np.abs(tensor) for name, tensor in call.tensors.items()}
    assert gradients.keys() == set(call.moved)
    for name in call.moved:
        largest = replace(call, tensors=absolute)(**{name: absolute[name] + step_of(call)})
        terms = 2 * np.vdot(largest, np.abs(cotangent))
        roundings = call.products + 2 * cotangent.size + 7
        places = np.random.default_rng(seed).permutation(gradients[name].size)[:PLACES]
        for place in zip(*np.unravel_index(places, gradients[name].shape), strict=True):
            change, step = difference(call, name, place, cotangent)
            assert abs(gradients[name][place] - change / step) <= roundings * UNIT_ROUNDOFF["float64"] * terms / step
