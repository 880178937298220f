"""A call that breaks one rule gives that rule and its argument. A valid call gives None."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cases.model import rules
from cases.model.case import Broken, Case, TensorSpec
from tests.cases.shipped import loaded


def _tensor(*shape: int) -> TensorSpec:
    return TensorSpec(shape=shape, dtype="float32", fill="integers")


CONV = Case(
    id="conv",
    operator="conv",
    inputs={"value": _tensor(1, 7, 9, 2), "filter": _tensor(3, 3, 2, 5)},
    strides=(2, 2),
    padding="VALID",
)
CONV_TRANSPOSE = Case(
    id="conv_transpose",
    operator="conv_transpose",
    inputs={"value": _tensor(1, 3, 4, 2), "filter": _tensor(3, 3, 5, 2)},
    strides=(2, 2),
    padding="VALID",
    output_shape=(1, 7, 9, 5),
    output_padding=(0, 0),
)
MAX_POOL = Case(
    id="max_pool",
    operator="max_pool",
    inputs={"value": _tensor(1, 4, 6, 2)},
    strides=(2, 2),
    padding="SAME",
    ksize=(2, 2),
)
MAX_UNPOOL = Case(
    id="max_unpool",
    operator="max_unpool",
    inputs={"value": _tensor(1, 2, 3, 2), "indices": replace(_tensor(1, 2, 3, 2), dtype="int64")},
    strides=(2, 2),
    padding="VALID",
    ksize=(2, 2),
    output_shape=(1, 4, 6, 2),
)
GROUPED = replace(CONV_TRANSPOSE, groups=2, output_shape=(1, 7, 9, 10))
"""A call with two groups, each from one channel to five."""
INDICES = np.arange(12).reshape(1, 2, 3, 2)


def _with(case: Case, **shapes: tuple[int, ...]) -> Case:
    tensors = {name: _tensor(*shape) for name, shape in shapes.items()}
    dtypes = {"indices": "int64"}
    given = {name: replace(tensor, dtype=dtypes.get(name, tensor.dtype)) for name, tensor in tensors.items()}
    return replace(case, inputs=case.inputs | given)


@pytest.mark.parametrize("case", [CONV, CONV_TRANSPOSE, MAX_POOL, MAX_UNPOOL], ids=lambda case: case.operator)
def test_a_valid_call_breaks_none(case: Case) -> None:
    assert rules.broken(case) is None


@pytest.mark.parametrize(
    ("case", "rule", "argument"),
    [
        (_with(CONV, value=(7, 9, 2)), "rank", "value"),
        (_with(CONV, filter=(3, 2, 5)), "rank", "filter"),
        (replace(CONV_TRANSPOSE, output_shape=(7, 9, 5)), "rank", "output_shape"),
        (replace(CONV_TRANSPOSE, output_padding=(0,)), "rank", "output_padding"),
        (replace(MAX_POOL, ksize=(2, 2, 2)), "rank", "ksize"),
        (_with(replace(CONV, strides=()), value=(1, 2), filter=(2, 5)), "rank", "value"),
        (replace(CONV, strides=(0, 2)), "stride", "strides"),
        (replace(CONV, strides=(2, -1)), "stride", "strides"),
        (_with(CONV, filter=(0, 3, 2, 5)), "size", "kernel"),
        (replace(MAX_POOL, ksize=(2, 0)), "size", "kernel"),
        (_with(CONV, value=(1, 2, 9, 2)), "size", "value"),
        (_with(CONV, value=(-1, 7, 9, 2)), "size", "value"),
        (replace(CONV, padding="FULL"), "padding", "padding"),
        (replace(CONV, padding=((1, 1),)), "padding", "padding"),
        (replace(CONV, padding=((1, 1), (0, -1))), "padding", "padding"),
        (replace(CONV_TRANSPOSE, output_padding=(0, 2)), "padding", "output_padding"),
        (replace(CONV_TRANSPOSE, output_padding=(-1, 0)), "padding", "output_padding"),
        (_with(CONV, filter=(3, 3, 3, 5)), "channels", "filter"),
        (_with(CONV_TRANSPOSE, filter=(3, 3, 5, 3)), "channels", "filter"),
        (replace(CONV_TRANSPOSE, output_shape=(1, 7, 9, 4)), "channels", "output_shape"),
        (replace(MAX_UNPOOL, output_shape=(1, 4, 6, 3)), "channels", "output_shape"),
        (replace(CONV_TRANSPOSE, output_shape=(2, 7, 9, 5)), "shape", "output_shape"),
        (replace(CONV_TRANSPOSE, output_shape=(1, 9, 9, 5)), "shape", "output_shape"),
        (replace(CONV_TRANSPOSE, output_shape=(1, 7, 8, 5)), "shape", "output_shape"),
        (replace(CONV_TRANSPOSE, output_shape=(1, 2, 9, 5)), "size", "output_shape"),
        (_with(MAX_UNPOOL, indices=(1, 2, 2, 2)), "shape", "indices"),
        (replace(CONV, dilations=(2,)), "rank", "dilations"),
        (replace(MAX_POOL, dilations=(2, 2, 2)), "rank", "dilations"),
        (replace(CONV, dilations=(1, 0)), "dilation", "dilations"),
        (replace(MAX_POOL, dilations=(-1, 1)), "dilation", "dilations"),
        (replace(CONV, dilations=(4, 1)), "size", "value"),  # a filter of 3 spans 9 of 7 rows
        (replace(CONV_TRANSPOSE, dilations=(2, 1)), "shape", "output_shape"),
        (replace(CONV, data_format="NCW"), "data_format", "data_format"),
        (replace(CONV, data_format="NDHWC"), "data_format", "data_format"),
        (replace(MAX_POOL, data_format="nhwc"), "data_format", "data_format"),
        (replace(CONV, groups=0), "groups", "groups"),
        (replace(CONV, groups=-1), "groups", "groups"),
        (replace(CONV, groups=2), "groups", "groups"),  # of five channels out
        (replace(CONV, groups=5), "groups", "groups"),  # five groups of two channels in
        (replace(CONV_TRANSPOSE, groups=4), "groups", "groups"),  # of two channels in
        (replace(CONV_TRANSPOSE, groups=2), "channels", "output_shape"),  # two groups of five channels out
        (_with(CONV, bias=(4,)), "channels", "bias"),
        (_with(CONV_TRANSPOSE, bias=(2,)), "channels", "bias"),
        (_with(GROUPED, bias=(5,)), "channels", "bias"),
        (_with(CONV, bias=(1, 5)), "rank", "bias"),
        (_with(CONV, cotangent=(1, 3, 4, 2)), "shape", "cotangent"),
        (_with(CONV, cotangent=(3, 4, 5)), "rank", "cotangent"),
        (_with(CONV_TRANSPOSE, cotangent=(1, 3, 4, 2)), "shape", "cotangent"),
        (_with(MAX_POOL, cotangent=(1, 4, 6, 2)), "shape", "cotangent"),
    ],
)
def test_one_rule_broken_alone(case: Case, rule: str, argument: str) -> None:
    fault = rules.broken(case)
    assert fault is not None
    assert (fault.rule, fault.argument) == (rule, argument)
    assert "\n" not in fault.reason


@pytest.mark.parametrize(
    "case",
    [
        replace(CONV, dilations=(3, 1)),  # spans all seven rows
        replace(CONV, data_format="NCHW"),
        replace(CONV, data_format="NHWC"),
        _with(replace(CONV, groups=5), value=(1, 7, 9, 10)),
        _with(replace(CONV, groups=2), value=(1, 7, 9, 4), filter=(3, 3, 2, 6)),
        _with(CONV, bias=(5,), cotangent=(1, 3, 4, 5)),
        GROUPED,
        _with(GROUPED, bias=(10,), cotangent=(1, 7, 9, 10)),
        _with(MAX_POOL, cotangent=(1, 2, 3, 2)),
        replace(MAX_POOL, dilations=(3, 5)),
        replace(MAX_POOL, padding=((9, 9), (0, 9))),
        _with(CONV, value=(0, 7, 9, 2)),
        _with(CONV, value=(1, 7, 9, 0), filter=(3, 3, 0, 5)),
        _with(CONV, filter=(3, 3, 2, 0)),
        _with(MAX_POOL, value=(0, 4, 6, 0)),
    ],
    ids=lambda case: case.operator,
)
def test_what_else_is_valid(case: Case) -> None:
    assert rules.broken(case) is None


def test_no_channel_has_no_index_that_could_be_wrong() -> None:
    nothing = (1, 2, 3, 0)
    case = replace(_with(MAX_UNPOOL, value=nothing, indices=nothing), output_shape=(1, 4, 6, 0))
    assert rules.broken(case, np.zeros(nothing, np.int64)) is None


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (replace(CONV, data_format="NCW"), "data_format is 'NCW', not one of NHWC, NCHW"),
        (replace(CONV, groups=2), "2 groups do not divide the filter's 5 channels"),
        (replace(CONV, groups=5), "5 groups do not divide the value's 2 channels"),
        (replace(CONV_TRANSPOSE, groups=2), "output_shape has 5 channels, the result 10 in 2 groups"),
        (replace(CONV, dilations=(4, 1)), "axis 0: no window of 9 fits on 7"),
        (_with(CONV, bias=(4,)), "bias has 4 entries, the result 5 channels"),
        (_with(CONV, cotangent=(1, 3, 4, 2)), "cotangent is (1, 3, 4, 2), the output (1, 3, 4, 5)"),
    ],
)
def test_a_reason_names_both_sides(case: Case, reason: str) -> None:
    fault = rules.broken(case)
    assert fault is not None
    assert fault.reason == reason


def test_a_transposed_filter_has_its_channels_the_other_way_round() -> None:
    fault = rules.broken(_with(CONV_TRANSPOSE, filter=(3, 3, 2, 5)))
    assert fault is not None
    assert fault.reason == "value has 2 channels, the filter takes 5"


def test_indices_inside_the_image_and_their_channel() -> None:
    assert rules.broken(MAX_UNPOOL, INDICES) is None
    assert rules.broken(MAX_UNPOOL, INDICES + 36) is None  # up to 47, the last of 4 x 6 x 2


@pytest.mark.parametrize(
    ("position", "index", "reason"),
    [
        (11, 49, "index 49 lies outside the image of 4 x 6 x 2"),
        (10, 48, "index 48 lies outside the image of 4 x 6 x 2"),
        (0, -2, "index -2 lies outside the image of 4 x 6 x 2"),
        (0, 3, "an index points into another channel than its own"),
    ],
)
def test_indices_outside(position: int, index: int, reason: str) -> None:
    indices = INDICES.copy()
    indices.flat[position] = index
    assert rules.broken(MAX_UNPOOL, indices) == Broken(rule="index", argument="indices", reason=reason)


@pytest.mark.parametrize("image", [(5,), (3, 4, 5)], ids=["one axis", "three axes"])
def test_the_range_of_indices_in_other_ranks(image: tuple[int, ...]) -> None:
    shape = (2, *image, 1)
    ones: Any = (1,) * len(image)
    case = Case(
        id="rank",
        operator="max_unpool",
        inputs={"value": _tensor(*shape), "indices": replace(_tensor(*shape), dtype="int64")},
        strides=ones,
        padding="VALID",
        ksize=ones,
        output_shape=shape,
    )
    last = np.full(shape, np.prod(image) - 1)
    assert rules.broken(case, last) is None
    fault = rules.broken(case, last + 1)
    assert fault is not None
    assert fault.rule == "index"


def test_the_first_broken_rule_is_named() -> None:
    fault = rules.broken(replace(CONV, strides=(0, 0), padding="FULL"))
    assert fault is not None
    assert fault.rule == "stride"


def test_all_rules_that_a_shipped_case_breaks_can_be_reckoned() -> None:
    """Whatever is wrong with a call, the rules behind it are found or left out, and the first is among them."""
    for case in (case for case in loaded() if not case.steps):
        found = rules.all_broken(case)
        first = rules.broken(case)
        assert found[: first is not None] == [first][: first is not None], case.id
