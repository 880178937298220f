"""Grids expand in the order written. Their labels need no quoting on a command line."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from cases.loading.grid import combinations, keeps, pairwise


def test_the_field_written_last_varies_fastest() -> None:
    found = list(combinations({"padding": ["SAME", "VALID"], "strides": [1, 2, 3]}))
    assert [combination.values for combination in found] == [
        {"padding": "SAME", "strides": 1},
        {"padding": "SAME", "strides": 2},
        {"padding": "SAME", "strides": 3},
        {"padding": "VALID", "strides": 1},
        {"padding": "VALID", "strides": 2},
        {"padding": "VALID", "strides": 3},
    ]
    assert found[5].positions == {"padding": 1, "strides": 2}


@pytest.mark.parametrize(
    "fields", [{"a": 3}, {"a": 2, "b": 3}, {"a": 4, "b": 3, "c": 3}, {"a": 2, "b": 5, "c": 4, "d": 3}]
)
def test_few_combinations_have_every_pair_of_values(fields: dict[str, int]) -> None:
    found = list(combinations({name: [*range(count)] for name, count in fields.items()}))
    places = pairwise(found)
    assert places == sorted(set(places))
    kept = [found[place].values for place in places]
    for one, two in itertools.combinations(fields, 2):
        assert {(values[one], values[two]) for values in kept} == {
            *itertools.product(*map(range, (fields[one], fields[two])))
        }
    two_largest = sorted(fields.values())[-2:]
    assert math.prod(two_largest) <= len(kept) <= 1.5 * math.prod(two_largest)


def test_pairs_that_where_drops_are_not_missed() -> None:
    found = [
        one
        for one in combinations({"a": [0, 1, 2], "b": [0, 1, 2], "c": [0, 1, 2]})
        if one.values["a"] <= one.values["b"]
    ]
    kept = [found[place].values for place in pairwise(found)]
    assert {(values["a"], values["b"]) for values in kept} == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}
    assert pairwise([]) == []


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("padding", "SAME", "same"),
        ("padding", [[1, 2], [0, 1]], "pad1.2x0.1"),
        ("padding", "not a word, surely=@", "not-a-word-surely-"),
        ("image", [5, 6], "i5x6"),
        ("kernel", 3, "k3"),
        ("ksize", [2, 3], "k2x3"),
        ("strides", -1, "sm1"),
        ("batch", 2, "n2"),
        ("in_channels", 2, "c2"),
        ("out_channels", 5, "o5"),
        ("output_padding", [1, 0], "op1x0"),
        ("output_shape", [1, 7], "output-shape1x7"),
        ("dtype", "float64", "float64"),
        ("dilations", 2, "d2"),
        ("dilations", [1, 3], "d1x3"),
        ("groups", 2, "g2"),
        ("position", 0, "at0"),
        ("special", "minus_inf", "minus-inf"),
        ("data_format", "NDHWC", "ndhwc"),
        ("bias", True, "bias"),
        ("bias", False, "no-bias"),
        ("gradients", True, "gradients"),
        ("gradients", ["value", "bias"], "of-valuexbias"),
        ("include_batch_in_index", True, "include-batch-in-index"),
        ("include_batch_in_index", False, "no-include-batch-in-index"),
    ],
)
def test_labels(field: str, value: Any, expected: str) -> None:
    [combination] = combinations({field: [value]})
    assert combination.label == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [(None, True), ("kernel <= image[0]", True), ("kernel > image[0]", False), ("padding == 'SAME'", False)],
)
def test_where_is_an_expression_over_the_fields(where: str | None, expected: bool) -> None:  # noqa: FBT001 - a result
    assert keeps(where, {"kernel": 3, "image": [5, 6], "padding": "VALID"}) is expected


@pytest.mark.parametrize("where", ["kernal > 1", "kernel >", "kernel > 'a'", "kernel / 0", "image[9]", "kernel | no"])
def test_where_that_makes_no_sense(where: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        keeps(where, {"kernel": 3, "image": [5, 6]})


@pytest.mark.parametrize("where", ["image[0]", "'true'", "[1]", "none"])
def test_where_is_true_or_false_and_nothing_between(where: str) -> None:
    with pytest.raises(ValueError, match=r"neither true nor false"):
        keeps(where, {"image": [5, 6]})
