"""An average that is a rounding error off, and one that is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import NEARLY, diagnose
from reports.judging.expectation import tolerance
from tests.reports.making import make, right

CASE = make("avg_pool", ksize=[7, 7], strides=1, padding="SAME", data="multiples", gradients=True)


@pytest.mark.parametrize(("units", "name"), [(1, NEARLY), (2, NEARLY), (8, None)])
def test_a_unit_or_two_of_the_largest_element_are_a_rounding_error(units: int, name: str | None) -> None:
    expected = right(CASE)
    off = np.spacing(np.abs(expected["value_gradient"]).max())
    actual: dict[str, Any] = expected | {"value_gradient": expected["value_gradient"] + np.float32(units * off)}
    assert diagnose(CASE, expected, actual, tolerance(CASE), fill(CASE)) == name
