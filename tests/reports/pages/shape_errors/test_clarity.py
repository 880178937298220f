"""The rule of clear messages, applied to real messages that are clear and that are not."""

from __future__ import annotations

from typing import Any

import pytest

from cases.model.case import Broken
from reports.pages.shape_errors.clarity import NAMES, arguments, conflict, essence, is_clear
from tests.reports.making import make

NODE = (
    ' for \'{{node Conv2D}} = Conv2D[T=DT_FLOAT, data_format="NHWC", dilations=[1, 1, 1, 1], padding="SAME", '
    "strides=[1, 0, 0, 1]](value, filter)' with input shapes: [1,7,8,2], [3,3,2,3]."
)
SIGNATURES = (
    "conv2d() received an invalid combination of arguments - got (Tensor, Tensor, padding=str, stride=tuple), but "
    "expected one of:\n * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints "
    "padding = 0, tuple of ints dilation = 1, int groups = 1)"
)
NODE_DEF = (
    'Value for attr \'padding\' of "FULL" is not in the list of allowed values: "SAME", "VALID" ; NodeDef: ; '
    "Op<name=AvgPool; signature=value:T -> output:T; attr=ksize:list(int),min=4; attr=strides:list(int),min=4>"
)
DYNAMO = (
    "RuntimeError when making fake tensor call Explanation: Dynamo failed to run FX node with fake tensors: "
    "call_function <built-in function avg_pool2d>(*(FakeTensor(..., size=(1, 3, 5, 5)), (2, 2)), **{'padding': "
    "(0, 0), 'stride': (0, 0), 'groups': 1}): got RuntimeError('%s') Hint: Your code may result in an error when "
    "running in eager."
)
SIZES = (
    "Conv2DCustomBackpropInput: Size of out_backprop doesn't match computed: actual = %d, computed = %d "
    "spatial_dim: 1 input: 8 filter: 3 output: 8 stride: 1 dilation: 1"
)
FOLD = (
    "Given output_size=(7, 4), kernel_size=(2, 2), dilation=(1, 1), padding=(0, 0), stride=(2, 2), expected size of "
    "input's dimension 2 to match the calculated number of sliding blocks 3 * 2 = 6, but got input.size(2)=4."
)
COTANGENT = "cotangent type does not match function output, expected (float32[1,3,4,4]) but got "


def fault(rule: str, argument: str, *sides: int) -> Broken:
    return Broken(rule=rule, argument=argument, reason="", sides=(sides[0], sides[1]) if sides else None)


STRIDE, KERNEL, PADDING = fault("stride", "strides"), fault("size", "kernel"), fault("padding", "padding")
SHAPE = fault("shape", "output_shape", 9, 8)


@pytest.mark.parametrize(
    ("message", "offence"),
    [
        ("Stride must be > 0, but got 0" + NODE, STRIDE),
        ("stride should be greater than zero, but got stride_height: 0 stride_width: 0", STRIDE),
        ("reduce_window window_strides must have every element be strictly positive, got (0, 0).", STRIDE),
        ("Row and column strides should be larger than 0.", STRIDE),
        (DYNAMO % "stride should not be zero", STRIDE),
        ("Sliding window ksize must be positive. The specified or inferred ksize is: 1,0,0,1", KERNEL),
        ("filter must not have zero elements (i.e. all dimensions must be non-zero)", KERNEL),
        ("kernel size should be greater than zero, but got kH: 0 kW: 0", KERNEL),
        (NODE_DEF, PADDING),
        ("Unrecognized padding type: expected 'VALID', 'SAME', or 'SAME_LOWER', got FULL.", PADDING),
        ("Dilated rates should be larger than 0.", fault("dilation", "dilations")),
        ("Found an invalid max index: 16 (output volumes are of size 4x4)", fault("index", "indices")),
        ("conv_general_dilated feature_group_count must divide lhs feature size, but ...", fault("type", "groups")),
        ("`data_format` values other than 'NHWC' are not supported.", fault("data_format", "data_format")),
        ("Tried to convert 'value' to a tensor and failed. Error: None values not supported.", fault("type", "value")),
        ("negative output_padding is not supported", SHAPE),
        (SIZES % (8, 9), SHAPE),
        ("Depth of input (2) is not a multiple of input depth of filter (5)" + NODE, fault("channels", "filter", 2, 5)),
        ("Negative dimension size caused by subtracting 8 from 7" + NODE, fault("size", "value", 8, 7)),
        ("Attr ksize has value 2147483648 out of range for an int32", fault("size", "value", 2147483648, 7)),
        ("Shape must be rank 4 but is rank 3" + NODE, fault("rank", "value", 3, 4)),
        (COTANGENT + "[JitTracer(float32[1,3,4,3])]", fault("channels", "output_shape", 4, 3)),
        ("strides should be of length 1, 2 or 4. Received: strides=[] of length 0", fault("rank", "strides", 0, 2)),
    ],
)
def test_these_are_clear(message: str, offence: Broken) -> None:
    assert is_clear(message, offence)


