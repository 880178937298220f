"""Products with zeros that the definition does not have, beside the same products made by hand on larger tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import diagnose
from reports.judging.diagnosis.zeros import MULTIPLIED
from reports.judging.expectation import tolerance
from tests.reports.making import make, right

ROW: dict[str, Any] = {"image": [4], "kernel": [3], "strides": 1, "in_channels": 1, "out_channels": 1}
NAN_IN_FILTER: dict[str, Any] = {"filter": {"special": "nan", "position": 0}, **ROW}


def _diagnose(case: Case, **actual: Any) -> str | None:
    arrays = {name: np.asarray(array, case.dtype) for name, array in actual.items()}
    return diagnose(case, right(case), right(case) | arrays, tolerance(case))


def test_padding_that_is_multiplied_is_named() -> None:
    """The first weight is NaN, and the first window has it over the padding alone."""
    case = make("conv", padding=[[1, 0]], **NAN_IN_FILTER)
    output = right(case)["output"].copy()
    assert np.isnan(output.ravel()).tolist() == [False, True, True]
    output[0, 0, 0] = np.nan
    assert MULTIPLIED in (_diagnose(case, output=output) or "")


def test_only_elements_that_a_zero_reaches_may_be_nan() -> None:
    case = make("conv", padding=[[2, 0]], **NAN_IN_FILTER)
    output = right(case)["output"].copy()
    assert np.isnan(output.ravel()).tolist() == [False, False, True, True]
    one = output.copy()
    one[0, 1, 0] = np.nan  # one of two: a kernel may add the padding of some windows alone
    assert MULTIPLIED in (_diagnose(case, output=one) or "")
    wrong = one.copy()
    wrong[0, 0, 0] += 1
    assert _diagnose(case, output=wrong) is None
    unreached = make("conv", padding=[[2, 0]], special="nan", position=0, **ROW)
    output = right(unreached)["output"].copy()
    assert np.isnan(output.ravel()).tolist() == [True, True, True, False]
    output[0, 3, 0] = np.nan
    assert _diagnose(unreached, output=output) is None


@pytest.mark.parametrize("fields", [{"strides": 2, "image": [6]}, {"dilations": 2, "image": [6]}])
def test_gaps_that_are_multiplied_are_named(fields: dict[str, Any]) -> None:
    """A transposed convolution may put zeros between the elements, and a dilated filter may hold zeros."""
    special = (
        {"filter": {"special": "inf", "position": 1}} if "strides" in fields else {"special": "inf", "position": 0}
    )
    case = make("conv_transpose", **{**ROW, **special, **fields})
    dense = Oracle("zero_insertion").run(case, fill(case))["output"] if "strides" in fields else None
    output = right(case)["output"].copy()
    if dense is None:
        assert np.isinf(output.ravel()).tolist() == [True, False, True, False, True, False]
        output[0, 1, 0] = np.nan
    else:
        output = Oracle("zero_insertion").run(case, fill(case))["output"]
    assert np.isnan(output).any()
    assert MULTIPLIED in (_diagnose(case, output=output) or "")
    assert "zeros" in (_diagnose(case, output=output) or "")


def test_gradients_are_looked_at_one_by_one() -> None:
    """The cotangent of the first window is NaN, and the window holds padding: that weight's gradient may be NaN."""
    case = make("conv", padding=[[1, 0]], gradients=True, cotangent={"special": "nan", "position": 0}, **ROW)
    gradient = right(case)["filter_gradient"].copy()
    assert np.isnan(gradient.ravel()).tolist() == [False, True, True]
    gradient[0, 0, 0] = np.nan
    assert MULTIPLIED in (_diagnose(case, filter_gradient=gradient) or "")
    value = right(case)["value_gradient"].copy()
    assert not np.isnan(value[0, 3, 0]), "three elements from the NaN"
    value[0, 3, 0] = np.nan
    assert _diagnose(case, value_gradient=value) is None


def test_zeros_around_the_cotangents_may_be_multiplied() -> None:
    """A filter's gradient may be a convolution of the value with the cotangents between as many zeros as taps reach."""
    case = make("conv", gradients=True, special="inf", position=1, **ROW)
    gradient = right(case)["filter_gradient"].copy()
    assert np.isfinite(gradient.ravel()).tolist() == [False, False, True], "the last tap begins behind the infinity"
    gradient[2, 0, 0] = np.nan
    assert MULTIPLIED in (_diagnose(case, filter_gradient=gradient) or "")
    last = make("conv", gradients=True, special="inf", position=1, **ROW | {"image": [3], "kernel": [1]})
    gradient = right(last)["filter_gradient"].copy()
    gradient[0, 0, 0] = np.nan
    assert _diagnose(last, filter_gradient=gradient) != MULTIPLIED, "one tap meets every cotangent and no zero"


def test_channels_of_other_groups_may_be_multiplied() -> None:
    sizes: dict[str, Any] = {"image": [3], "kernel": [1], "strides": 1, "in_channels": 2, "out_channels": 2}
    case = make("conv", groups=2, special="nan", position=0, **sizes)
    output = right(case)["output"].copy()
    assert np.isnan(output[0]).tolist() == [[True, False], [False, False], [False, False]]
    output[0, 0, 1] = np.nan
    assert _diagnose(case, output=output) == "zeros of other groups multiplied", "the sharper name alone"
    output[0, 1, 1] = np.nan
    assert _diagnose(case, output=output) is None


def test_finite_numbers_have_no_such_products() -> None:
    case = make("conv", padding=[[1, 0]], **ROW)
    output = right(case)["output"].copy()
    output[0, 0, 0] = np.nan
    assert _diagnose(case, output=output) is None
