"""What frameworks do to values that are no ordinary numbers gets its name, and only where every element follows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import diagnose
from reports.judging.expectation import tolerance
from tests.reports.making import make, right


def _pool(special: str, **fields: Any) -> Case:
    return make("max_pool", channels=1, image=[4, 4], special=special, **fields)


def _named(case: Case, actual: dict[str, Any]) -> str | None:
    return diagnose(case, right(case), actual, tolerance(case))


def test_a_nan_that_was_ignored() -> None:
    case = _pool("nan", position=5)
    ignoring = fill(case)["value"].copy()
    ignoring[np.isnan(ignoring)] = -np.inf
    names = _named(case, Oracle().run(case, {"value": ignoring}))
    assert names == "NaN ignored, as if it were less than all or NaN kept only where it comes first in its window"
    first = _pool("nan", position=0)
    assert _named(first, right(first) | {}) is not None  # the right answer itself: NaN comes first
    lost = Oracle().run(first, {"value": np.nan_to_num(fill(first)["value"], nan=-np.inf)})
    assert _named(first, lost) == "NaN ignored, as if it were less than all"


def test_a_nan_lost_in_one_window_of_two_is_not_ignored() -> None:
    case = _pool("nan", position=5, strides=1)
    actual = right(case)
    actual["output"] = np.where(np.isnan(actual["output"]), actual["output"], 0)
    actual["output"].flat[np.flatnonzero(np.isnan(actual["output"]))[0]] = 7
    assert _named(case, actual) is None


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_subnormals_that_were_flushed(dtype: str) -> None:
    case = make("max_unpool", channels=1, image=[4, 4], special="subnormal", position=1, dtype=dtype)
    actual = right(case)
    tiny = (np.abs(actual["output"].astype("float64")) < 1e-4) & (actual["output"] != 0)
    assert tiny.sum() == 1
    flushed = {"output": np.where(tiny, 0, actual["output"]).astype(actual["output"].dtype)}
    name = _named(case, flushed)
    assert name is not None
    assert "subnormal results written as zeros" in name.split(" or ")


def test_a_minus_zero_that_lost_its_sign() -> None:
    case = make("max_unpool", channels=1, image=[4, 4], special="minus_zero", position=1)
    assert _named(case, {"output": right(case)["output"] + 0}) == "only the signs of zeros"


def test_minus_infinity_that_became_the_lowest_number() -> None:
    case = _pool("minus_inf")
    assert np.isneginf(right(case)["output"]).all()
    lowest = np.full((1, 2, 2, 1), np.finfo("float32").min)
    assert _named(case, {"output": lowest}) == "minus infinity replaced by the lowest number"


def test_another_dtype_is_named_where_the_values_are_right() -> None:
    case = make("max_pool", dtype="float64")
    output = right(case)["output"]
    assert _named(case, {"output": output.astype("float16")}) == "returned as float16"
    assert _named(case, {"output": (output + 1).astype("float16")}) is None


def test_a_forgotten_bias_and_reversed_groups() -> None:
    case = make("conv_transpose", kernel=3, in_channels=4, out_channels=6, groups=2, bias=True)
    inputs = fill(case)
    unbiased = Oracle().run(case, inputs | {"bias": inputs["bias"] * 0})
    assert _named(case, unbiased) == "bias ignored"
    swapped = Oracle().run(case, inputs | {"filter": np.roll(inputs["filter"], 2, axis=-1)})
    assert _named(case, swapped) == "groups reversed"


@pytest.mark.parametrize("also_back", [False, True])
def test_zeros_of_other_groups_with_gradients(also_back: bool) -> None:  # noqa: FBT001 - parametrized
    """XLA's float64 kernel multiplies by zeros forward alone, or forward and back."""
    case = make(
        "conv", in_channels=2, out_channels=4, groups=2, dtype="float64", gradients=True, special="nan", position=0
    )
    inputs = fill(case)
    dense = np.zeros((*inputs["filter"].shape[:-2], 2, 4))
    dense[..., :1, :2], dense[..., 1:, 2:] = inputs["filter"][..., :2], inputs["filter"][..., 2:]
    specs = case.inputs | {"filter": replace(case.inputs["filter"], shape=dense.shape)}
    mixed = Oracle().run(replace(case, groups=1, inputs=specs), inputs | {"filter": dense})
    gradient = mixed["filter_gradient"]
    mixed["filter_gradient"] = np.concatenate([gradient[..., :1, :2], gradient[..., 1:, 2:]], axis=-1)
    actual = mixed if also_back else right(case) | {"output": mixed["output"]}
    assert not np.array_equal(actual["output"], right(case)["output"], equal_nan=True)
    assert _named(case, actual) == "zeros of other groups multiplied"


