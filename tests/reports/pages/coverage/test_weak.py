"""Right answers that prove little, and right answers that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from cases.model.case import Case
from cases.model.fill import fill
from reports.pages.coverage.weak import is_weak
from tests.reports.making import make


def weak(case: Case) -> bool:
    return is_weak(case, Oracle().run(case, fill(case))["output"])


def test_half_zeros_is_not_weak_and_one_more_is() -> None:
    case = make("max_pool", image=[4, 4], channels=1)
    assert not is_weak(case, np.array([0.0, 0, 1, 2]).reshape(1, 2, 2, 1))
    assert is_weak(case, np.array([0.0, 0, 0, 2]).reshape(1, 2, 2, 1))


@pytest.mark.parametrize("value", [3.0, np.nan, -np.inf])
def test_one_number_everywhere_is_weak(value: float) -> None:
    case = make("max_pool", image=[4, 4], channels=1)
    assert is_weak(case, np.full((1, 2, 2, 1), value))
    assert not is_weak(case, np.array([value, value, value, 4]).reshape(1, 2, 2, 1))


def test_a_single_element_is_weak_only_if_it_is_zero() -> None:
    case = make("max_pool", image=[2, 2], channels=1)
    assert [is_weak(case, np.full((1, 1, 1, 1), value)) for value in (0.0, 3.0)] == [True, False]


def test_nothing_is_not_weak() -> None:
    assert not weak(make("conv", batch=0))
    assert not weak(make("max_unpool", batch=0))


@pytest.mark.parametrize(
    ("operator", "fields"),
    [
        ("max_unpool", {"ksize": 3, "strides": 3}),
        ("conv_transpose", {"kernel": 1, "strides": 3}),
        ("conv_transpose", {"kernel": 2, "strides": 5, "dilations": 2, "image": [9, 11]}),
        ("avg_unpool", {"ksize": 1, "strides": 3}),
        ("conv", {"kernel": 1, "strides": 1, "padding": [[4, 4], [4, 4]]}),
    ],
)
def test_zeros_by_definition_are_left_out(operator: str, fields: dict[str, Any]) -> None:
    """Most elements of each answer are zero whatever the inputs hold. The other elements are not zero."""
    case = make(operator, **fields)
    output = Oracle().run(case, fill(case))["output"]
    assert 2 * np.count_nonzero(output == 0) > output.size
    assert not is_weak(case, output)
    assert is_weak(case, np.zeros_like(output))


def test_a_bias_reaches_everything() -> None:
    case = make("conv_transpose", kernel=1, strides=3, bias=True)
    assert is_weak(case, np.zeros(case.output_shape or ()))
    assert not weak(case)
    gaps = np.arange(1, 1 + np.prod(case.output_shape or ())).reshape(case.output_shape or ())
    gaps[:, ::3, ::3] = 0  # under a window
    assert not is_weak(case, gaps)
