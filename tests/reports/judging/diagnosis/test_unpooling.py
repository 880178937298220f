"""What unpooling may do instead, on results worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases.model import shapes
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import diagnose
from reports.judging.expectation import tolerance
from tests.reports.making import make, right

SIZE = "indices read over 4 x 4 instead of 3 x 3"
ODD = make("max_unpool", image=[3, 3], channels=1, padding="SAME", value={"values": [1, 2, 3, 4]},
           indices={"values": [0, 2, 6, 8]})  # fmt: skip


def _diagnose(case: Case, actual: Any) -> str | None:
    return diagnose(case, right(case), {"output": np.asarray(actual, case.dtype)}, tolerance(case))


def test_indices_read_over_another_image_are_named() -> None:
    rows = [[1, 0, 2, 0], [0, 0, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]]
    assert _diagnose(ODD, np.reshape(rows, (1, 4, 4, 1))) == SIZE
    assert _diagnose(ODD, np.reshape([*rows[:2], [0, 4, 0, 0], rows[3]], (1, 4, 4, 1))) is None


def test_an_image_too_small_for_its_indices_explains_nothing() -> None:
    assert _diagnose(ODD, np.zeros((1, 2, 2, 1))) is None


@pytest.mark.parametrize("fields", [{"ksize": [1, 2], "strides": [1, 1]}, {"ksize": [1, 5], "strides": [1, 4]}])
def test_of_overlapping_windows_the_last_value_is_named(fields: dict[str, Any]) -> None:
    length = 3 if fields["strides"] == [1, 1] else 9
    case = make("avg_unpool", image=[1, length], channels=1, value={"values": [1, 10]}, **fields)
    last = [1, 10, 10] if length == 3 else [1] * 4 + [10] * 5
    summed = [1, 11, 10] if length == 3 else [1] * 4 + [11] + [10] * 4
    assert right(case)["output"].ravel().tolist() == summed
    assert _diagnose(case, np.reshape(last, (1, 1, length, 1))) == "the last value stays where windows overlap"
    first = last[:1] * 5 + last[-4:] if length == 9 else [1, 1, 10]
    assert _diagnose(case, np.reshape(first, (1, 1, length, 1))) is None


def test_in_the_bounded_tier_numbers_that_are_only_moved_keep_their_bits() -> None:
    """A user's real numbers are judged in the bounded tier, and laying each mean into its window rounds nothing."""
    case = make("avg_unpool", image=[1, 3], channels=1, value={"values": [0.1, 0.7]}, ksize=[1, 2], strides=[1, 1])
    assert case.tier == "bounded"
    last = np.array([0.1, 0.7, 0.7], "float32")
    assert _diagnose(case, last.reshape(1, 1, 3, 1)) == "the last value stays where windows overlap"
    last[0] = np.nextafter(last[0], np.float32(1))
    assert _diagnose(case, last.reshape(1, 1, 3, 1)) is None


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_the_last_value_is_the_one_written_last(padding: str) -> None:
    """Written window by window; along the second axis there are gaps."""
    case = make("avg_unpool", image=[8, 11], batch=2, ksize=[3, 2], strides=[2, 4], padding=padding)
    value, image = fill(case)["value"], np.zeros(shapes.output_shape(case), "float32")
    rows, columns = shapes.axes(case)
    for y, x in np.ndindex(rows.count, columns.count):
        top, left = y * rows.stride - rows.before, x * columns.stride - columns.before
        place = slice(max(top, 0), top + rows.kernel), slice(max(left, 0), left + columns.kernel)
        image[(slice(None), *place)] = value[:, y : y + 1, x : x + 1]
    assert (image == 0).any()
    assert _diagnose(case, image) == "the last value stays where windows overlap"
    image[1, -1, 0, 2] += 1
    assert _diagnose(case, image) is None
