"""The properties that conditions of facts read: arguments, what follows of them, and what windows hold."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cases.loading.expressions import conjuncts, expression, may_hold
from cases.loading.properties import PROPERTIES, calls, properties
from cases.model import shapes
from cases.model.case import Case
from tests.reports.making import make

NAN_AT: dict[str, Any] = {
    "special": "nan",
    "ksize": 2,
    "strides": 2,
    "channels": 1,
    "image": [4, 4],
    "padding": "VALID",
}
LITERAL: dict[str, Any] = {"ksize": 2, "strides": 2, "channels": 1, "padding": "VALID", "image": [2, 4]}


def _property(case: Case, name: str) -> Any:
    return properties(case, [name])[name]


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"data_format": "NCHW"}, "channels_first", True),
        ({"data_format": "NHWC"}, "channels_first", False),
        ({"padding": [[0, 0], [0, 0]]}, "explicit", True),
        ({"padding": "SAME"}, "explicit", False),
        ({"dilations": [1, 2], "strides": 1}, "dilated", True),
        ({}, "dilated", False),
        ({"dtype": "int8", "data": "small"}, "integer", True),
        ({}, "integer", False),
        ({"in_channels": 4, "out_channels": 6, "groups": 2}, "in_channels", 4),
        ({"in_channels": 4, "out_channels": 6, "groups": 2}, "out_channels", 6),
        ({"in_channels": 4, "out_channels": 6, "groups": 2}, "filter_channels", 2),
        ({"in_channels": 4, "out_channels": 6, "groups": 2}, "depthwise", False),
        ({"in_channels": 4, "out_channels": 8, "groups": 4}, "depthwise", True),
        ({"in_channels": 1, "out_channels": 8}, "depthwise", False),
        ({"batch": 0}, "empty", True),
        ({}, "empty", False),
        ({"bias": True}, "biased", True),
        ({}, "pixels", 42),
        ({"kernel": [2, 3]}, "window_elements", 6),
        ({"kernel": [7, 3], "padding": "SAME"}, "window_beyond_image", True),
        ({"kernel": [6, 3]}, "window_beyond_image", False),
        ({"padding": [[1, 2], [0, 1]]}, "padded", (9, 8)),
        ({"kernel": [1, 3], "strides": [2, 2]}, "gaps", True),
        ({"kernel": [2, 3], "strides": [2, 2]}, "gaps", False),
        ({"kernel": [3, 3], "strides": [3, 3], "padding": "VALID"}, "rest", 1),
        ({"kernel": [3, 3], "strides": [2, 4], "padding": "VALID"}, "rest", 1),
    ],
)
def test_what_a_convolution_says(fields: dict[str, Any], name: str, expected: object) -> None:
    assert _property(make("conv", **fields), name) == expected


def test_depthwise_is_a_group_for_each_channel_of_the_image() -> None:
    """Of a transposed convolution the image is the output."""
    assert _property(make("conv_transpose", in_channels=8, out_channels=4, groups=4), "depthwise")
    assert not _property(make("conv_transpose", in_channels=4, out_channels=8, groups=4), "depthwise")


def test_a_window_that_is_too_long_says_by_how_much() -> None:
    wrong = {"rule": "size", "reason": "no window fits without padding"}
    case = make("max_pool", ksize=[8, 2], strides=1, padding="VALID", invalid=wrong)
    assert (_property(case, "short_by"), _property(case, "rule"), _property(case, "argument")) == (2, "size", "value")
    assert _property(case, "short_axes") == (0,)


def test_the_tensors_of_which_gradients_are_asked() -> None:
    assert _property(make("conv", gradients=True, bias=True), "gradients_of") == ["value", "filter", "bias"]
    assert _property(make("conv", gradients=["bias", "value"], bias=True), "gradients_of") == ["value", "bias"]
    assert _property(make("conv"), "gradients_of") == []


def test_a_bias_alone_needs_no_gradient_of_the_convolution() -> None:
    asked: list[Any] = [True, ["value"], ["filter", "bias"], ["bias"], False]
    found = [_property(make("conv", gradients=one, bias=True), "gradients") for one in asked]
    assert found == [True, True, True, False, False]


def test_an_axis_is_unread_if_every_window_on_it_stands_over_padding() -> None:
    """The one column stands between two windows; two windows of two taps stand astride it."""
    fields: dict[str, Any] = {"image": [5, 1], "padding": [[1, 1], [1, 1]], "strides": [1, 2], "dilations": [1, 2]}
    assert _property(make("conv", kernel=[3, 1], **fields), "unread_axes") == (1,)
    assert _property(make("conv", kernel=[3, 1], **fields | {"strides": [1, 1]}), "unread_axes") == ()
    assert _property(make("conv", kernel=[3, 2], **fields | {"strides": [1, 1]}), "unread_axes") == (1,)


@pytest.mark.parametrize(
    ("padding", "cuts", "both", "grows"),
    [
        ([[2, 0], [2, 0]], True, True, False),
        ([[2, 0], [0, 0]], False, True, True),
        ([[0, 2], [0, 2]], False, False, False),
        ([[1, 1], [1, 1]], True, False, False),
        ([[3, 0], [1, 1]], True, True, False),
    ],
)
def test_a_transposed_convolution_may_cut_in_front_and_go_on_behind(
    padding: list[list[int]], *, cuts: bool, both: bool, grows: bool
) -> None:
    case = make("conv_transpose", kernel=[2, 2], strides=1, padding=padding)
    assert properties(case, ["cuts_in_front", "cuts_and_extends", "grows"]) == {
        "cuts_in_front": cuts,
        "cuts_and_extends": both,
        "grows": grows,
    }


@pytest.mark.parametrize(
    ("position", "holding"),
    [
        (0, {"window_has_nan"}),
        (1, {"window_has_nan", "window_has_nan_behind_its_first"}),
        (2, {"window_has_nan"}),
        (5, {"window_has_nan", "window_has_nan_behind_its_first"}),
    ],
)
def test_what_windows_hold_depends_on_the_place(position: int, holding: set[str]) -> None:
    assert _windows(make("max_pool", position=position, **NAN_AT)) == holding


def test_windows_of_one_kind_of_value() -> None:
    every = {name: value for name, value in NAN_AT.items() if name != "special"}
    nan, low, small = (make("max_pool", special=word, **every) for word in ("nan", "minus_inf", "subnormal"))
    assert _windows(nan) == {"window_has_nan", "window_of_nan_alone", "window_has_several_nan"}
    assert _windows(low) == {"window_of_lowest_alone"}
    assert _windows(small) == {"window_with_subnormal_maximum", "window_with_subnormal_mean"}


@pytest.mark.parametrize(
    ("values", "times"), [([2.0**-126, 0], 1), ([2.0**-125, 0], 0), ([0, 0], 0), ([float("inf"), float("-inf")], 0)]
)
def test_a_mean_may_be_subnormal_though_no_element_is(values: list[float], times: int) -> None:
    case = make("avg_pool", image=[2], ksize=[2], strides=2, channels=1, value={"values": values})
    assert [*_windows(case)].count("window_with_subnormal_mean") == times


@pytest.mark.parametrize(("place", "times"), [(0, 1), (2, 0)])
def test_a_maximum_is_infinite_if_the_infinity_stands_in_a_window(place: int, times: int) -> None:
    case = make("max_pool", image=[5], ksize=2, strides=3, padding="VALID", channels=1, special="inf", position=place)
    assert [*_windows(case)].count("window_with_infinite_maximum") == times


@pytest.mark.parametrize(
    ("other", "times"), [(1.999999, 1), (2, 0), (1.9999, 0), (float("-inf"), 0), (float("inf"), 0)]
)
def test_a_maximum_that_another_element_nearly_reaches(other: float, times: int) -> None:
    case = make("max_pool", value={"values": [[other, 2, 3, 4], [0, 1, 5, 6]]}, dtype="float64", **LITERAL)
    assert [*_windows(case)].count("window_with_near_maximum") == times


def test_a_subnormal_number_below_another_is_no_maximum() -> None:
    case = make("max_pool", value={"values": [[1, -1.0e-40, 2, 3], [4, 5, 6, 7]]}, **LITERAL)
    assert _windows(case) == set()


def test_no_other_operator_has_such_windows() -> None:
    pooled = make("max_unpool", special="nan", position=0, ksize=2, strides=2)
    assert _windows(pooled) == set()
    assert _property(pooled, "not_finite")


def _windows(case: Case) -> set[str]:
    return {name for name in PROPERTIES if name.startswith("window_") and name != "window_beyond_image"} & {
        name for name, held in properties(case, PROPERTIES.keys() & _NAMES).items() if held
    }


_NAMES = {name for name in PROPERTIES if name.startswith(("window_has", "window_of", "window_with"))}


def test_one_call_is_its_own_and_has_no_name() -> None:
    case = make("conv")
    assert calls(case) == {"": case}


OPERATORS = ("conv", "max_pool", "avg_pool")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('operator == "conv"', {"conv"}),
        ('operator in ["conv", "max_pool"] and dilated', {"conv", "max_pool"}),
        ('operator == "conv" or operator == "avg_pool" and dilated', {"conv", "avg_pool"}),
        ('dilated and (operator == "conv" or explicit)', set(OPERATORS)),
        ('not operator == "conv"', {"max_pool", "avg_pool"}),
        ("operator > 1", set(OPERATORS)),
        ("integer and dilated or axes == 3 and dilated", set()),
        ("integer or axes == 3 or dilated", set(OPERATORS)),
        ("dilated", set(OPERATORS)),
        ('dtype == "conv"', set(OPERATORS)),
        ('dtype == "float32"', set()),
        ('operator == "conv" and operator == "max_pool"', set()),
    ],
)
def test_the_operators_for_which_a_condition_can_be_true(text: str, found: set[str]) -> None:
    known = {"integer": False, "axes": 2, "dtype": "conv"}
    assert {name for name in OPERATORS if may_hold(expression(text), {"operator": name, **known})} == found


def test_nothing_that_is_left_out_could_be_true() -> None:
    text = 'operator == "conv" and dilated or operator in ["max_pool"] and (axes == 2 or operator == "conv")'
    condition = expression(text)
    left_out = [name for name in OPERATORS if not may_hold(condition, {"operator": name})]
    for operator, dilated, axes in itertools.product(left_out, (True, False), (1, 2)):
        assert not condition.holds({"operator": operator, "dilated": dilated, "axes": axes})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dilated", [{"dilated"}]),
        ('operator == "conv" and dilated and max(strides) > 1', [{"operator"}, {"dilated"}, {"strides", "max"}]),
        ('operator == "conv" and (dilated or axes == 1)', [{"operator"}, {"dilated", "axes"}]),
        ('operator == "conv" or dilated and axes == 1', [{"operator", "dilated", "axes"}]),
    ],
)
def test_the_parts_that_and_joins_are_read_one_by_one(text: str, parts: list[set[str]]) -> None:
    assert [part.names for part in conjuncts(expression(text))] == parts


def test_a_whole_is_true_where_each_of_its_parts_is() -> None:
    whole = expression('operator == "conv" and (dilated or axes == 1) and not axes == 2')
    for operator, dilated, axes in itertools.product(("conv", "max_pool"), (True, False), (1, 2, 3)):
        read = {"operator": operator, "dilated": dilated, "axes": axes}
        assert whole.holds(read) == all(part.holds(read) for part in conjuncts(whole))


@given(
    image=st.integers(0, 6),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 5),
    dilation=st.integers(1, 6),
    padding=st.tuples(st.integers(0, 7), st.integers(0, 7)),
)
def test_an_axis_is_read_if_some_window_holds_an_element(
    image: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]
) -> None:
    assume(image + sum(padding) > (kernel - 1) * dilation)
    fields: dict[str, Any] = {"strides": stride, "dilations": dilation, "padding": [list(padding)]}
    case = make("conv", image=[image], kernel=[kernel], **fields)
    (axis,) = shapes.axes(case)
    assert (_property(case, "unread_axes") == (0,)) == (not any(shapes.counted(axis, "inside")))


def test_billions_of_windows_are_not_counted_through() -> None:
    case = make("conv", image=[5], kernel=[1], strides=1, padding=[[2**40, 2**40]])
    assert _property(case, "unread_axes") == ()
