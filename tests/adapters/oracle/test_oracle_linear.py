"""Linear operators: a sum of inputs gives the sum of outputs, and a gradient is the transpose of its operator.

All tensors are integers, for which both laws hold bit for bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.drawn import LINEAR, MAXIMA, Call, calls, integers, seeds
from tests.cases.laid import Windows, pooled, windows

many = settings(max_examples=100, deadline=None)
each = settings(max_examples=50, deadline=None)
factors = st.integers(-8, 8)
every_linear = pytest.mark.parametrize("operator", LINEAR)


@each
@every_linear
@given(data=st.data(), seed=seeds, first=factors, second=factors)
def test_an_output_is_linear_in_each_input(
    operator: str, data: st.DataObject, seed: int, first: int, second: int
) -> None:
    """Subtract the output for zeros: with a bias an operator is affine, and zeros give the bias."""
    call = data.draw(calls(operator))
    for name in call.moved:
        one, two = call.other(name, seed), call.other(name, seed + 1)
        base = call(**{name: np.zeros_like(one)})
        expected = base + first * (call(**{name: one}) - base) + second * (call(**{name: two}) - base)
        np.testing.assert_array_equal(call(**{name: first * one + second * two}), expected, strict=True)


@each
@every_linear
@given(data=st.data())
def test_zeros_give_zeros_and_the_bias(operator: str, data: st.DataObject) -> None:
    call = data.draw(calls(operator))
    for name in {"value", "filter"} & call.tensors.keys():
        output = call(**{name: np.zeros_like(call.tensors[name])})
        expected = np.broadcast_to(call.tensors.get("bias", np.zeros(())), output.shape)
        np.testing.assert_array_equal(output, expected)


@each
@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@given(data=st.data())
def test_a_bias_is_added_once_to_each_element_of_its_channel(operator: str, data: st.DataObject) -> None:
    call = data.draw(calls(operator))
    rest = {name: tensor for name, tensor in call.tensors.items() if name != "bias"}
    plain = replace(call, tensors=rest)()
    bias = integers(plain.shape[-1], seed=3)
    np.testing.assert_array_equal(call(bias=bias), plain + bias, strict=True)


@each
@pytest.mark.parametrize("operator", LINEAR + MAXIMA)
@given(data=st.data(), seed=seeds, first=factors, second=factors)
def test_a_gradient_is_linear_in_the_cotangent(
    operator: str, data: st.DataObject, seed: int, first: int, second: int
) -> None:
    call = data.draw(calls(operator))
    one, two = call.cotangent(seed), call.cotangent(seed + 1)
    whole, parts = call.gradients(first * one + second * two), (call.gradients(one), call.gradients(two))
    assert whole.keys() == set(call.moved)
    for name, actual in whole.items():
        np.testing.assert_array_equal(actual, first * parts[0][name] + second * parts[1][name], strict=True)


@each
@every_linear
@given(data=st.data(), seed=seeds)
def test_a_gradient_is_the_transpose_of_its_operator(operator: str, data: st.DataObject, seed: int) -> None:
    """Check <J u, c> == <u, J' c> for any direction u of any input; J u is the change of the output along u."""
    call = data.draw(calls(operator))
    cotangent = call.cotangent(seed)
    back = call.gradients(cotangent)
    for name in call.moved:
        direction = call.other(name, seed + 1)
        pushed = call(**{name: call.tensors[name] + direction}) - call()
        assert np.vdot(pushed, cotangent) == np.vdot(direction, back[name])


@many
@given(on=windows(), data=st.data())
def test_conv_transpose_is_the_transpose_of_conv(on: Windows, data: st.DataObject) -> None:
    """Check <conv(x), y> == <x, conv_transpose(y)> for the same filter and groups, in every form."""
    call = data.draw(calls("conv", on=on))
    image, filter_ = call.tensors["value"], call.tensors["filter"]
    there = replace(call, tensors={"value": image, "filter": filter_})()
    value = integers(*there.shape, seed=7)
    arguments = call.arguments | {"output_shape": image.shape}
    tensors = {"value": value, "filter": filter_}
    back = Call(operator="conv_transpose", tensors=tensors, arguments=arguments, mode=call.mode)
    assert np.vdot(there, value) == np.vdot(image, back())


def window_sums(image: Any, on: Windows) -> Any:
    """Sum the windows: convolve each channel alone with ones."""
    tensors = {"value": image, "filter": np.ones((*on.kernel, 1, image.shape[-1]))}
    return Call(operator="conv", tensors=tensors, arguments=on.arguments | {"groups": image.shape[-1]})()


@many
@given(on=windows(), data=st.data())
def test_avg_unpool_is_the_transpose_of_summing_windows(on: Windows, data: st.DataObject) -> None:
    call = data.draw(calls("avg_unpool", on=on))
    image = integers(*call.arguments["output_shape"], seed=7)
    assert np.vdot(call(), image) == np.vdot(call.tensors["value"], window_sums(image, on))


@many
@given(on=pooled, data=st.data())
def test_avg_pool_times_what_it_divides_by_is_the_transpose_of_avg_unpool(on: Windows, data: st.DataObject) -> None:
    call = data.draw(calls("avg_pool", on=on))
    image = call.tensors["value"]
    value = integers(*call().shape, seed=7)
    arguments = call.arguments | {"output_shape": image.shape}
    back = Call(operator="avg_unpool", tensors={"value": value}, arguments=arguments)()
    divisors = window_sums(np.ones(image.shape), on)
    assert np.vdot(call() * divisors, value) == np.vdot(image, back)


@many
@given(call=calls("max_unpool"), seed=seeds)
def test_max_unpool_is_the_transpose_of_gathering(call: Call, seed: int) -> None:
    """Check <unpool(v), c> == <v, c at the indices>, on the flat elements of images."""
    value, indices, cotangent = call.tensors["value"], call.tensors["indices"], call.cotangent(seed)
    flat = cotangent.reshape(len(cotangent), -1 if cotangent.size else 0)
    gathered = np.take_along_axis(flat, indices.reshape(len(flat), -1 if indices.size else 0), axis=1)
    assert np.vdot(call(), cotangent) == np.vdot(value, gathered)
    np.testing.assert_array_equal(call.gradients(cotangent)["value"], gathered.reshape(value.shape), strict=True)
