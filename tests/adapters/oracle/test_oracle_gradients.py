"""Every gradient against finite differences of the operator itself, on integers, and by hand.

On integers the differences are exact: an operator is linear in each single input, and a maximum is linear between its
ties. So there is no tolerance here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters.oracle import InvalidCall, Oracle
from tests.adapters.drawn import DIVISIBLE, Call, Tensor, integers


def distinct(*shape: int) -> Tensor:
    return np.random.default_rng(4).permutation(int(np.prod(shape))).reshape(shape).astype(np.float64)


def convolution(operator: str, image: tuple[int, ...], counts: tuple[int, ...], **arguments: Any) -> Call:
    """Make a call with four input channels, six output channels, a bias, and a kernel of 2, 2 x 3 or 2 x 3 x 1."""
    kernel = (2, 3, 1)[: len(image)]
    transposed = operator == "conv_transpose"
    groups = arguments.get("groups", 1)
    size, first, last = (counts, 6 // groups, 4) if transposed else (image, 4 // groups, 6)
    tensors = {
        "value": integers(2, *size, 4),
        "filter": integers(*kernel, first, last),
        "bias": integers(6, seed=9),
    }
    shape = {"output_shape": (2, *image, 6)} if transposed else {}
    return Call(operator=operator, tensors=tensors, arguments=shape | arguments)


def pooling(operator: str, image: tuple[int, ...], ksize: tuple[int, ...], **arguments: Any) -> Call:
    value = distinct(2, *image, 2) * (DIVISIBLE if operator == "avg_pool" else 1)
    return Call(operator=operator, tensors={"value": value}, arguments={"ksize": ksize, **arguments})


def unpooling(operator: str, image: tuple[int, ...], counts: tuple[int, ...], **arguments: Any) -> Call:
    tensors = {"value": integers(2, *counts, 2)}
    if operator == "max_unpool":
        places = np.sort(distinct(*image).ravel().argsort()[: int(np.prod(counts))]).reshape(counts)
        tensors["indices"] = np.stack([np.stack([places * 2, places * 2 + 1], axis=-1)] * 2)
    arguments |= {"output_shape": (2, *image, 2)}
    return Call(operator=operator, tensors=tensors, arguments=arguments)


PLAIN: Any = {"strides": (2, 2), "padding": "SAME"}
CALLS = {
    f"{operator}-{name}": convolution(operator, image, counts, **arguments)
    for operator in ("conv", "conv_transpose")
    for name, image, counts, arguments in (
        ("same", (4, 5), (2, 3), PLAIN),
        ("valid", (4, 5), (2, 2), {"strides": (2, 2), "padding": "VALID"}),
        ("pairs", (4, 5), (4, 4), {"strides": (2, 1), "padding": ((3, 1), (0, 1))}),
        ("dilated", (6, 5), (3, 5), {"strides": (2, 1), "padding": "SAME", "dilations": (3, 2)}),
        ("groups", (4, 5), (2, 3), PLAIN | {"groups": 2}),
        ("row", (7,), (3,), {"strides": (3,), "padding": "SAME", "groups": 2}),
        ("volume", (3, 4, 2), (2, 2, 2), {"strides": (2, 2, 1), "padding": "SAME", "dilations": (2, 1, 1)}),
    )
}
CALLS |= {
    f"{operator}-{name}": pooling(operator, image, ksize, **arguments)
    for operator in ("max_pool", "max_pool_argmax", "avg_pool")
    for name, image, ksize, arguments in (
        ("overlapping", (5, 6), (3, 2), {"strides": (1, 1), "padding": "SAME"}),
        ("gaps", (5, 6), (2, 2), {"strides": (3, 3), "padding": "VALID"}),
        ("pairs", (4, 5), (3, 3), {"strides": (2, 1), "padding": ((2, 0), (1, 2))}),
        ("dilated", (5, 6), (2, 2), {"strides": (1, 2), "padding": "VALID", "dilations": (2, 3)}),
        ("row", (7,), (3,), {"strides": (2,), "padding": "SAME"}),
        ("volume", (3, 4, 3), (2, 2, 2), {"strides": (1, 2, 2), "padding": "SAME"}),
    )
}
CALLS |= {
    f"{operator}-{name}": unpooling(operator, image, counts, **arguments)
    for operator in ("max_unpool", "avg_unpool")
    for name, image, counts, arguments in (
        ("overlapping", (4, 5), (3, 4), {"ksize": (2, 2), "strides": (1, 1), "padding": "VALID"}),
        ("gaps", (5, 7), (2, 3), {"ksize": (1, 2), "strides": (3, 3), "padding": "SAME"}),
        ("row", (7,), (4,), {"ksize": (3,), "strides": (2,), "padding": "SAME"}),
        ("volume", (3, 4, 2), (2, 2, 1), {"ksize": (2, 2, 2), "strides": (2, 2, 2), "padding": "SAME"}),
    )
}


@pytest.mark.parametrize("name", CALLS)
def test_a_gradient_is_what_finite_differences_find(name: str) -> None:
    """Move each element by a quarter, which changes <output, cotangent> by a quarter of the gradient."""
    call = CALLS[name]
    step = call.unit / 4
    cotangent = call.cotangent(5)
    actual = call.gradients(cotangent)
    assert actual.keys() == set(call.moved)
    for moved in call.moved:
        tensor = call.tensors[moved]
        expected = np.zeros(tensor.shape)
        for place in np.ndindex(*tensor.shape):
            there, back = tensor.copy(), tensor.copy()
            there[place] += step
            back[place] -= step
            difference = call(**{moved: there}) - call(**{moved: back})
            expected[place] = np.vdot(difference, cotangent) / (2 * step)
        np.testing.assert_array_equal(actual[moved], expected, strict=True)
        assert np.count_nonzero(expected) > 1


def test_a_maximum_of_several_windows_gets_all_their_cotangents() -> None:
    value, cotangent = np.array([1.0, 9.0, 2.0]).reshape(1, 3, 1), np.array([10.0, 100.0]).reshape(1, 2, 1)
    arguments: Any = {"ksize": (2,), "strides": (1,), "padding": "VALID"}
    actual = Oracle().operators.gradients("max_pool", cotangent, value=value, **arguments)
    assert actual["value"].ravel().tolist() == [0, 110, 0]


def test_the_first_of_equal_maxima_gets_the_cotangent() -> None:
    value, cotangent = np.ones((1, 4, 1)), np.array([10.0, 100.0]).reshape(1, 2, 1)
    arguments: Any = {"ksize": (2,), "strides": (2,), "padding": "VALID"}
    actual = Oracle().operators.gradients("max_pool_argmax", cotangent, value=value, **arguments)
    assert actual["value"].ravel().tolist() == [10, 0, 100, 0]


def test_what_no_window_covers_has_no_gradient() -> None:
    call = CALLS["avg_pool-gaps"]
    gradient = call.gradients(call.cotangent(5))["value"]
    assert not gradient[:, 2].any()
    assert gradient[:, :2, :2].all()


def test_an_empty_batch_has_gradients_of_zero() -> None:
    value, filter_ = np.ones((0, 4, 2)), np.ones((3, 2, 3))
    arguments: Any = {"strides": (1,), "padding": "SAME"}
    actual = Oracle().operators.gradients("conv", np.ones((0, 4, 3)), value=value, filter=filter_, **arguments)
    assert actual["value"].shape == (0, 4, 2)
    assert not actual["filter"].any()


@pytest.mark.parametrize("shape", [(2, 2, 3, 5), (2, 3, 2, 6), (1, 2, 3, 6)])
def test_a_cotangent_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidCall, match=r"^shape: cotangent is "):
        CALLS["conv-same"].gradients(np.ones(shape))
