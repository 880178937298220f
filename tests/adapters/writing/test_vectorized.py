"""A case cut into calls of its parts, for which the oracle stands in for a framework that vectorises a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from adapters.base import NotSupported
from adapters.jax import Jax
from adapters.oracle import Oracle
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch
from adapters.writing.vectorized import axes, over, own_layout, part, parts
from cases.model.fill import fill
from tests.reports.making import make

Arrays = dict[str, npt.NDArray[Any]]
GRADIENTS = {"gradients": True, "data": "small"}


def _cut(arrays: Arrays, places: dict[str, int], count: int, number: int) -> Arrays:
    return {
        name: np.ascontiguousarray(np.split(array, count, places[name])[number]) if name in places else array
        for name, array in arrays.items()
    }


def _whole(answers: list[Arrays], places: dict[str, int]) -> Arrays:
    """The parts' results side by side; a gradient of a tensor that is not cut is the sum of the parts' ones."""
    found = {}
    for name in answers[0]:
        tensor = name.removesuffix("_gradient") if name != "output" else "output"
        tensor = "output" if tensor == "indices" else tensor
        each = [answer[name] for answer in answers]
        found[name] = np.concatenate(each, places[tensor]) if tensor in places else np.sum(each, 0, each[0].dtype)
    return found


@pytest.mark.parametrize(
    ("operator", "fields", "expected"),
    [
        ("conv", {"batch": 3, "in_channels": 2, "bias": True, **GRADIENTS}, "batch"),
        ("conv", {"batch": 2, "in_channels": 4, "out_channels": 6, "groups": 2, "bias": True, **GRADIENTS}, "groups"),
        ("conv", {"in_channels": 2, "out_channels": 3, "bias": True, **GRADIENTS}, "results"),
        ("conv_transpose", {"batch": 2, "in_channels": 4, "out_channels": 6, "groups": 2, **GRADIENTS}, "groups"),
        ("conv_transpose", {"in_channels": 2, "out_channels": 3, "bias": True, **GRADIENTS}, "results"),
        ("conv_transpose", {"batch": 3, "in_channels": 2, **GRADIENTS}, "batch"),
        ("max_pool", {"batch": 3, "data": "distinct", "gradients": True}, "batch"),
        ("max_pool_argmax", {"batch": 2, "data": "distinct"}, "batch"),
        ("avg_unpool", {"batch": 2}, "batch"),
    ],
)
def test_the_parts_make_up_the_whole(operator: str, fields: dict[str, Any], expected: str) -> None:
    case = make(operator, **fields)
    places, count, one = axes(case, own_layout(case)), parts(case), part(case)
    assert over(case) == expected
    assert count > 1
    inputs = fill(case)
    answers = [Oracle().run(one, _cut(inputs, places, count, number)) for number in range(count)]
    assert {name: spec.shape for name, spec in one.inputs.items()} == {
        name: array.shape for name, array in _cut(inputs, places, count, 0).items()
    }
    whole, right = _whole(answers, places), Oracle().run(case, inputs)
    assert whole.keys() == right.keys()
    for name, array in right.items():
        np.testing.assert_array_equal(whole[name], array, err_msg=name)


def test_what_has_no_parts_is_refused() -> None:
    with pytest.raises(NotSupported, match="nothing to vectorise over"):
        over(make("max_pool", batch=0))


@pytest.mark.parametrize("adapter", [Torch, TensorFlow, Jax])
@pytest.mark.parametrize("mode", ["jvp", "double", "jacobian", "vmap"])
def test_a_wrong_call_is_not_transformed(adapter: Any, mode: str) -> None:
    asked = adapter()
    asked.mode = mode
    wrong = make("conv", image=[5, 6], given={"strides": "two"}, invalid={"rule": "type", "reason": "so that it fails"})
    with pytest.raises(NotSupported, match="another call"):
        asked.call(wrong)
    assert "call(" in asked.call(make("conv", image=[5, 6], gradients=True, data="small"))


@pytest.mark.parametrize(
    ("operator", "fields", "reason"),
    [
        ("conv", {}, "no gradient is asked"),
        ("conv", {"image": [20, 30], "strides": 1, "gradients": True, "data": "small"}, "of 1512 elements is large"),
        ("conv", {"gradients": True, "data": "small", "special": "nan", "position": 0}, "a zero of the Jacobian"),
        ("avg_pool", {"gradients": True}, "a share of a mean rounds"),
    ],
)
def test_a_jacobian_is_asked_only_where_it_gives_the_gradients(
    operator: str, fields: dict[str, Any], reason: str
) -> None:
    asked = Torch()
    asked.mode = "jacobian"
    with pytest.raises(NotSupported, match=reason):
        asked.call(make(operator, **fields))


@pytest.mark.parametrize("adapter", [Torch, Jax])
def test_a_forward_derivative_is_along_half_of_each_operand_if_they_have_halves(adapter: Any) -> None:
    asked = adapter()
    asked.mode = "jvp"
    assert "(value / 2, filter / 2, bias)" in asked.call(make("conv", bias=True))
    assert "(value,), (value,)" in asked.call(make("conv", special="inf", position=0))


@pytest.mark.parametrize("adapter", [Torch, Jax, TensorFlow])
def test_of_a_bias_there_is_the_gradient_itself_since_it_has_no_derivative(adapter: Any) -> None:
    """It is the sum of the cotangent, which depends on neither the value nor the filter."""
    asked = adapter()
    asked.mode = "jvp"
    text = asked.call(make("conv", bias=True, gradients=True))
    derived = {
        TensorFlow: "accumulator.jvp(gradients[1]), gradients[2]]",
        Torch: "(_, _, bias_gradient), (value_gradient, filter_gradient, _), (output,) = torch.func.jvp(",
        Jax: "(_, _, bias_gradient), (value_gradient, filter_gradient, _), (output,) = jax.jvp(",
    }
    assert derived[adapter] in text


@pytest.mark.parametrize("least", [6e-8, 2.0**-11])
def test_numbers_whose_half_may_be_too_small_are_not_halved(least: float) -> None:
    asked = Torch()
    asked.mode = "jvp"
    one: dict[str, Any] = {"in_channels": 1, "out_channels": 1, "kernel": 1, "dtype": "float16", "data": "small"}
    for number, whole in ((least, True), (2.0, False)):
        case = make("conv", image=[2], strides=1, value={"values": [number, 1]}, filter={"values": [1]}, **one)
        assert ("value / 2" not in asked.call(case)) is whole
