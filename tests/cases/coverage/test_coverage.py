"""The value of a call in each dimension, and the pairs of values that a call can have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cases
from cases.coverage import dimensions, feasible, numbers, sizes
from cases.coverage.dimensions import Value
from cases.loading.lookup import every
from cases.model.case import OPERATORS, Case
from tests.reports.making import make

PLAIN = {"image": [6, 8], "strides": 1, "padding": "VALID"}


@pytest.mark.parametrize(
    ("fields", "dimension", "value"),
    [
        ({}, "image", "even"),
        ({"image": [7, 7]}, "image", "odd"),
        ({"image": [6, 7]}, "image", "mixed"),
        ({"kernel": 2, "strides": 3}, "kernel against stride", "below"),
        ({"kernel": [2, 3], "strides": [2, 3]}, "kernel against stride", "equal"),
        ({"kernel": 2, "strides": 1, "dilations": 3}, "kernel against stride", "above"),
        ({"kernel": [1, 2], "strides": 2}, "kernel against stride", "mixed"),
        ({"strides": 1}, "strides", "1"),
        ({"strides": 2}, "strides", "equal"),
        ({"strides": [1, 2]}, "strides", "unequal"),
        ({}, "padding", "VALID"),
        ({"padding": "SAME", "kernel": 1}, "padding", "SAME, none"),
        ({"padding": "SAME", "kernel": 3}, "padding", "SAME, even"),
        ({"padding": "SAME", "kernel": [3, 2]}, "padding", "SAME, odd"),
        ({"padding": [[0, 0], [2, 2]]}, "padding", "explicit, symmetric"),
        ({"padding": [[0, 0], [1, 2]]}, "padding", "explicit, asymmetric"),
        ({}, "dilations", "none"),
        ({"dilations": 1}, "dilations", "none"),
        ({"dilations": 2}, "dilations", "equal"),
        ({"dilations": [1, 2]}, "dilations", "unequal"),
        ({"image": [6], "kernel": 2}, "spatial axes", "1"),
        ({"image": [6, 6, 6], "kernel": 2}, "spatial axes", "3"),
        ({}, "groups", "one"),
        ({"in_channels": 4, "out_channels": 4, "groups": 2}, "groups", "several"),
        ({"in_channels": 2, "out_channels": 4, "groups": 2}, "groups", "depthwise"),
        ({"in_channels": 6, "out_channels": 3, "groups": 3}, "groups", "depthwise"),
        ({"bias": True}, "bias", "with"),
        ({"kernel": 3, "strides": 2, "image": [5, 7]}, "output size", "the smallest"),
        ({"kernel": 3, "strides": 2, "image": [5, 8]}, "output size", "larger"),
        ({"padding": "SAME", "strides": 2, "image": [5, 7]}, "output size", "the smallest"),
        ({"padding": "SAME", "strides": 2, "image": [5, 8]}, "output size", "larger"),
        ({}, "output_padding", "unsaid"),
        ({"data_format": "NHWC"}, "layout", "channels-last"),
        ({"data_format": "NCHW"}, "layout", "channels-first"),
        ({"dtype": "int8"}, "dtype", "int8"),
        ({"batch": 0}, "batch", "0"),
        ({}, "batch", "1"),
        ({"batch": 3}, "batch", "several"),
        ({"gradients": True}, "gradients", "asked"),
        ({"in_channels": 1}, sizes.CHANNELS, "1"),
        ({"in_channels": 18, "out_channels": 2, "groups": 2}, sizes.CHANNELS, "to 16"),
        ({"in_channels": 17}, sizes.CHANNELS, "more"),
        ({"image": [6, 64]}, sizes.LARGEST, "to 64"),
        ({"image": [6, 257]}, sizes.LARGEST, "more"),
        ({"kernel": [1, 1]}, sizes.WINDOW, "1"),
        ({"kernel": [3, 3]}, sizes.WINDOW, "to 9"),
        ({"image": [16, 17], "kernel": [16, 17]}, sizes.WINDOW, "more"),
        ({"in_channels": 4, "out_channels": 4, "groups": 2}, sizes.NUMBER, "2"),
        ({"batch": 3}, sizes.IMAGES, "more"),
        ({"kernel": 2, "strides": 2, "image": [6, 7]}, sizes.REST, "1"),
        ({"kernel": 1, "strides": 3, "image": [6, 7]}, sizes.REST, "more"),
        ({"image": [2, 9], "kernel": [3, 2], "padding": "SAME"}, sizes.BELOW, "on some"),
        ({"image": [2, 2], "kernel": 2, "dilations": 2, "padding": "SAME"}, sizes.BELOW, "on each"),
        ({"image": [6, 7, 8], "kernel": 2}, sizes.ODD_AXIS, "none"),
        ({"image": [6, 7, 8], "kernel": [3, 2, 2]}, sizes.ODD_AXIS, "first"),
        ({"image": [6, 7, 8], "kernel": 2, "strides": [1, 2, 1]}, sizes.ODD_AXIS, "middle"),
        ({"image": [6, 7, 8], "kernel": 2, "padding": [[0, 0], [0, 0], [0, 1]]}, sizes.ODD_AXIS, "last"),
        ({"image": [6, 7, 8], "kernel": [1, 2, 3]}, sizes.ODD_AXIS, "each"),
        ({"image": [6, 7, 8], "kernel": 1, "dilations": [1, 2, 1]}, sizes.ODD_AXIS, "none"),
    ],
)
def test_what_a_call_has(fields: dict[str, Any], dimension: str, value: str) -> None:
    assert dict(dimensions.values(make("conv_transpose", **{**PLAIN, **fields})))[dimension] == value


def test_an_output_size_that_output_padding_names() -> None:
    case = make("conv_transpose", image=None, value={"shape": [1, 2, 3, 2]}, output_padding=[0, 1], strides=2)
    assert {("output_padding", "more"), ("output size", "larger")} <= {*dimensions.values(case)}


@pytest.mark.parametrize(
    ("operator", "fields", "value"),
    [
        ("conv", {"kernel": 1, "dilations": 2}, ("dilations", "none")),
        ("conv", {"kernel": [3, 1], "dilations": [2, 3]}, ("dilations", "equal")),
        ("conv", {"padding": [[0, 0], [0, 0]]}, ("padding", "explicit, zeros")),
        (
            "conv_transpose",
            {"image": None, "value": {"shape": [1, 2, 3, 2]}, "output_padding": [0, 0], "strides": 2},
            ("output_padding", "zeros"),
        ),
        ("max_pool_argmax", {"include_batch_in_index": True}, ("index", "within an image")),
    ],
)
def test_an_argument_that_changes_nothing_is_not_the_value(operator: str, fields: dict[str, Any], value: Value) -> None:
    assert value in dimensions.values(make(operator, **fields))


@pytest.mark.parametrize(("batch", "index"), [(1, "within an image"), (2, "through the batch")])
def test_an_index_counts_through_a_batch_of_several(batch: int, index: str) -> None:
    case = make("max_pool_argmax", include_batch_in_index=True, batch=batch)
    assert ("index", index) in dimensions.values(case)


def test_a_value_of_size_is_paired_with_some_dimensions_alone() -> None:
    values = dimensions.values(make("conv"))
    pairs = [pair for pair in dimensions.pairs(values) if not numbers.is_of_numbers(pair)]
    of_size = [pair for pair in pairs if sizes.is_of_size(pair)]
    others = {name for pair in of_size for name, _ in pair} - sizes.VALUES.keys()
    assert others == {*sizes.WITH}
    assert len(of_size) == 7 * len(sizes.WITH) + 7 * 6 // 2  # two axes: none of three differs


@pytest.mark.parametrize(
    ("operator", "fields", "special", "digits"),
    [
        ("conv", {}, "none", "few"),
        ("conv", {"special": "minus_inf", "position": 3}, "infinity in value", "few"),
        ("conv", {"kernel": 3, "filter": {"special": "nan", "position": 0}}, "nan in filter", "few"),
        ("conv", {"bias": {"special": "inf", "position": 0}}, "infinity in bias", "few"),
        ("conv", {"gradients": True, "cotangent": {"special": "nan", "position": 0}}, "nan in cotangent", "few"),
        ("conv", {"special": "subnormal", "position": 0}, None, "few"),  # a sum rounds it away
        ("max_pool", {"special": "minus_subnormal", "position": 0}, "subnormal in value", "few"),
        ("max_pool", {"special": "minus_zero", "position": 0, "data": "negative"}, "minus zero in value", "few"),
        ("max_pool", {"special": "largest", "position": 0}, None, "few"),
        ("conv", {"special": "nan", "position": 0, "bias": {"special": "inf", "position": 0}}, None, "few"),
        ("conv", {"dtype": "float64", "data": "wide"}, "none", "many, float64"),
        ("max_pool", {"dtype": "float64", "data": "wide"}, "none", "few"),  # float32 holds each of these
        ("max_pool", {"dtype": "float32", "data": "wide"}, "none", "many, float32"),
        ("max_unpool", {"dtype": "int64", "data": "long"}, "none", "many, int64"),
        ("avg_pool", {"dtype": "int32", "data": "multiples"}, "none", "many, int32"),
        ("conv", {"dtype": "int32", "data": "multiples"}, "none", "few"),
        ("conv", {"batch": 0}, None, None),
    ],
)
def test_the_numbers_of_a_case_have_a_value(
    operator: str, fields: dict[str, Any], special: str | None, digits: str | None
) -> None:
    values = dict(dimensions.values(make(operator, **fields)))
    assert values.get("special value") == special
    assert values.get("digits") == digits


def test_values_of_numbers_are_paired_with_some_dimensions_and_not_with_each_other() -> None:
    pairs = [pair for pair in dimensions.pairs(dimensions.values(make("conv"))) if numbers.is_of_numbers(pair)]
    assert {name for pair in pairs for name, _ in pair} == {*numbers.WITH, *numbers.VALUES}
    assert len(pairs) == 2 * len(numbers.WITH)


@pytest.mark.parametrize(
    ("one", "other", "never"),
    [
        (("dtype", "int8"), ("special value", "nan in value"), "integers have no special values"),
        (("dtype", "int8"), ("special value", "none"), ""),
        (("special value", "nan in cotangent"), ("gradients", "unasked"), "only gradients need a cotangent"),
        (("special value", "nan in cotangent"), ("gradients", "asked"), ""),
        (("dtype", "float32"), ("digits", "many, float64"), "these are the digits of another dtype"),
        (("dtype", "float64"), ("digits", "many, float64"), ""),
        (("digits", "many, int32"), ("gradients", "asked"), "integers have no gradients"),
        (("digits", "many, float32"), ("gradients", "asked"), ""),
    ],
)
def test_why_no_call_has_two_values_of_numbers(one: Value, other: Value, never: str) -> None:
    assert numbers.why_never(one, other) == never


def test_an_operator_has_no_value_of_what_it_lacks() -> None:
    assert "nan in filter" not in dimensions.dimensions("max_pool")["special value"]
    assert "subnormal in value" not in dimensions.dimensions("avg_pool")["special value"]
    assert not {"groups", "bias", "output size", "output_padding", "index"} & dimensions.dimensions("max_pool").keys()
    assert "output size" in dimensions.dimensions("avg_unpool")


def test_only_calls_with_a_right_answer_count() -> None:
    wrong = make("conv", given={"strides": [0, 0]}, invalid={"rule": "stride", "reason": "so that it should fail"})
    unsaid = make("max_pool", behaviour="there is no right answer here")
    assert [dimensions.counts(case) for case in (make("conv"), wrong, unsaid)] == [True, False, False]


def test_a_pair_is_the_same_whichever_value_comes_first() -> None:
    one, other = ("batch", "1"), ("image", "odd")
    assert [*dimensions.pairs((one, other))] == [*dimensions.pairs((other, one))] == [(other, one)]


def test_an_empty_batch_shows_no_other_value() -> None:
    assert dimensions.values(make("conv", batch=0, gradients=True)) == (("batch", "0"),)
    assert all(("batch", "0") not in pair for pair in dimensions.all_pairs("conv"))


@pytest.mark.parametrize(
    ("operator", "one", "other"),
    [
        ("conv", ("spatial axes", "1"), ("image", "mixed")),
        ("conv", ("spatial axes", "1"), ("dilations", "unequal")),
        ("conv", ("kernel against stride", "below"), ("strides", "1")),
        ("conv", ("kernel against stride", "above"), ("padding", "SAME, none")),
        ("conv", ("dtype", "int32"), ("gradients", "asked")),
        ("conv_transpose", ("strides", "1"), ("output size", "larger")),
        ("conv_transpose", ("output_padding", "zeros"), ("padding", "SAME, odd")),
        ("conv_transpose", ("output_padding", "more"), ("output size", "the smallest")),
        ("max_pool_argmax", ("index", "through the batch"), ("batch", "1")),
        ("conv", (sizes.WINDOW, "1"), ("dilations", "equal")),
        ("conv", (sizes.REST, "1"), ("strides", "1")),
        ("conv", (sizes.ODD_AXIS, "first"), ("spatial axes", "2")),
        ("max_pool", (sizes.WINDOW, "1"), ("padding", "explicit, symmetric")),
        ("max_pool", ("last window", "beyond the padding"), ("padding", "SAME, odd")),
        ("avg_pool", ("divisor", "padded"), ("padding", "VALID")),
        ("conv", (sizes.BELOW, "on each"), ("padding", "VALID")),
    ],
)
def test_pairs_that_no_call_has(operator: str, one: Value, other: Value) -> None:
    (pair,) = dimensions.pairs((one, other))
    assert pair in feasible.space(operator).infeasible


def test_a_refusal_says_why_a_pair_is_infeasible() -> None:
    why = feasible.space("conv_transpose").infeasible
    assert "SAME depends on image" in why[("padding", "SAME, even"), ("output_padding", "zeros")]
    assert "exact floating-point data" in why[("dtype", "int64"), ("gradients", "asked")]
    assert why[("image", "mixed"), ("spatial axes", "1")] == ""


@pytest.mark.parametrize(
    ("operator", "one", "other"),
    [
        ("conv", ("kernel against stride", "below"), ("padding", "SAME, even")),
        ("conv", ("kernel against stride", "below"), ("padding", "explicit, asymmetric")),
        ("conv", ("padding", "SAME, none"), ("dilations", "unequal")),
        ("conv_transpose", ("output_padding", "zeros"), ("padding", "explicit, asymmetric")),
        ("conv_transpose", ("output_padding", "more"), ("gradients", "asked")),
        ("max_unpool", ("dilations", "unequal"), ("layout", "channels-first")),
        ("max_pool", ("spatial axes", "3"), ("dtype", "int8")),
        ("max_pool_argmax", ("index", "through the batch"), ("dtype", "int8")),
    ],
)
def test_pairs_that_a_call_has(operator: str, one: Value, other: Value) -> None:
    (pair,) = dimensions.pairs((one, other))
    assert pair in feasible.space(operator).feasible


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_pair_is_feasible_or_not(operator: str) -> None:
    space = feasible.space(operator)
    assert not space.feasible & space.infeasible.keys()
    assert space.feasible | space.infeasible.keys() == {*dimensions.all_pairs(operator)}
    assert space.single == {*dimensions.all_values(operator)}


def test_the_space_that_is_searched_is_large_enough_for_what_shipped_cases_have() -> None:
    folder = Path(cases.__file__).parent
    outside = {pair for case in every(folder) for pair in _pairs(case) if pair not in _feasible(case)}
    assert outside == set()


def _pairs(case: Case) -> Iterator[dimensions.Pair]:
    return dimensions.pairs(dimensions.values(case)) if dimensions.counts(case) else iter(())


def _feasible(case: Case) -> frozenset[dimensions.Pair]:
    return feasible.space(case.operator).feasible
