"""The zeros that may have either sign are those to which two sums of the same terms give different signs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from adapters.oracle.zeros import of_either_sign
from cases.model.case import Case
from cases.model.fill import fill
from tests.reports.making import make


def _inputs(case: Case, seed: int) -> dict[str, Any]:
    """Mostly minus zeros and a positive filter, or mostly zeros and a negative one: so many sums are minus zeros."""
    random = np.random.default_rng(seed)
    sign = np.float32(-1 if seed % 2 else 1)
    value = np.array([-0.0] * 12 + [0.0, 1.0], np.float32)
    weights = np.array([2.0] * 12 + [-3.0, -0.0], np.float32)
    shapes = {name: spec.shape for name, spec in case.inputs.items()}
    return {
        "value": sign * random.choice(value, shapes["value"]),
        "filter": sign * random.choice(weights, shapes["filter"]),
    }


def _taps(case: Case) -> Any:
    """Return [output, input]: the tap of the filter, counted from 1, by which an element is multiplied; 0 for none.

    The definition finds it: it is asked for one element that is 1, and a filter of numbers.
    """
    shape = case.inputs["filter"].shape
    numbered = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    size = int(np.prod(case.inputs["value"].shape))
    ones = np.eye(size).reshape(size, *case.inputs["value"].shape)
    columns = [Oracle().run(case, {"value": one, "filter": numbered})["output"].ravel() for one in ones]
    return np.stack(columns, axis=1).astype(int)


def _signs(terms: list[np.float32], padding: list[np.float32]) -> set[tuple[float, bool]]:
    """Return the sums of some terms, with their signs: from the first term or from +0, with padding's zeros or not."""
    found = set()
    for begin, more in itertools.product(([], [np.float32(0)]), ([], padding)):
        several = [*begin, *terms, *more] or [np.float32(0)]
        total = several[0]
        for term in several[1:]:
            total = total + term
        found.add((float(total), bool(np.signbit(total))))
    return found


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize(
    "fields",
    [
        {"image": [4, 5], "kernel": [2, 3], "padding": "SAME"},
        {"image": [7], "kernel": [2], "strides": 3, "padding": [[2, 1]], "dilations": 2},
        {"image": [3, 4], "kernel": [1, 1], "in_channels": 1, "padding": [[1, 1], [0, 1]]},
        {"image": [5], "kernel": [3], "in_channels": 4, "out_channels": 4, "groups": 2, "padding": [[1, 1]]},
    ],
)
def test_a_sum_may_be_minus_zero_exactly_where_an_order_of_its_terms_gives_it(
    operator: str, fields: dict[str, Any]
) -> None:
    case = make(operator, dtype="float32", **{"strides": 1, "in_channels": 2, "out_channels": 2, **fields})
    taps, seen = _taps(case), set()
    for seed in range(20):
        inputs = _inputs(case, seed)
        free, output = of_either_sign(case, inputs)["output"].ravel(), Oracle().run(case, inputs)["output"].ravel()
        value, filters = inputs["value"].ravel(), inputs["filter"].ravel()
        for place in np.flatnonzero(output == 0).tolist():
            terms = [value[i] * filters[tap - 1] for i, tap in enumerate(taps[place]) if tap]
            beside = [np.float32(0) * filters[tap] for tap in _met(case, place) if tap + 1 not in taps[place]]
            either = len(_signs(terms, beside)) > 1
            assert free[place] == either, (seed, place, terms)
            seen.add(either)
    assert seen == {True, False}


def _met(case: Case, place: int) -> list[int]:
    """Return the taps of the filter that an output's channel meets, if nothing were cut off."""
    shape = case.inputs["filter"].shape
    numbers = np.arange(np.prod(shape)).reshape(shape)
    out_channels = shape[-1] if case.operator == "conv" else shape[-2] * case.groups
    channel = place % out_channels
    if case.operator == "conv":
        return list(numbers[..., channel].ravel())
    group, own = divmod(channel, shape[-2])
    width = shape[-1] // case.groups
    return list(numbers[..., own, group * width : (group + 1) * width].ravel())


def _ones(case: Case, **changed: Any) -> dict[str, Any]:
    return {name: np.ones_like(array) for name, array in fill(case).items()} | changed


def test_a_bias_is_a_term() -> None:
    case = make("conv", dtype="float32", bias=True, kernel=[1, 1], in_channels=1, out_channels=2)
    shape = case.inputs["value"].shape
    inputs = _ones(case, value=np.full(shape, -0.0, np.float32), bias=np.array([-0.0, 0.0], np.float32))
    free = of_either_sign(case, inputs)["output"]
    assert free[..., 0].all()
    assert not free[..., 1].any()


@pytest.mark.parametrize("operator", ["avg_pool", "avg_unpool"])
def test_a_mean_and_its_transpose_of_minus_zeros(operator: str) -> None:
    case = make(operator, dtype="float32", gradients=True, channels=1)
    inputs = {name: np.full_like(array, -0.0) for name, array in fill(case).items()}
    free = of_either_sign(case, inputs)
    assert free["output"].any()
    assert free["value_gradient"].any()
    inputs["value"][..., 0] = 0
    assert not of_either_sign(case, inputs)["output"].any()


def test_a_gradient_by_the_filter_sums_over_the_batch() -> None:
    case = make("conv", dtype="float32", batch=2, gradients=True, bias=True, in_channels=1)
    inputs = _ones(case, value=np.full(case.inputs["value"].shape, -0.0, np.float32))
    assert of_either_sign(case, inputs)["filter_gradient"].all()
    inputs["value"][1] = 0
    assert not of_either_sign(case, inputs)["filter_gradient"].any()
    assert not of_either_sign(case, inputs)["bias_gradient"].any()
    inputs["cotangent"][:] = -0.0
    assert of_either_sign(case, inputs)["bias_gradient"].all()


def test_a_maximum_of_zeros_of_both_signs_may_be_either() -> None:
    case = make("max_pool", dtype="float32", image=[2, 6], channels=1, ksize=[2, 2], strides=2)
    rows = np.array([[0.0, -0.0, -0.0, -0.0, 0.0, 0.25], [-1, -2, -0.0, -3, -0.0, 0]], np.float32)
    assert of_either_sign(case, {"value": rows.reshape(1, 2, 6, 1)})["output"].ravel().tolist() == [True, False, False]


def test_what_is_only_moved_keeps_its_sign() -> None:
    case = make("max_unpool", dtype="float32")
    assert of_either_sign(case, fill(case)) == {}


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize("name", ["value", "filter", "bias"])
def test_the_gradient_of_one_tensor_alone_is_that_among_all(operator: str, name: str) -> None:
    """Nothing else is returned, and no mask is of a gradient that nobody asked for."""
    every, alone = (make(operator, bias=True, gradients=asked) for asked in (True, [name]))
    inputs = fill(every)
    whole, part = Oracle().run(every, inputs), Oracle().run(alone, inputs)
    assert part.keys() - {"output", f"{name}_gradient"} <= {key for key in part if key.startswith("output_")}
    assert np.array_equal(part[f"{name}_gradient"], whole[f"{name}_gradient"])
    assert {key: mask.tolist() for key, mask in of_either_sign(alone, inputs).items()} == {
        key: mask.tolist() for key, mask in of_either_sign(every, inputs).items() if key in alone.outputs
    }
