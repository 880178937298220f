"""The shape laws, compared with numbers worked out by hand and with windows laid one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.model import shapes
from cases.model.case import Case, CeilMode, TensorSpec

SIZES = st.integers(1, 30)


def _tensor(*shape: int) -> TensorSpec:
    return TensorSpec(shape=shape, dtype="float32", fill="integers")


def _transposed(padding: str = "SAME") -> Case:
    """Make a case with a value of 3 x 2, an image of 6 x 7, strides 2 x 4 and a filter of 3 x 5."""
    return Case(
        id="transposed",
        operator="conv_transpose",
        inputs={"value": _tensor(1, 3, 2, 4), "filter": _tensor(3, 5, 2, 4)},
        strides=(2, 4),
        padding=padding,
        output_shape=(1, 6, 7, 2),
    )


def _count_by_trying(image: int, kernel: int, stride: int, before: int, after: int) -> int:
    """Lay windows from the start of the padded image until one reaches beyond its end."""
    count, start = 0, -before
    while start + kernel <= image + after:
        count, start = count + 1, start + stride
    return count


@pytest.mark.parametrize(
    ("sizes", "pair", "counts"),
    [  # image, extent and stride; the windows that fit, with one more that is dropped behind the image, and kept there
        ((5, 2, 2), (0, 0), (2, 3, 3)),  # it begins at 4, the last element
        ((6, 2, 2), (0, 0), (3, 3, 3)),  # nothing is left
        ((6, 1, 4), (0, 0), (2, 2, 3)),  # it would begin at 8
        ((5, 2, 3), (0, 2), (2, 2, 3)),  # it would begin at 6
        ((2, 3, 2), (0, 0), (0, 1, 1)),
    ],
)
def test_a_further_window_by_hand(
    sizes: tuple[int, int, int], pair: tuple[int, int], counts: tuple[int, int, int]
) -> None:
    modes: tuple[CeilMode | None, ...] = (None, "drop", "keep")
    assert tuple(shapes.window_count(*sizes, pair, mode) for mode in modes) == counts


def test_what_a_mean_counts_by_hand() -> None:
    axis = shapes.Axis(image=4, count=3, kernel=3, stride=2, before=1, after=0)
    assert axis.overhang == 2
    assert shapes.counted(axis, None) == shapes.counted(axis, "inside") == (2, 3, 1)
    assert shapes.counted(axis, "padded") == (3, 3, 1), "what lies beyond the padding counts nowhere"


@pytest.mark.parametrize(
    ("image", "kernel", "stride", "expected"),
    [
        (5, 3, 1, (1, 1)),  # five windows, one element out at each end
        (5, 3, 2, (1, 1)),  # windows at -1, 1, 3
        (6, 3, 2, (0, 1)),  # windows at 0, 2, 4: the odd element comes after
        (5, 2, 1, (0, 1)),
        (5, 4, 1, (1, 2)),
        (7, 3, 3, (1, 1)),  # windows at -1, 2, 5
        (8, 3, 3, (0, 1)),
        (9, 3, 3, (0, 0)),
        (1, 7, 5, (3, 3)),
        (4, 1, 3, (0, 0)),  # the last element lies under no window
        (5, 1, 5, (0, 0)),
    ],
)
def test_same_padding_by_hand(image: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    assert shapes.same_padding(image, kernel, stride) == expected


@pytest.mark.parametrize(
    ("image", "kernel", "stride", "pair", "expected"),
    [
        (5, 3, 1, (0, 0), 3),
        (5, 3, 2, (0, 0), 2),
        (6, 3, 2, (0, 0), 2),
        (7, 3, 2, (0, 0), 3),
        (6, 3, 2, (0, 1), 3),
        (5, 5, 3, (0, 0), 1),
        (4, 5, 1, (0, 0), 0),
        (3, 5, 1, (0, 0), -1),
        (3, 5, 1, (2, 0), 1),
    ],
)
def test_window_count_by_hand(image: int, kernel: int, stride: int, pair: tuple[int, int], expected: int) -> None:
    assert shapes.window_count(image, kernel, stride, pair) == expected


@given(SIZES, SIZES, SIZES, st.integers(0, 9), st.integers(0, 9))
def test_window_count_is_what_trying_finds(image: int, kernel: int, stride: int, before: int, after: int) -> None:
    actual = shapes.window_count(image, kernel, stride, (before, after))
    assert max(actual, 0) == _count_by_trying(image, kernel, stride, before, after)


@given(SIZES, SIZES, SIZES)
def test_same_is_the_least_padding_that_starts_a_window_in_every_stride(image: int, kernel: int, stride: int) -> None:
    before, after = shapes.same_padding(image, kernel, stride)
    starts = len(range(0, image, stride))
    assert _count_by_trying(image, kernel, stride, before, after) == starts
    assert after - before in {0, 1}
    assert before + after == 0 or _count_by_trying(image, kernel, stride, 0, before + after - 1) < starts


@given(SIZES, SIZES, SIZES, st.sampled_from(["SAME", "VALID"]))
def test_as_many_forward_sizes_as_the_stride_convolve_to_one_size(
    count: int, kernel: int, stride: int, padding: str
) -> None:
    """Show the ambiguity that output_shape resolves: exactly ``stride`` neighbouring sizes."""
    sizes = []
    for image in range(1, count * stride + kernel + stride):
        pair = shapes.pads(padding, (image,), (kernel,), (stride,))[0]
        if shapes.window_count(image, kernel, stride, pair) == count:
            sizes.append(image)
    first = (count - 1) * stride + (1 if padding == "SAME" else kernel)
    assert sizes == list(range(first, first + stride))


def test_pads_takes_words_and_pairs() -> None:
    assert shapes.pads("VALID", (5, 6), (3, 3), (2, 2)) == ((0, 0), (0, 0))
    assert shapes.pads("SAME", (5, 6), (3, 3), (2, 2)) == ((1, 1), (0, 1))
    assert shapes.pads(((4, 0), (1, 2)), (5, 6), (3, 3), (2, 2)) == ((4, 0), (1, 2))


def test_pads_refuses_another_word() -> None:
    with pytest.raises(ValueError, match="padding is 'FULL', neither SAME nor VALID"):
        shapes.pads("FULL", (5,), (3,), (2,))


def test_axes_of_a_transposed_convolution() -> None:
    assert shapes.axes(_transposed()) == (
        shapes.Axis(image=6, count=3, kernel=3, stride=2, before=0, after=1),
        shapes.Axis(image=7, count=2, kernel=5, stride=4, before=1, after=1),
    )


def test_full_and_covered_by_hand() -> None:
    rows, columns = shapes.axes(_transposed())
    assert (rows.full, rows.covered) == (7, 7)  # windows 0-2, 2-4, 4-6: one row falls off the image of six
    assert (columns.full, columns.covered) == (9, 8)  # windows at -1 and 3: 3 to 7 ends one past the image of seven


@given(SIZES, SIZES, SIZES)
def test_full_is_the_last_place_that_a_window_reaches(count: int, kernel: int, stride: int) -> None:
    axis = shapes.Axis(image=1, count=count, kernel=kernel, stride=stride, before=0, after=0)
    assert axis.full == len(range(max(start * stride + kernel for start in range(count))))


def test_counts_of_a_forward_operator_follow_from_its_image() -> None:
    pooled = Case(
        id="pooled",
        operator="max_pool",
        inputs={"value": _tensor(2, 7, 9, 3)},
        strides=(2, 3),
        padding="VALID",
        ksize=(2, 4),
    )
    assert shapes.kernel_size(pooled) == (2, 4)
    assert shapes.window_counts(pooled) == (3, 2)
    assert shapes.output_shape(pooled) == (2, 3, 2, 3)


def test_output_shape_of_each_direction() -> None:
    assert shapes.output_shape(_transposed()) == (1, 6, 7, 2)
    forward = Case(
        id="forward",
        operator="conv",
        inputs={"value": _tensor(2, 6, 7, 4), "filter": _tensor(3, 5, 4, 9)},
        strides=(2, 4),
        padding="SAME",
    )
    assert shapes.image_size(forward) == (6, 7)
    assert shapes.output_shape(forward) == (2, 3, 2, 9)


@given(st.integers(1, 9), st.integers(1, 9))
def test_an_extent_is_as_long_as_its_elements_laid_out(kernel: int, dilation: int) -> None:
    places = [tap * dilation for tap in range(kernel)]
    assert shapes.extent(kernel, dilation) == places[-1] - places[0] + 1


def test_dilated_windows_by_hand() -> None:
    """Lay three taps two apart on nine elements: SAME and stride 2 give five windows at -2, 0, 2, 4 and 6."""
    dilated = Case(
        id="dilated",
        operator="conv",
        inputs={"value": _tensor(1, 9, 1), "filter": _tensor(3, 1, 1)},
        strides=(2,),
        padding="SAME",
        dilations=(2,),
    )
    [axis] = shapes.axes(dilated)
    assert axis == shapes.Axis(image=9, count=5, kernel=3, stride=2, before=2, after=2, dilation=2)
    assert (axis.extent, axis.full, axis.covered) == (5, 13, 11)
    assert shapes.extents(dilated) == (5,)
    assert shapes.dilations(dilated) == (2,)


def test_positions_of_windows_by_hand() -> None:
    """Lay two taps two apart on four elements, padded by three: windows begin at -3, 0 and 3."""
    axis = shapes.Axis(image=4, count=3, kernel=2, stride=3, before=3, after=2, dilation=2)
    assert axis.padded == 9
    assert list(axis.starts) == [-3, 0, 3]
    assert [list(axis.positions(window)) for window in range(3)] == [[-3, -1], [0, 2], [3, 5]]
    assert [list(axis.inside(window)) for window in range(3)] == [[], [0, 2], [3]]


def test_a_dilated_window_may_step_over_the_image() -> None:
    axis = shapes.Axis(image=1, count=1, kernel=2, stride=1, before=1, after=1, dilation=2)
    assert list(axis.positions(0)) == [-1, 1]
    assert not axis.inside(0)


@pytest.mark.parametrize(("groups", "expected"), [(1, 3), (2, 6)])
def test_a_grouped_transposed_filter_makes_a_slice_of_the_channels(groups: int, expected: int) -> None:
    inputs = {"value": _tensor(1, 4, 4), "filter": _tensor(2, 3, 4)}
    case = Case(id="", operator="conv_transpose", inputs=inputs, strides=(1,), padding="VALID", groups=groups)
    assert shapes.out_channels(case) == expected


def test_a_grouped_filter_makes_all_channels() -> None:
    inputs = {"value": _tensor(1, 4, 4), "filter": _tensor(2, 2, 6)}
    case = Case(id="", operator="conv", inputs=inputs, strides=(1,), padding="VALID", groups=2)
    assert shapes.out_channels(case) == 6
    assert shapes.output_shape(case) == (1, 3, 6)
