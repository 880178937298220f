"""Gradients by TensorFlow's own operators, called by themselves in the mode ``raw``."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.tensorflow import TensorFlow
from tests.reports.making import make


def _text(operator: str, **fields: Any) -> str:
    asked = TensorFlow()
    asked.mode = "raw"
    return asked.call(make(operator, **{"data_format": "NHWC", **fields}))


@pytest.mark.parametrize(
    ("operator", "names"),
    [
        ("conv", ["Conv2DBackpropInput", "Conv2DBackpropFilter"]),
        ("conv_transpose", ["Conv2DBackpropInput", "Conv2D", "Conv2DBackpropFilter"]),
        ("max_pool", ["MaxPoolGrad"]),
        ("max_pool_argmax", ["MaxPoolGradWithArgmax"]),
        ("avg_pool", ["AvgPoolGrad"]),
    ],
)
def test_each_gradient_is_the_operator_that_computes_it(operator: str, names: list[str]) -> None:
    text = _text(operator, gradients=True, padding="SAME")
    assert [part.partition("(")[0] for part in text.split("tf.raw_ops.")[1:]] == names
    assert "GradientTape" not in text
    assert "[1, 2, 2, 1]" in text.replace("(", "[").replace(")", "]"), "windows have a 1 for batch and channels"


def test_two_operators_are_gradients_of_others() -> None:
    assert "tf.raw_ops.Conv2DBackpropInput(input_sizes=[1, 6, 7, 3], filter=filter" in _text("conv_transpose")
    assert "tf.raw_ops.MaxPoolGradWithArgmax(input=tf.zeros((1, 6, 7, 3)" in _text("max_unpool")


def test_a_volume_has_operators_of_its_own_and_a_channel_that_is_a_group_too() -> None:
    volume = _text("conv", image=[4, 5, 6], kernel=2, gradients=True, data_format="NDHWC")
    assert "Conv3DBackpropInputV2(" in volume
    assert "Conv3DBackpropFilterV2(" in volume
    apart = _text("conv", groups=2, out_channels=4, gradients=True)
    assert "DepthwiseConv2dNativeBackpropInput(" in apart
    assert "tf.reshape(tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(" in apart


def test_padding_in_pairs_is_said_where_the_operator_takes_it() -> None:
    pairs = [[1, 0], [2, 1]]
    assert "padding='EXPLICIT', explicit_paddings=[0, 0, 1, 0, 2, 1, 0, 0]" in _text(
        "conv", padding=pairs, gradients=True
    )
    with pytest.raises(NotSupported, match="takes no padding in pairs"):
        _text("avg_pool", padding=pairs, gradients=True)


def test_the_gradients_of_a_wrong_call_are_asked_without_the_call() -> None:
    wrong = {
        "kernel": 3,
        "filter": {"shape": [3, 3, 5, 3]},
        "invalid": {"rule": "channels", "reason": "five channels for two"},
    }
    text = _text("conv", gradients=True, cotangent={"shape": [1, 2, 3, 3]}, **wrong)
    assert "tf.nn.conv2d" not in text
    assert '"output"' not in text
    cotangent = {"cotangent": {"shape": [1, 9, 9, 3]}, "invalid": {"rule": "shape", "reason": "nine rows for two"}}
    assert "tf.nn.conv2d" in _text("conv", gradients=True, **cotangent), "the call itself is right"


@pytest.mark.parametrize(
    ("operator", "fields", "why"),
    [
        ("conv", {}, "no gradient is asked"),
        ("conv", {"image": [7], "kernel": 3, "data_format": "NWC", "gradients": True}, "two or three axes"),
        ("avg_unpool", {"gradients": True}, "no operator's gradient"),
        ("max_unpool", {"gradients": True}, "gradient of a gradient"),
        ("max_unpool", {"data_format": "NCHW"}, "channels-last"),
        ("max_pool", {"dilations": 2, "strides": 1, "gradients": True}, "takes dilations"),
        ("avg_pool", {"divisor": 3, "gradients": True}, "divides by the elements inside"),
    ],
)
def test_what_no_operator_computes_is_refused(operator: str, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSupported, match=why):
        _text(operator, **fields)
