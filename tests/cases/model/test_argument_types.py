"""The types of arguments: one fault for each wrong argument, and none for an optional argument that is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cases.model import argument_types, rules
from cases.model.case import Broken, Case, TensorSpec


def _tensor(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape=shape, dtype=dtype, fill="ones")


CONV = Case(
    id="conv",
    operator="conv",
    inputs={"value": _tensor(1, 7, 8, 2), "filter": _tensor(3, 3, 2, 5)},
    strides=(1, 1),
    padding="SAME",
)
CONV_TRANSPOSE = Case(
    id="conv_transpose",
    operator="conv_transpose",
    inputs={"value": _tensor(1, 7, 8, 2), "filter": _tensor(3, 3, 5, 2)},
    strides=(1, 1),
    padding="SAME",
    output_shape=(1, 7, 8, 5),
)
MAX_UNPOOL = Case(
    id="max_unpool",
    operator="max_unpool",
    inputs={"value": _tensor(1, 3, 4, 2), "indices": _tensor(1, 3, 4, 2, dtype="int64")},
    strides=(2, 2),
    padding="VALID",
    ksize=(2, 2),
    output_shape=(1, 6, 8, 2),
)


def _fault(case: Case, **given: Any) -> Broken:
    fault = rules.broken(replace(case, given=given))
    assert fault is not None
    return fault


@pytest.mark.parametrize("case", [CONV, CONV_TRANSPOSE, MAX_UNPOOL], ids=lambda case: case.operator)
def test_a_valid_call_has_no_fault(case: Case) -> None:
    assert list(argument_types.faults(case)) == []


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        (CONV, "strides", None),
        (CONV, "strides", 1),
        (CONV, "strides", "two"),
        (CONV, "strides", (1.5, 1.5)),
        (CONV, "strides", (True, True)),
        (CONV, "padding", None),
        (CONV, "padding", 1),
        (CONV, "padding", (1, 1)),
        (CONV, "padding", ((1,), (1,))),
        (CONV, "padding", ((0.5, 0.5), (0.5, 0.5))),
        (CONV, "dilations", 2),
        (CONV, "dilations", (1.0, 1.0)),
        (CONV, "groups", None),
        (CONV, "groups", 1.5),
        (CONV, "groups", True),
        (CONV, "data_format", 4),
        (CONV, "value", None),
        (CONV, "filter", "a filter"),
        (CONV_TRANSPOSE, "output_shape", None),
        (CONV_TRANSPOSE, "output_shape", (1, 7.5, 8, 5)),
        (CONV_TRANSPOSE, "output_padding", "one"),
        (MAX_UNPOOL, "ksize", None),
        (MAX_UNPOOL, "ksize", 2),
        (MAX_UNPOOL, "output_shape", None),
        (MAX_UNPOOL, "indices", None),
    ],
    ids=repr,
)
def test_another_type_than_the_arguments_own(case: Case, name: str, value: Any) -> None:
    fault = _fault(case, **{name: value})
    assert (fault.rule, fault.argument, fault.sides) == ("type", name, None)
    assert fault.reason.startswith(f"{name} is {value!r}, not ")


@pytest.mark.parametrize("name", ["dilations", "output_padding", "data_format"])
def test_none_for_what_may_be_left_out_is_no_fault(name: str) -> None:
    assert rules.broken(replace(CONV_TRANSPOSE, given={name: None})) is None


def test_none_for_what_the_operator_does_not_have_is_no_fault() -> None:
    assert rules.broken(replace(CONV, given={"ksize": None, "output_shape": None})) is None


@pytest.mark.parametrize(
    ("case", "name", "dtype", "argument", "reason"),
    [
        (CONV, "filter", "float64", "filter", "filter is float64, the value float32"),
        (CONV, "value", "int32", "filter", "filter is float32, the value int32"),
        (CONV, "value", "bool", "value", "value is bool, which holds no real numbers"),
        (CONV, "value", "complex64", "value", "value is complex64, which holds no real numbers"),
        (MAX_UNPOOL, "indices", "float32", "indices", "indices are float32, not int32 or int64"),
        (MAX_UNPOOL, "indices", "bool", "indices", "indices are bool, not int32 or int64"),
        (MAX_UNPOOL, "indices", "int16", "indices", "indices are int16, not int32 or int64"),
    ],
)
def test_dtypes_that_do_not_go_together(case: Case, name: str, dtype: str, argument: str, reason: str) -> None:
    inputs = case.inputs | {name: replace(case.inputs[name], dtype=dtype)}
    assert rules.broken(replace(case, inputs=inputs)) == Broken(rule="dtype", argument=argument, reason=reason)


def test_indices_of_32_bits_are_no_fault() -> None:
    inputs = MAX_UNPOOL.inputs | {"indices": _tensor(1, 3, 4, 2, dtype="int32")}
    assert rules.broken(replace(MAX_UNPOOL, inputs=inputs)) is None


def test_the_effective_case_has_what_is_given() -> None:
    case = rules.effective(replace(CONV, given={"strides": (2, 2), "padding": "VALID", "filter": None}))
    assert (case.strides, case.padding) == ((2, 2), "VALID")
    assert case.inputs["filter"] is None
    assert case.inputs["value"] == CONV.inputs["value"]


@pytest.mark.parametrize(
    ("case", "given", "rule", "sides"),
    [
        (CONV, {"strides": (1, 1, 1)}, "rank", (3, 2)),
        (CONV, {"dilations": ()}, "rank", (0, 2)),
        (CONV, {"groups": 3}, "groups", (3, 5)),
        (CONV_TRANSPOSE, {"output_shape": (7, 8, 5)}, "rank", (3, 4)),
        (CONV_TRANSPOSE, {"output_shape": (1, 7, 8, 9)}, "channels", (9, 5)),
        (CONV_TRANSPOSE, {"output_shape": (3, 7, 8, 5)}, "shape", (3, 1)),
        (CONV_TRANSPOSE, {"output_shape": (1, 9, 8, 5)}, "shape", (9, 7)),
        (CONV_TRANSPOSE, {"output_padding": (4, 0)}, "padding", (4, 1)),
        (MAX_UNPOOL, {"ksize": (9, 2)}, "size", (9, 6)),
    ],
    ids=repr,
)
def test_both_sides_of_a_conflict(case: Case, given: dict[str, Any], rule: str, sides: tuple[int, int]) -> None:
    fault = _fault(case, **given)
    assert (fault.rule, fault.sides) == (rule, sides)


def test_how_many_windows_of_nothing_fit_is_no_second_fault() -> None:
    case = rules.effective(replace(MAX_UNPOOL, given={"ksize": (0, 0)}))
    assert {fault.argument for fault in rules._broken(case, None)} == {"kernel"}
