"""Each slip, made by hand, gets exactly its own name; what is no slip gets none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cases
from adapters.oracle import Oracle
from cases.loading.load import load
from cases.model import shapes
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.diagnosis.diagnose import diagnose
from reports.judging.expectation import tolerance
from tests.reports.making import make, right

# Sizes differ along every axis: no slip is another one, and each has an answer.
ODD = make("conv_transpose", batch=2, padding=[[2, 3], [2, 4]], kernel=[7, 8])
SQUARE = make("conv_transpose", kernel=3, in_channels=3)
FORWARD = make("conv", kernel=3, padding=[[1, 2], [2, 1]], image=[9, 7])


def _diagnose(case: Case, actual: dict[str, Any]) -> str | None:
    return diagnose(case, right(case), actual, tolerance(case))


def _with_filter(case: Case, change: Callable[[Any], Any]) -> dict[str, Any]:
    inputs = fill(case)
    return Oracle().run(case, inputs | {"filter": change(inputs["filter"])})


@pytest.mark.parametrize("case", [SQUARE, make("conv", kernel=3, in_channels=3)])
@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda t: t[::-1, ::-1], "filter not rotated"),
        (lambda t: t[::-1], "filter flipped along axis 0"),
        (lambda t: t[:, ::-1], "filter flipped along axis 1"),
        (lambda t: t.transpose(1, 0, 2, 3), "filter transposed in space"),
        (lambda t: t.transpose(0, 1, 3, 2), "filter's channels swapped"),
        (lambda t: t[:, :, ::-1], "filter's channels reversed"),
    ],
)
def test_what_was_done_to_the_filter_is_named(case: Case, change: Callable[[Any], Any], name: str) -> None:
    diagnosis = _diagnose(case, _with_filter(case, change))
    assert diagnosis is not None
    assert name in diagnosis.split(" or ")


def test_where_two_slips_look_alike_both_are_named() -> None:
    case = make("conv", kernel=3, in_channels=2, out_channels=3)
    actual = right(case) | {"output": right(case)["output"][..., ::-1].copy()}
    assert _diagnose(case, actual) == "channels reversed"
    alike = make("conv_transpose", kernel=[1, 3])
    inputs = fill(alike)
    turned = Oracle().run(alike, inputs | {"filter": inputs["filter"][:, ::-1]})
    assert _diagnose(alike, turned) == "filter not rotated or filter flipped along axis 1"


@pytest.mark.parametrize("shift", [(0, 1), (-1, 0), (1, 1), (2, -2), (-2, -1)])
@pytest.mark.parametrize("case", [ODD, make("conv_transpose", batch=2, kernel=[7, 8], padding="SAME", image=[8, 9])])
def test_a_shifted_window_is_named(case: Case, shift: tuple[int, int]) -> None:
    pads = tuple((a.before + step, a.after - step) for a, step in zip(shapes.axes(case), shift, strict=True))
    actual = Oracle().run(replace(case, padding=pads), fill(case))
    own = " x ".join(f"({axis.before}, {axis.image})" for axis in shapes.axes(case))
    moved = " x ".join(
        f"({axis.before + step}, {axis.image})" for axis, step in zip(shapes.axes(case), shift, strict=True)
    )
    assert _diagnose(case, actual) == f"window {moved} instead of {own}"


def test_a_shifted_window_of_a_convolution_is_named() -> None:
    actual = Oracle().run(replace(FORWARD, padding=((0, 3), (3, 0))), fill(FORWARD))
    assert _diagnose(FORWARD, actual) == "window shifted by (-1, 1)"


def test_a_shorter_or_longer_result_is_named() -> None:
    full = right(ODD)["output"]
    assert _diagnose(ODD, {"output": full[:, :4]}) == "window (2, 4) x (2, 7) instead of (2, 6) x (2, 7)"
    # Zeros, and not what follows in the full result.
    longer = np.pad(full, ((0, 0), (0, 1), (0, 2), (0, 0)))
    assert _diagnose(ODD, {"output": longer}) == "size (7, 9) instead of (6, 7), same offset"
    assert _diagnose(ODD, {"output": full[:, 1:]}) == "window (3, 5) x (2, 7) instead of (2, 6) x (2, 7)"
    assert (
        _diagnose(FORWARD, {"output": right(FORWARD)["output"][:, :3]}) == "size (3, 4) instead of (5, 4), same offset"
    )


@pytest.mark.parametrize("operator", ["max_pool_argmax"])
def test_indices_in_another_convention_are_named(operator: str) -> None:
    case = make(operator, batch=2, channels=3, image=[4, 6])
    expected = right(case)
    batch = np.arange(2).reshape(2, 1, 1, 1)
    with_batch = expected | {"indices": expected["indices"] + batch * 4 * 6 * 3}
    plane = expected | {"indices": expected["indices"] // 3}
    assert _diagnose(case, with_batch) == "indices count the batch too"
    assert _diagnose(case, plane) == "indices over one plane, without channels"


AVERAGE = make("avg_pool", ksize=3, strides=2, padding="SAME", image=[5, 7])


def _sums(case: Case) -> tuple[Any, Any]:
    """The sum of each window and the number of its elements that are on the image, counted one by one."""
    value = fill(case)["value"].astype("float64")
    (height, width), output = value.shape[1:3], right(case)["output"]
    sums, counts = np.zeros(output.shape), np.zeros(output.shape)
    vertical, horizontal = shapes.axes(case)
    for row, column in np.ndindex(output.shape[1:3]):
        top = row * vertical.stride - vertical.before
        left = column * horizontal.stride - horizontal.before
        for y, x in np.ndindex(vertical.kernel, horizontal.kernel):
            if 0 <= top + y < height and 0 <= left + x < width:
                sums[:, row, column] += value[:, top + y, left + x]
                counts[:, row, column] += 1
    return sums, counts


def test_a_border_divided_by_the_whole_window_is_named() -> None:
    sums, _ = _sums(AVERAGE)
    assert _diagnose(AVERAGE, {"output": (sums / 9).astype("float32")}) == "divided by the whole window at the border"


def test_a_dilated_border_divided_by_the_whole_window_is_named() -> None:
    """Which elements of a dilated window lie in the image is not said by where it begins and ends."""
    case = make("avg_pool", image=[7, 8], ksize=2, dilations=3, padding="SAME", strides=1)
    counts = np.ones((1, 7, 8, 1))
    for axis, size in ((1, 7), (2, 8)):
        inside = [(0 <= start < size) + (0 <= start + 3 < size) for start in range(-1, size - 1)]
        counts = counts * np.expand_dims(inside, tuple({0, 1, 2, 3} - {axis}))
    actual = (right(case)["output"] * counts / 4).astype("float32")
    assert _diagnose(case, {"output": actual}) == "divided by the whole window at the border"


def test_a_rounded_reciprocal_is_named() -> None:
    case = make("avg_pool", image=[9, 10], ksize=7, padding="SAME")
    sums, counts = _sums(case)
    actual = sums.astype("float32") * (1 / counts).astype("float32")
    assert (actual != right(case)["output"]).any()
    assert _diagnose(case, {"output": actual}) == "multiplied by the rounded reciprocal"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda a: a.swapaxes(1, 2), "height and width swapped"),
        (lambda a: a[::-1], "batch reversed"),
        (lambda a: a[..., ::-1], "channels reversed"),
    ],
)
def test_a_swapped_layout_is_named(change: Callable[[Any], Any], name: str) -> None:
    case = make("max_pool", batch=2, image=[6, 6])
    assert _diagnose(case, {"output": change(right(case)["output"])}) == name


@pytest.mark.parametrize("case", [ODD, SQUARE, FORWARD, AVERAGE, make("max_pool_argmax"), make("avg_unpool")])
def test_noise_has_no_name(case: Case) -> None:
    expected = right(case)
    actual = {name: array.copy() for name, array in expected.items()}
    actual["output"].flat[3] += 1
    assert _diagnose(case, actual) is None


def test_a_transform_must_hold_for_every_element() -> None:
    actual = _with_filter(SQUARE, lambda t: t[::-1, ::-1])
    actual["output"].flat[-1] += 1
    assert _diagnose(SQUARE, actual) is None


@pytest.mark.parametrize("scale", [1.0, 1 + 2.0**-23])
def test_in_the_bounded_tier_a_name_holds_within_the_tolerance(scale: float) -> None:
    case = make("conv_transpose", data="normal", in_channels=3)
    turned = _with_filter(case, lambda t: t[::-1, ::-1])["output"] * np.float32(scale)
    assert _diagnose(case, {"output": turned}) == "filter not rotated"
    assert _diagnose(case, {"output": right(case)["output"] * np.float32(1.01)}) is None


def test_a_mean_of_the_bounded_tier_may_differ_by_nothing_known() -> None:
    mean = make("avg_pool", image=[2], ksize=[2], strides=1, channels=1, value={"values": [0.1, 0.3]})
    assert mean.tier == "bounded"
    assert _diagnose(mean, {"output": right(mean)["output"] * np.float32(3)}) is None


NARROWED = [
    ("conv", "float64", "float32"),
    ("conv", "int64", "int32"),
    ("max_unpool", "int64", "int32"),
    ("max_pool_argmax", "float64", "float32"),
]


@pytest.mark.parametrize(("operator", "dtype", "narrow"), NARROWED)
def test_where_32_bits_hold_all_sums_their_answer_is_the_right_one_in_another_dtype(
    operator: str, dtype: str, narrow: str
) -> None:
    case = make(operator, dtype=dtype)
    actual = right(case)
    actual["output"] = actual["output"].astype(narrow)
    assert _diagnose(case, actual) == f"returned as {narrow} or computed in 32 bits"
    actual["output"].flat[3] += 1
    assert _diagnose(case, actual) is None


@pytest.mark.parametrize("data", ["wide", "normal"])
def test_where_32_bits_round_their_bound_decides(data: str) -> None:
    case = make("conv", kernel=[1, 1], strides=1, in_channels=3, dtype="float64", data=data)
    given = {name: tensor.astype("float32") for name, tensor in fill(case).items()}
    actual = given["value"] @ given["filter"][0, 0]
    assert (actual != right(case)["output"].astype("float32")).any()
    assert _diagnose(case, {"output": actual}) == "computed in 32 bits"
    assert _diagnose(case, {"output": actual.astype("float64")}) is None
    actual.flat[3] *= 1.001
    assert _diagnose(case, {"output": actual}) is None


@pytest.mark.parametrize(("special", "read"), [("subnormal", 0.0), ("largest", np.inf)])
def test_what_is_no_number_of_32_bits_is_read_as_zero_or_infinity(special: str, read: float) -> None:
    case = make("max_pool", channels=1, image=[4, 4], strides=4, ksize=4, special=special, dtype="float64")
    names = _diagnose(case, {"output": np.full((1, 1, 1, 1), read, "float32")})
    assert names is not None
    assert "computed in 32 bits" in names.split(" or ")
    assert _diagnose(case, {"output": np.ones((1, 1, 1, 1), "float32")}) is None


def test_integers_that_32_bits_do_not_hold_were_not_computed_in_them() -> None:
    case = make("conv", kernel=[1, 1], strides=1, in_channels=3, dtype="int64", data="wide")
    actual = right(case)["output"].astype("int32")
    assert (actual != right(case)["output"]).any()
    assert _diagnose(case, {"output": actual}) == "returned as int32"


SHIPPED = [case for topic in ("strides", "explicit_padding") for case in load(
    Path(cases.__file__).parent / "conv_transpose" / f"{topic}.yaml"
)]  # fmt: skip


@pytest.mark.parametrize("case", SHIPPED[::61], ids=lambda case: case.id.partition("::")[2])
def test_no_explanation_fits_a_shipped_case_by_accident(case: Case) -> None:
    """One wrong element is no slip that has a name."""
    actual = right(case)["output"].copy()
    actual.flat[actual.size // 2] += 1
    assert _diagnose(case, {"output": actual}) is None


@pytest.mark.parametrize("operator", ["max_pool", "max_pool_argmax", "avg_pool", "avg_unpool", "max_unpool"])
def test_an_explanation_without_an_answer_explains_nothing(operator: str) -> None:
    """A window moved by two elements may hold padding alone, of which the oracle gives no maximum and no mean."""
    after = 0 if operator == "max_unpool" else 1  # more windows than elements have no indices of their own
    case = make(operator, padding=[[0, 1], [1, after]], ksize=2, strides=1, image=[5, 6])
    actual = right(case) | {"output": right(case)["output"] + 1}
    assert _diagnose(case, actual) is None


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
def test_a_special_value_in_the_filter_does_not_hide_what_was_done_to_it(operator: str) -> None:
    """In the turned filter it stands elsewhere, and sums around it need not be exact to be the answer."""
    case = make(operator, kernel=3, in_channels=3, filter={"special": "nan", "position": 4})
    inputs = fill(case)
    turned = Oracle().unchecked(case, inputs | {"filter": np.ascontiguousarray(inputs["filter"][::-1, ::-1])})
    assert _diagnose(case, turned) == "filter not rotated"


def test_arguments_of_pooling_that_are_ignored() -> None:
    fields: dict[str, Any] = {"channels": 2, "image": [7, 9], "ksize": 3, "strides": 2, "padding": [[1, 0], [0, 1]]}
    plain, further = make("max_pool", **fields), make("max_pool", ceil_mode="drop", **fields)
    assert "ceil_mode ignored" in (_diagnose(further, right(plain)) or "")
    assert _diagnose(plain, right(further)) == "a further window, as with ceil_mode"
    mean, padded = make("avg_pool", **fields), make("avg_pool", divisor="padded", **fields)
    assert _diagnose(padded, right(mean)) == "divisor ignored"
    assert _diagnose(mean, right(padded)) == "divided by the whole window at the border"