def test_a_nan_that_was_left_out_of_a_mean() -> None:
    fields: dict[str, Any] = {"channels": 2, "image": [4], "ksize": 2, "strides": 1, "padding": "SAME"}
    case = make("avg_pool", special="nan", position=7, **fields)
    output = right(case)["output"].copy()
    assert np.isnan(output[0]).tolist() == [[False, False], [False, False], [False, True], [False, True]]
    before = fill(case)["value"][0, 2, 1]
    output[0, 2, 1] = before  # the mean of the one that is left, of two
    assert _named(case, {"output": output}) == "NaN left out of the mean"
    output[0, 2, 1] = before / 2
    assert _named(case, {"output": output}) is None


def test_some_infinities_that_became_nan() -> None:
    """Kernels that sum in pairs make NaN of some infinities; each element is the right one or such a NaN."""
    sizes: dict[str, Any] = {"in_channels": 1, "out_channels": 1, "image": [5], "kernel": [3], "strides": 2}
    case = make("conv_transpose", padding="VALID", gradients=True, special="inf", position=0, **sizes)
    output = right(case)["output"].copy()
    assert np.isinf(output).ravel().tolist() == [True, True, True, False, False]
    assert np.isinf(right(case)["filter_gradient"]).any(), "and stays so"
    output[0, 1, 0] = np.nan
    assert _named(case, right(case) | {"output": output}) == "NaN instead of infinity"
    output[0, 4, 0] = np.nan
    assert _named(case, right(case) | {"output": output}) is None


def test_the_gradient_goes_to_the_nan_that_is_kept() -> None:
    """A search that begins with the first element keeps NaN there alone, and its index has the cotangent."""
    fields: dict[str, Any] = {"channels": 1, "image": [2, 4], "ksize": 2, "strides": 2, "gradients": True}
    first = make("max_pool_argmax", special="nan", position=0, **fields)
    assert "NaN kept only where it comes first in its window" in (_named(first, right(first)) or "")
    later = make("max_pool_argmax", special="nan", position=1, **fields)
    lost = Oracle().run(later, fill(later) | {"value": np.nan_to_num(fill(later)["value"], nan=-np.inf)})
    assert "NaN kept only where it comes first in its window" in (_named(later, lost) or "")
    half = lost | {"value_gradient": right(later)["value_gradient"]}
    assert _named(later, half) is None


@pytest.mark.parametrize("position", [8, 9])  # the first window of the second image: its first element, its second
def test_an_index_through_the_batch_is_named_as_well(position: int) -> None:
    fields: dict[str, Any] = {"channels": 1, "batch": 2, "image": [2, 4], "ksize": 2, "strides": 2, "gradients": True}
    case = make("max_pool_argmax", special="nan", position=position, include_batch_in_index=True, **fields)
    lost = Oracle().run(case, fill(case) | {"value": np.nan_to_num(fill(case)["value"], nan=-np.inf)})
    kept = right(case) if position == 8 else lost
    assert "NaN kept only where it comes first in its window" in (_named(case, kept) or "")
    within = kept | {"indices": kept["indices"] % 8}
    assert _named(case, within) is None


def test_the_index_of_the_last_nan() -> None:
    case = make("max_pool_argmax", channels=2, image=[3, 3], ksize=3, padding=[[1, 1], [1, 1]], special="nan")
    actual = right(case)
    assert actual["indices"].ravel().tolist() == [0, 1, 2, 3, 6, 7, 8, 9]
    last = {**actual, "indices": np.array([8, 9, 10, 11, 14, 15, 16, 17]).reshape(1, 2, 2, 2)}
    assert _named(case, last) == "the last NaN of a window instead of the first"
    last["indices"][0, 0, 0, 0] = 0
    assert _named(case, last) is None
