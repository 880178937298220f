"""A transposed convolution seen through another window than its own, at any offset and of any length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import diagnose
from reports.judging.expectation import tolerance
from tests.reports.making import make, right


def _row(length: int, stride: int, filter: list[float], **fields: Any) -> Case:  # noqa: A002
    """Two elements, 1 and 10, along one axis, and one channel in and out."""
    shape: dict[str, Any] = {
        "in_channels": 1,
        "out_channels": 1,
        "kernel": len(filter),
        "strides": stride,
        "image": [length],
    }
    return make("conv_transpose", **shape, value={"values": [1, 10]}, filter={"values": filter}, **fields)


def _diagnose(case: Case, actual: Any) -> str | None:
    arrays = {"output": np.asarray(actual, case.dtype).reshape(1, -1, 1)} if isinstance(actual, list) else actual
    return diagnose(case, right(case), arrays, tolerance(case))


BEYOND = _row(8, 5, [1, 2], padding="SAME")  # full result 1 2 0 0 0 10 20, and the image goes on for one more


@pytest.mark.parametrize(
    ("actual", "window"),
    [
        ([0, 1, 2, 0, 0, 0, 10, 20], "window (-1, 8)"),
        ([2, 0, 0, 0, 10, 20, 0, 0], "window (1, 8)"),
        ([2, 0, 0, 0, 10, 20, 0, 0, 0], "window (1, 9)"),
        ([1, 2, 0, 0, 0], "window (0, 5)"),
        ([0, 0, 0, 0, 0, 0, 0, 1], "window (-7, 8)"),
        ([20, 0, 0, 0, 0, 0, 0, 0], "window (6, 8)"),
    ],
)
def test_the_window_is_found_wherever_it_lies(actual: list[float], window: str) -> None:
    assert _diagnose(BEYOND, actual) == f"{window} instead of (0, 8)"


def test_of_windows_that_show_the_same_the_nearest_is_named() -> None:
    assert _diagnose(BEYOND, [0] * 8) == "window (7, 8) instead of (0, 8)"
    assert _diagnose(BEYOND, [0, 0, 0]) == "window (2, 3) instead of (0, 8)"


def test_every_element_must_agree() -> None:
    assert _diagnose(BEYOND, [0, 1, 2, 0, 0, 0, 10, 21]) is None
    assert _diagnose(BEYOND, [0, 1, 2, 0, 3, 0, 10, 20]) is None
    case = make("conv_transpose", batch=2, kernel=3)
    moved = Oracle().run(make("conv_transpose", batch=2, kernel=3), fill(case))["output"]
    shifted = np.zeros_like(moved)
    shifted[:, 1:] = moved[:, :-1]
    assert _diagnose(case, {"output": shifted}) == "window (-1, 6) x (0, 7) instead of (0, 6) x (0, 7)"
    shifted[1, 5, 6, 2] += 1  # in the last image and channel alone
    assert _diagnose(case, {"output": shifted}) is None


def test_a_bias_is_added_to_what_the_full_result_does_not_reach() -> None:
    case = _row(8, 5, [1, 2], padding="SAME", bias=True)
    bias = float(fill(case)["bias"][0])
    assert _diagnose(case, [bias + x for x in (0, 1, 2, 0, 0, 0, 10, 20)]) == "window (-1, 8) instead of (0, 8)"
    assert _diagnose(case, [0] + [bias + x for x in (1, 2, 0, 0, 0, 10, 20)]) is None


def test_in_the_bounded_tier_a_window_holds_within_the_tolerance() -> None:
    case = make("conv_transpose", data="normal", kernel=3, in_channels=3)
    exact = right(case)["output"]
    shifted = np.zeros_like(exact)
    shifted[:, :, 1:] = exact[:, :, :-1]
    name = "window (0, 6) x (-1, 7) instead of (0, 6) x (0, 7)"
    assert _diagnose(case, {"output": shifted * np.float32(1 + 2.0**-23)}) == name
    assert _diagnose(case, {"output": shifted * np.float32(1.01)}) is None


def test_zeros_that_were_put_in_and_multiplied_are_named() -> None:
    """NaN in the filter: the definition has it under each element only, at the places 0 and 3."""
    case = make("conv_transpose", image=[5], strides=3, kernel=2, in_channels=1, out_channels=2,
                filter={"special": "nan", "position": 0})  # fmt: skip
    expected = right(case)["output"]
    assert np.isnan(expected[0, :, 0]).tolist() == [True, False, False, True, False]
    assert not np.isnan(expected[..., 1]).any()
    spread = expected.copy()
    spread[..., 0] = np.nan
    assert _diagnose(case, {"output": spread}) == "inserted zeros multiplied"
    moved = np.full_like(spread, np.nan)
    moved[:, 1:, 1], moved[:, 0, 1] = spread[:, :-1, 1], 0
    assert _diagnose(case, {"output": moved}) == "window (-1, 5) instead of (0, 5), inserted zeros multiplied"


def test_beside_gradients_a_moved_window_is_asked_of_the_oracle_again() -> None:
    case = make("conv_transpose", padding=[[1, 1], [1, 1]], gradients=True)
    moved = make("conv_transpose", padding=[[0, 2], [1, 1]], gradients=True)
    assert _diagnose(case, Oracle().run(moved, fill(case))) == "window shifted by (-1, 0)"


def test_a_window_of_a_large_image_is_found_without_the_memory_of_all_windows() -> None:
    case = make("conv_transpose", image=[190, 180], kernel=[1, 2], strides=[1, 2], in_channels=1, out_channels=1)
    output = right(case)["output"]
    shifted = {"output": np.concatenate([output[:, :, 1:], np.zeros_like(output[:, :, :1])], axis=2)}
    assert _diagnose(case, shifted) == "window (0, 190) x (1, 180) instead of (0, 190) x (0, 180)"
