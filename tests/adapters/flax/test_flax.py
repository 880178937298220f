"""Flax's calls as programs, for which no framework is needed."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.flax import Flax
from tests.reports.making import make


def _text(operator: str, mode: str = "linen", **fields: Any) -> str:
    asked = Flax()
    asked.mode = mode
    return asked.call(make(operator, **fields))


def _call(operator: str, mode: str = "linen", **fields: Any) -> str:
    """The line of the call, without what makes its result a name."""
    (line,) = (line for line in _text(operator, mode, **fields).splitlines() if line.startswith("result = "))
    return line.removeprefix("result = ")


def test_a_layer_of_linen_is_applied_to_parameters() -> None:
    assert _call("conv", padding="SAME", bias=True) == (
        "nn.Conv(features=3, kernel_size=(3, 3), strides=(2, 2), padding='SAME')"
        '.apply({"params": {"kernel": filter, "bias": bias}}, value)'
    )
    assert 'use_bias=False).apply({"params": {"kernel": filter}}, value)' in _call("conv")


def test_a_layer_of_nnx_is_made_with_its_parameters() -> None:
    assert _call("conv", "nnx", groups=2, out_channels=4, dilations=[1, 2], image=[6, 9], bias=True) == (
        "nnx.Conv(in_features=2, out_features=4, kernel_size=(3, 3), strides=(2, 2), padding='VALID', "
        "kernel_dilation=(1, 2), feature_group_count=2, kernel_init=lambda *_: filter, bias_init=lambda *_: bias, "
        "rngs=nnx.Rngs(0))(value)"
    )


@pytest.mark.parametrize(
    ("image", "padding", "said"),
    [
        ([7, 9], "VALID", "'VALID'"),
        ([6, 8], "SAME", "'SAME'"),
        ([7, 8], "VALID", "[(2, 2), (2, 3)]"),  # a window that VALID is not: its pairs are of the dilated value
        ([5, 7], "SAME", "[(1, 1), (1, 1)]"),
        ([7, 9], [[1, 0], [0, 1]], "[(1, 3), (2, 2)]"),
    ],
)
@pytest.mark.parametrize("mode", ["linen", "nnx"])
def test_a_word_is_said_where_it_gives_the_window_and_else_pairs(
    mode: str, image: list[int], padding: Any, said: str
) -> None:
    call = _call("conv_transpose", mode, image=image, padding=padding)
    assert f"padding={said}, transpose_kernel=True" in call


def test_gradients_are_those_of_a_function_that_applies_the_layer() -> None:
    text = _text("conv", "nnx", gradients=True)
    assert "jax.vjp(lambda value, filter: nnx.Conv(" in text
    assert "result = with_gradients(value, filter, cotangent)" in text
    assert "jax.jit" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "nn.avg_pool(value, window_shape=(2, 2), strides=(2, 2), padding='SAME', count_include_pad=False)"),
        (
            {"divisor": "padded"},
            "nn.avg_pool(value, window_shape=(2, 2), strides=(2, 2), padding='SAME', count_include_pad=True)",
        ),
        (
            {"divisor": 3},
            "nn.pool(value, 0., lax.add, window_shape=(2, 2), strides=(2, 2), padding=((0, 0), (0, 1))) / 3",
        ),
    ],
)
def test_a_mean_divides_by_what_the_case_says(fields: dict[str, Any], said: str) -> None:
    assert _call("avg_pool", padding="SAME", **fields) == said


def test_average_unpooling_is_the_transpose_of_sums_of_windows() -> None:
    text = _text("avg_unpool", "nnx")
    assert "    return nnx.pool(image, 0., lax.add, window_shape=(2, 2), strides=(2, 2), padding='VALID')" in text
    assert "jax.linear_transpose(window_sum, jax.ShapeDtypeStruct((1, 6, 7, 3), value.dtype))(value)[0]" in text


@pytest.mark.parametrize("mode", ["linen", "nnx"])
@pytest.mark.parametrize(
    ("operator", "fields", "why"),
    [
        ("conv", {"data_format": "NCHW"}, "channels-last alone"),
        ("max_pool", {"data_format": "NCHW"}, "channels-last alone"),
        ("conv_transpose", {"groups": 2, "out_channels": 4}, "no groups"),
        ("max_pool", {"dilations": 2}, "no dilations"),
        ("avg_pool", {"dilations": 2}, "no dilations"),
        ("max_pool_argmax", {}, "no pooling that returns indices"),
        ("max_unpool", {}, "no unpooling"),
    ],
)
def test_what_flax_has_no_argument_for_is_refused(mode: str, operator: str, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSupported, match=why):
        _text(operator, mode, **fields)


def test_channels_last_is_no_argument_and_no_refusal() -> None:
    assert _call("conv", data_format="NHWC") == _call("conv")
