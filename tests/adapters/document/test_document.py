"""The tutorial's algorithms on examples worked out by hand: sizes for which they are right, and for which wrong."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import adapters.document
from adapters import program
from adapters.base import Adapter, NotSupported
from adapters.document import Document
from adapters.document.conv_transpose import between, conv_transpose, convolve, padding
from adapters.document.unpooling import avg_unpool, max_unpool
from cases.loading.load import load
from cases.model.case import Case
from cases.model.fill import fill
from tests.reports.making import make

READINGS = ("after", "between")
Tensor = npt.NDArray[Any]


def image(rows: Any, dtype: str = "float32") -> Tensor:
    """Make an image [1, rows, columns, 1] of [rows, columns]."""
    return np.array(rows, dtype)[np.newaxis, ..., np.newaxis]


def transposed(value: Any, filter: Any, size: tuple[int, int], strides: tuple[int, int], zeros: str) -> list[Any]:  # noqa: A002
    weights = np.array(filter, "float32")[..., np.newaxis, np.newaxis]
    shape = (1, *size, 1)
    result = conv_transpose(image(value), weights, output_shape=shape, strides=strides, zeros=zeros)
    return list(result[0, ..., 0].tolist())


def row(value: list[int], filter: list[int], length: int, stride: int, zeros: str) -> list[Any]:  # noqa: A002
    """Follow the recipe on one row; the other axis has one element, a kernel of 1 and a stride of 1."""
    (found,) = transposed([value], [filter], (1, length), (1, stride), zeros)
    return list(found)


@pytest.mark.parametrize("zeros", READINGS)
def test_the_tutorial_s_own_example_comes_out_right_in_both_readings(zeros: str) -> None:
    result = transposed([[-2, -2], [-2, -2]], [[1, 0], [-1, -2]], (4, 4), (2, 2), zeros)
    assert result == [[-2, 0, -2, 0], [2, 4, 2, 4], [-2, 0, -2, 0], [2, 4, 2, 4]]


@pytest.mark.parametrize(("zeros", "result"), [("after", [2, 13, 20, 30]), ("between", [1, 2, 13, 20])])
def test_a_zero_after_the_last_element_moves_the_window_by_one(zeros: str, result: list[int]) -> None:
    """Compare with the full result 1 2 13 20 30; SAME crops one element, which should be the last."""
    assert row([1, 10], [1, 2, 3], 4, 2, zeros) == result


@pytest.mark.parametrize(
    ("zeros", "result"),
    [("after", [2, 0, 0, 0, 10, 20, 0, 0, 0]), ("between", [0, 1, 2, 0, 0, 0, 10, 20])],
)
def test_a_stride_beyond_the_kernel_is_wrong_in_both_readings(zeros: str, result: list[int]) -> None:
    """Compare with the right result 1 2 0 0 0 10 20 0, whose last zero is the surplus.

    One reading puts the surplus in front. The other gives one element too many.
    """
    assert row([1, 10], [1, 2], 8, 5, zeros) == result


@pytest.mark.parametrize(("zeros", "result"), [("after", [2, 0, 0, 20, 0, 0]), ("between", [0, 2, 0, 0, 20, 0])])
def test_zeros_after_every_element_are_right_where_the_image_ends_with_as_many(zeros: str, result: list[int]) -> None:
    assert row([1, 10], [2], 6, 3, zeros) == result


@pytest.mark.parametrize(("zeros", "result"), [("after", [1, 2, 13, 20, 30, 0]), ("between", [0, 1, 2, 13, 20, 30])])
def test_valid_with_a_remainder_is_right_in_the_first_reading_alone(zeros: str, result: list[int]) -> None:
    assert row([1, 10], [1, 2, 3], 6, 2, zeros) == result


def test_the_axes_are_not_mixed_up() -> None:
    """Use stride 1, kernel 2 and image 2 for rows, so that the last of three full rows is cut; columns as above."""
    result = transposed([[1, 10], [2, 20]], [[1, 2, 3], [0, 0, 1]], (2, 4), (1, 2), "between")
    assert result == [[1, 2, 13, 20], [2, 4, 27, 40]]


@pytest.mark.parametrize("length", [2, 3, 4])
def test_at_stride_1_the_readings_are_one(length: int) -> None:
    assert row([1, 10], [1, 2, 3], length, 1, "after") == row([1, 10], [1, 2, 3], length, 1, "between")
    assert row([1, 10], [1, 2, 3], 2, 1, "after") == [12, 23]  # full 1 12 23 30


def test_the_rule_puts_the_odd_zero_after_and_pads_no_fewer_than_none() -> None:
    assert padding(3, 3, 4, stride=1) == (1, 2)
    assert padding(5, 3, 3, stride=2) == (1, 1)
    assert padding(9, 1, 5, stride=1) == (0, 0)


def test_no_element_has_no_zeros_and_a_filter_larger_than_all_is_refused() -> None:
    nothing = np.zeros((1, 0, 2, 1), "float32")
    assert between(nothing, (3, 3)).shape == (1, 0, 4, 1)
    with pytest.raises(ValueError, match="the padded value is 2 x 4, smaller than the filter of 3 x 1"):
        convolve(np.zeros((1, 2, 4, 1)), np.zeros((3, 1, 1, 1)))


def test_a_mask_is_read_over_the_pooled_size_times_the_stride() -> None:
    """Unpool an odd image: the mask counts through 3 x 3, and the program through 4 x 4."""
    pooled, mask = image([[1, 2], [3, 4]]), image([[0, 2], [6, 8]], "int64")
    result = max_unpool(pooled, mask, stride=2)[0, ..., 0].tolist()
    assert result == [[1, 0, 2, 0], [0, 0, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]]
    even = image([[0, 3], [9, 15]], "int64")
    assert max_unpool(pooled, even, stride=2)[0, ..., 0].tolist() == [[1, 0, 0, 2], [0] * 4, [0, 3, 0, 0], [0, 0, 0, 4]]


def test_batch_and_channel_are_an_element_s_own_and_values_add_up() -> None:
    pooled = np.arange(1, 5, dtype="float32").reshape(2, 1, 1, 2)
    mask = np.array([2, 3, 6, 1]).reshape(2, 1, 1, 2)
    result = max_unpool(pooled, mask, stride=2)
    assert result[0].tolist() == [[[0, 0], [1, 2]], [[0, 0], [0, 0]]]
    assert result[1].tolist() == [[[0, 4], [0, 0]], [[0, 0], [3, 0]]]
    same = max_unpool(image([[1, 2]]), image([[1, 1]], "int64"), stride=1)
    assert same[0, ..., 0].tolist() == [[0, 3]]


@pytest.mark.parametrize(("place", "named"), [(4, 2), (-1, -1)])
def test_a_place_outside_the_image_is_an_error(place: int, named: int) -> None:
    with pytest.raises(IndexError, match=f"the mask names row {named} of an image of 2 rows, 2 times the 1 pooled"):
        max_unpool(image([[7]]), image([[place]], "int64"), stride=2)


def test_of_overlapping_averages_the_last_stays() -> None:
    """Fill in instead of adding, which would give 1 11 10."""
    options: dict[str, Any] = {"output_shape": (1, 1, 3, 1), "ksize": (1, 2), "strides": (1, 1), "padding": "VALID"}
    assert avg_unpool(image([[1, 10]]), **options).ravel().tolist() == [1, 10, 10]


def test_averages_fill_their_regions_as_far_as_the_image_goes() -> None:
    options: dict[str, Any] = {"output_shape": (1, 3, 4, 1), "ksize": (3, 2), "strides": (2, 3), "padding": "SAME"}
    result = avg_unpool(image([[1, 2], [3, 4]]), **options)[0, ..., 0]
    assert result.tolist() == [[1, 1, 0, 2], [3, 3, 0, 4], [3, 3, 0, 4]]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32"])
@pytest.mark.parametrize("operator", ["conv_transpose", "max_unpool", "avg_unpool"])
def test_the_program_is_what_was_run_in_the_case_s_own_dtype(operator: str, dtype: str) -> None:
    case = make(operator, dtype=dtype, data="integers", image=[4, 4])
    expected = program.execute(Document().call(case), fill(case))["output"]
    output = Document().run(case, fill(case))["output"]
    assert (output.dtype.name, output.tobytes()) == (dtype, expected.tobytes())


def test_a_mode_is_a_reading() -> None:
    case = make("conv_transpose", image=[4, 4], padding="SAME")
    outputs = []
    for mode in READINGS:
        document = Document()
        assert document.configure(mode, "cpu") == {"zeros": f"{mode} elements"}
        assert f"strides=(2, 2), zeros={mode!r})" in document.call(case)
        outputs.append(document.run(case, fill(case))["output"].tolist())
    assert outputs[0] != outputs[1]
    with pytest.raises(ValueError, match="document has no 'never' on 'cpu'"):
        Document().configure("never", "cpu")


def test_it_satisfies_the_protocol() -> None:
    document: Adapter = Document()
    assert (document.name, document.modes, document.devices()) == ("document", READINGS, ("cpu",))
    assert document.versions() == {"numpy": np.__version__}
    assert document.mode_options["between"] == {"operators": ("conv_transpose",)}


SHIPPED = Path(adapters.document.__file__).parents[2] / "cases" / "document"


@pytest.mark.parametrize("operator", ["conv_transpose", "max_unpool", "avg_unpool"])
def test_the_tutorial_s_shipped_examples_come_out_as_it_prints_them(operator: str) -> None:
    for case in load(SHIPPED / f"{operator}.yaml"):
        assert case.expected is not None
        assert tuple(Document().run(case, fill(case))["output"].ravel().tolist()) == case.expected["output"]


WRONG = {"rule": "stride", "reason": "a stride of 0 is none"}
OUTSIDE = {"rule": "index", "reason": "the index lies behind the image"}


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (make("conv"), "the tutorial calls TensorFlow for conv"),
        (make("max_pool_argmax"), "the tutorial calls TensorFlow for max_pool_argmax"),
        (make("conv_transpose", strides=0, value={"shape": [1, 2, 2, 2]}, invalid=WRONG), "of wrong calls the tutor"),
        (make("max_unpool", image=[2, 2], channels=1, indices={"values": [4]}, invalid=OUTSIDE), "of wrong calls the"),
        (make("avg_unpool", given={"strides": None}, invalid=WRONG | {"rule": "type"}), "of wrong calls the tutorial"),
        (make("conv_transpose", image=[7], kernel=3), "the tutorial speaks of rows and columns only"),
        (make("avg_unpool", image=[4, 5, 6]), "the tutorial speaks of rows and columns only"),
        (make("conv_transpose", padding=[[1, 1], [1, 1]]), "the tutorial knows SAME and VALID only"),
        (make("conv_transpose", dilations=2), "the tutorial has no dilations"),
        (make("conv_transpose", groups=2, out_channels=4), "the tutorial has no groups"),
        (make("conv_transpose", bias=True), "the tutorial has no bias"),
        (make("max_unpool", gradients=True), "the tutorial computes no gradients"),
        (make("avg_unpool", dtype="bfloat16"), "NumPy has no bfloat16"),
        (make("max_unpool", strides=[2, 3]), "the tutorial's program takes one stride for both axes"),
    ],
)
def test_what_the_tutorial_says_nothing_of_is_not_supported(case: Case, reason: str) -> None:
    with pytest.raises(NotSupported, match=reason):
        Document().call(case)


def test_a_layout_and_duplicates_are_no_reason_to_refuse() -> None:
    layout = make("conv_transpose", data_format="NCHW")
    assert Document().run(layout, fill(layout))["output"].shape == (1, 6, 7, 3)
    case = make(
        "max_unpool",
        image=[4, 4],
        channels=1,
        value={"values": [1, 2, 4, 8]},
        indices={"values": [5, 5, 5, 5]},
        behaviour="four values for one place",
    )
    assert Document().run(case, fill(case))["output"].ravel().tolist() == [0] * 5 + [15] + [0] * 10


def test_nothing_of_the_oracle_is_used() -> None:
    for path in Path(adapters.document.__file__).parent.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        assert not any("oracle" in module for module in modules)