@pytest.mark.parametrize(
    ("message", "offence"),
    [
        ("", STRIDE),
        ("All dilations must be positive, got (0, 0).", STRIDE),
        ("padding='same' is not supported for strided convolutions", STRIDE),
        (DYNAMO % 'invalid output_size "(6, 8)" (dim 0 must be between 2 and 2)', STRIDE),
        ("Dimension size must be positive" + NODE, STRIDE),
        (SIGNATURES, fault("type", "strides")),
        (SIGNATURES, PADDING),
        (NODE_DEF, STRIDE),
        ("unsupported operand type(s) for +: 'int' and 'NoneType'", fault("type", "value")),
        ("Attempt to convert a value (None) with an unsupported type", fault("type", "value")),
        ("'NoneType' object has no attribute 'shape'", fault("type", "filter")),
        ("tuple index out of range", fault("index", "indices")),
        ("could not create a primitive descriptor for the convolution forward, Status: 2", fault("shape", "", 3, 2)),
        (SIZES % (3, 2), fault("padding", "output_padding", 1, 1)),
        (SIZES % (3, 2), STRIDE),
        (FOLD, fault("shape", "output_shape", 3, 2)),
        (COTANGENT + "[Array([[[[ 8., -5., 3.]]]], dtype=float32)]", fault("channels", "output_shape", 4, 3)),
        ("Wrong number of explicit pads for convolution: expected 2, got 0.", fault("rank", "strides", 0, 2)),
        ("conv2d and conv3d differ", fault("channels", "filter", 2, 3)),
    ],
)
def test_these_are_misleading(message: str, offence: Broken) -> None:
    assert not is_clear(message, offence)


@pytest.mark.parametrize(
    ("message", "clear"),
    [
        ("lax.conv_general_dilated requires arguments to have the same dtypes, got float32, float16.", True),
        ("expected scalar type Float but found Half", True),
        ("\"slow_conv2d\" not implemented for 'Half'", False),
        ("expected scalar type Float but found Double", False),
    ],
)
def test_dtypes_that_do_not_go_together_are_both_named(message: str, clear: bool) -> None:  # noqa: FBT001
    assert is_clear(message, fault("dtype", "filter"), ("float16", "float32")) is clear


def test_the_longest_name_counts() -> None:
    assert arguments("negative output_padding, kernel size, input sizes") == {"output_shape", "kernel"}
    assert arguments("reduce_window: conv_transpose, strided, OpKernel, inputs") == set()
    assert arguments("Output Padding HEIGHT, window-dilation") == {"output_shape", "dilations"}


@pytest.mark.parametrize(
    ("message", "clear"),
    [
        ("unexpected JAX type for argument to VJP function: got float32[1,2], but expected float32[1,3]", True),
        (
            "Mismatch in shape: grad_output[0] has a shape of torch.Size([1, 2]) and output[0] of torch.Size([1, 3]).",
            True,
        ),
        ("Size of out_backprop doesn't match computed: actual = 2, computed = 3", True),
        ("Expected grad shape to be [1,3,4,2], but got [1,2,4,2]", True),
        ("The output dimensions do not match the other input values.", False),
        ("Cannot reshape a tensor with 80 elements to shape [1,96]", False),
    ],
)
def test_frameworks_have_other_names_for_a_cotangent(message: str, clear: bool) -> None:  # noqa: FBT001
    fault = Broken(rule="shape", argument="cotangent", reason="a row less than the output")
    assert is_clear(message, fault) is clear


def test_no_name_means_two_arguments() -> None:
    names = [name.lower() for several in NAMES.values() for name in several]
    assert len(names) == len(set(names))


def test_a_message_keeps_what_says_something() -> None:
    assert essence("Stride must be > 0, but got 0" + NODE).strip() == "Stride must be > 0, but got 0"
    assert "stride should not be zero" in essence(DYNAMO % "stride should not be zero")


@pytest.mark.parametrize(
    ("fields", "dtypes"),
    [
        (
            {"filter": {"dtype": "float64"}, "invalid": {"rule": "dtype", "reason": "two dtypes"}},
            ("float32", "float64"),
        ),
        (
            {
                "strides": 0,
                "value": {"shape": [1, 2, 2, 2]},
                "invalid": {"rule": "stride", "reason": "there is no stride of 0"},
            },
            (),
        ),
    ],
)
def test_the_dtypes_in_conflict_follow_from_the_case(fields: dict[str, Any], dtypes: tuple[str, ...]) -> None:
    case = make("conv_transpose", kernel=[3, 3], **fields)
    found = case.broken
    assert found is not None
    assert conflict(case, found) == dtypes


def test_an_index_outside_the_image_is_found() -> None:
    outside: dict[str, Any] = {"indices": {"values": [[99, 2, 4], [14, 16, 18], [28, 30, 32]]}, "channels": 1}
    refusal = {"rule": "index", "reason": "99 is no place of the image"}
    found = make("max_unpool", **outside, image=[6, 6], invalid=refusal).broken
    assert found is not None
    assert (found.rule, found.argument) == ("index", "indices")
