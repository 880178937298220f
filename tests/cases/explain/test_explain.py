"""Explanations of small cases, compared with numbers that were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cases
from cases.explain import NotDrawnError, explain, page
from cases.explain.parts import Kind
from cases.explain.windows import cells, pad
from cases.loading.load import load
from cases.loading.lookup import lookup
from cases.model import fill
from cases.model.case import Case
from tests.reports.making import make

CASES = Path(cases.__file__).parent


def _written(folder: Path, text: str) -> Case:
    path = folder / "written.yaml"
    path.write_text(f"about: Worked out by hand.\nsource: 'document: by hand'\n{text}")
    [case] = load(path)
    return case


def _shown(case: Case, batch: int | None = None, channel: int | None = None) -> str:
    return "\n".join(line.plain.rstrip() for line in page.lines(explain(case, batch, channel), page.WIDTH))


CONV_TRANSPOSE = """
operator: conv_transpose
cases:
  - {name: one, image: [4, 3], in_channels: 1, out_channels: 1, kernel: 3, strides: 2, padding: SAME,
     value: {values: [[1, 2], [3, 4]]}, filter: {values: [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}}
"""
# The full result is 5 x 5: each value lays the filter, times itself, two further than the one before.
#      1   2   3+2   4   6
#      4   5   6+8  10  12
#    7+3 8+6 9+9+14+4 16+8 18+12
#     12  15 18+16  20  24
#     21  24 27+28  32  36
# SAME pads 4 rows by (2 - 1) * 2 + 3 - 4 = 1, all of it below, so rows 0 to 3 are seen; 3 columns by 2, one on
# either side, so columns 1 to 3 are.
BY_HAND = [[2, 5, 4], [5, 14, 10], [14, 36, 24], [15, 34, 20]]


def test_a_transposed_convolution_by_hand(tmp_path: Path) -> None:
    case = _written(tmp_path, CONV_TRANSPOSE)
    assert explain(case).results["output"].tolist() == BY_HAND
    assert _shown(case).partition("\n1. ")[2] == (
        """The value
   What a convolution makes of an image of 4 x 3; to be spread over such an image again.

   channel 0: 2 x 2
    1 2
    3 4

2. The filter, rotated
   Rotated, not transposed: every spatial axis is reversed; the channels keep their places.

   channel 0: 3 x 3   rotated: 3 x 3
    1 2 3              9 8 7
    4 5 6              6 5 4
    7 8 9              3 2 1

3. Zeros between the elements
   stride - 1 zeros between neighbours and none after the last: what comes there is padding.
   rows: stride 2 puts 2 - 1 = 1 zero between neighbours: (2 - 1) * 2 + 1 = 3.
   columns: stride 2 puts 2 - 1 = 1 zero between neighbours: (2 - 1) * 2 + 1 = 3.

   channel 0: 3 x 3
    1 · 2
    · · ·
    3 · 4

4. Padding around
   So many cells that windows of the filter's extent, 1 apart, give the output_shape and no more.
   rows:
     SAME pads the image by (2 - 1) * 2 + 3 - 4 = 1, odd: before = 1 // 2 = 0, after = 1
     the odd one lies below, after the image, and here the other way round: above
     the full result has (2 - 1) * 2 + 3 = 5 rows, seen through the window (offset 0, length 4)
     above: extent - 1 - before = 3 - 1 - 0 = 2
     below: 4 rows need 4 + 3 - 1 = 6 cells, and 6 - 2 - 3 = 1
   columns:
     SAME pads the image by (2 - 1) * 2 + 3 - 3 = 2, even: before = 2 // 2 = 1, after = 1
     the full result has (2 - 1) * 2 + 3 = 5 columns, seen through the window (offset 1, length 3)
     on the left: extent - 1 - before = 3 - 1 - 1 = 1
     on the right: 3 columns need 3 + 3 - 1 = 5 cells, and 5 - 1 - 3 = 1

   channel 0: 6 x 5
    □ □ □ □ □
    □ □ □ □ □
    □ 1 · 2 □
    □ · · · □
    □ 3 · 4 □
    □ □ □ □ □

5. The first, the fullest and the last window
   The taps of the rotated filter lie on the cells in [ ]; only a tap on an element gives a product.
   The fullest window is the first that has the most products.

   first window: 6 x 5   fullest window: 6 x 5   last window: 6 x 5
   [□ □ □]□ □             □ □ □ □ □               □ □ □ □ □
   [□ □ □]□ □             □ □ □ □ □               □ □ □ □ □
   [□ 1 ·]2 □             □[1 · 2]□               □ 1 · 2 □
    □ · · · □             □[· · ·]□               □ ·[· · □]
    □ 3 · 4 □             □[3 · 4]□               □ 3[· 4 □]
    □ □ □ □ □             □ □ □ □ □               □ □[□ □ □]

   result, row 0, column 0: 1 * 2 = 2
   result, row 2, column 1: 1 * 9 + 2 * 7 + 3 * 3 + 4 * 1 = 36
   result, row 3, column 2: 4 * 5 = 20

6. The result
   So for all 4 x 3 windows, 1 apart.

   output: 4 x 3
     2  5  4
     5 14 10
    14 36 24
    15 34 20"""
    )


CHANNELS_AND_BIAS = """
operator: conv_transpose
cases:
  - {name: one, value: {shape: [1, 2, 2], values: [[2, 3], [-4, 5]]}, in_channels: 2, out_channels: 1, kernel: 2,
     strides: 3, dilations: 2, output_padding: 1, bias: true, filter: {values: [[[6, 7]], [[-8, 9]]]}}
"""


def test_channels_bias_dilation_and_output_padding_by_hand(tmp_path: Path) -> None:
    """Check taps two apart, values three apart: 2*6+3*7 at 0, 2*-8+3*9 at 2, -4*6+5*7 at 3, -4*-8+5*9 at 5."""
    case = _written(tmp_path, CHANNELS_AND_BIAS)
    bias = int(fill.fill(case)["bias"][0])
    assert explain(case).results["output"].tolist() == [n + bias for n in (33, 0, 11, 11, 0, 77, 0)]
    text = _shown(case)
    written = f"({bias})" if bias < 0 else bias
    assert f"result, column 0: 12 + 21 + {written}, the bias, = {33 + bias}" in text
    assert "   channel 0: 3   channel 1: 3\n    -8  ·  6       9 · 7\n" in text
    assert "columns: dilation 2 puts 2 - 1 = 1 zero between neighbours: (2 - 1) * 2 + 1 = 3." in text
    flat = " ".join(text.split())
    assert "on the right: 7 columns need 7 + 3 - 1 = 9 cells, and 9 - 2 - 4 = 3, 1 of them for output_padding" in flat
    assert (
        "the full result has (2 - 1) * 3 + 3 = 6 columns, seen through the window (offset 0, length 7), 1 past" in flat
    )


def test_negative_padding_is_a_crop(tmp_path: Path) -> None:
    """Pad by 2 before and 1 after with a kernel of 2: 2 - 1 - 2 = -1 crops, and 3 + 2 - 1 - (-1) - 5 = 0."""
    case = _written(
        tmp_path,
        "operator: conv_transpose\ncases:\n  - {name: one, image: [3], kernel: 2, padding: [[2, 1]], in_channels: 1,"
        " out_channels: 1, value: {values: [1, 2, 3, 4, 5]}, filter: {values: [1, 10]}}\n",
    )
    assert explain(case).results["output"].tolist() == [23, 34, 45]
    text = _shown(case)
    assert "on the left: extent - 1 - before = 2 - 1 - 2 = -1: 1 cropped" in text
    assert "on the right: 3 columns need 3 + 2 - 1 = 4 cells, and 4 - (-1) - 5 = 0" in text
    assert "   channel 0: 4\n    2 3 4 5\n" in text


@pytest.mark.parametrize(("pair", "kept"), [((-5, 4), 0), ((4, -5), 0), ((-2, 1), 1), ((1, -1), 2), ((-1, -1), 1)])
def test_a_crop_may_take_more_than_there_is(pair: tuple[int, int], kept: int) -> None:
    padded = pad(cells(np.ones((3, 1)), Kind.ELEMENT), (pair,))
    assert padded.sizes == (3 + sum(pair),)
    assert (padded.held.sum(), padded.numbers.sum()) == (kept, kept)


def test_a_product_of_minus_zero_is_added_to_zero(tmp_path: Path) -> None:
    case = _written(
        tmp_path,
        "operator: conv_transpose\ncases:\n  - {name: one, image: [1], kernel: 1, in_channels: 1, out_channels: 1,"
        " value: {values: [-2]}, filter: {values: [0]}}\n",
    )
    assert str(explain(case).results["output"][0]) == "0.0"


ARGMAX = """
operator: max_pool_argmax
cases:
  - {name: one, image: [3, 3], channels: 2, ksize: 2, strides: 2, padding: SAME, value: {values:
     [[[0, 1], [0, 9], [0, 2]], [[0, 4], [0, 9], [0, 3]], [[0, -5], [0, -6], [0, -8]]]}}
"""


def test_a_max_pooling_by_hand(tmp_path: Path) -> None:
    """Lay two rows and columns of windows on three of elements: the last windows reach one beyond the image."""
    case = _written(tmp_path, ARGMAX)
    results = explain(case, channel=1).results
    assert results["output"].tolist() == [[9, 3], [-5, -8]]
    assert results["indices"].tolist() == [[3, 11], [13, 17]]
    text = _shown(case, channel=1)
    assert "first window: of 1, 9, 4 and 9 the greatest is 9: row 0, column 1. It stands there 2 times, " in text
    assert "its index: (y * width + x) * channels + c = (0 * 3 + 1) * 2 + 1 = 3." in text
    assert "last window: of -8 the greatest is -8: row 2, column 2." in text
    assert "rows: SAME wants ceil(3 / 2) = 2 windows. They span (2 - 1) * 2 + 2 = 4, 1 more than the image's" in text
    assert "   0│   1  *9   2  □\n   1│   4   9  *3  □\n   2│ *-5  -6 *-8  □\n   3│  □   □   □   □" in text


def test_an_index_that_counts_the_batch() -> None:
    """Count through images of 5 x 6 with 3 channels: the second begins at 90."""
    case = lookup(CASES, "cases/max_pool_argmax/indices.yaml::include-batch-in-index-same-i5x6-k2-s1")
    apart = replace(case, include_batch_in_index=False)
    found, expected = (explain(one, batch=1).results["indices"] for one in (case, apart))
    assert (found - expected == 90).all()
    assert "batch * size + (y * width + x) * channels + c = 1 * 90 + (" in _shown(case, batch=1)


def test_nan_is_the_greatest() -> None:
    case = lookup(CASES, "cases/max_pool/special_values.yaml::one-nan-at7-valid-i3x3-k3-s1")
    assert "and 3 the greatest is nan, for NaN counts as the" in _shown(case)


def test_a_max_unpooling_by_hand() -> None:
    case = lookup(CASES, "cases/document/max_unpool.yaml::mask-to-image")
    assert _shown(case, channel=1).partition("\n2. ")[2] == (
        """Where the indices point
   An index counts all elements of the image, channels included, the last axis fastest. Division
     gives the place.
   5: 9 = (1 * 4 + 0) * 2 + 1: row 1, column 0, channel 1
   5: 13 = (1 * 4 + 2) * 2 + 1: row 1, column 2, channel 1
   7: 25 = (3 * 4 + 0) * 2 + 1: row 3, column 0, channel 1
   7: 29 = (3 * 4 + 2) * 2 + 1: row 3, column 2, channel 1

3. The result
   Each value at its place; nothing is put anywhere else.

   output: 4 x 4
      0 1 2 3
   0│ · · · ·
   1│ 5 · 5 ·
   2│ · · · ·
   3│ 7 · 7 ·"""
    )


def test_an_average_at_the_border(tmp_path: Path) -> None:
    case = _written(
        tmp_path,
        "operator: avg_pool\ncases:\n  - {name: one, image: [3], channels: 1, ksize: 2, strides: 2, padding: SAME,"
        " value: {values: [1, 4, 7]}}\n",
    )
    assert explain(case).results["output"].tolist() == [2.5, 7]
    text = _shown(case)
    assert "first window: 2 elements lie in it: (1 + 4) / 2 = 2.5." in text
    assert "last window: 1 element lies in it: (7) / 1 = 7." in text


def test_an_average_unpooling_adds_overlaps(tmp_path: Path) -> None:
    case = _written(
        tmp_path,
        "operator: avg_unpool\ncases:\n  - {name: one, image: [4], channels: 1, ksize: 3, strides: 2, padding: SAME,"
        " value: {values: [1, 4]}}\n",
    )
    assert explain(case).results["output"].tolist() == [1, 1, 5, 4]
    assert "column 2 lies under 2 windows: 1 + 4 = 5" in _shown(case)


def test_an_average_unpooling_with_windows_of_places_apart(tmp_path: Path) -> None:
    case = _written(
        tmp_path,
        "operator: avg_unpool\ncases:\n  - {name: one, image: [4], channels: 1, ksize: 2, dilations: 2,"
        " value: {values: [1, 4]}}\n",
    )
    assert explain(case).results["output"].tolist() == [1, 4, 1, 4]


def test_a_large_array_is_cut_and_said_to_be(tmp_path: Path) -> None:
    case = _written(tmp_path, "operator: max_pool\ncases:\n  - {name: one, image: [40, 50], channels: 1, ksize: 2}\n")
    text = _shown(case)
    assert "   channel 0: 40 x 50, cut\n" in text
    assert "Large arrays are cut: … stands for what lies between their first lines and their last." in text


def test_an_image_beyond_a_page_is_refused(tmp_path: Path) -> None:
    case = _written(tmp_path, "operator: max_pool\ncases:\n  - {name: one, image: [600, 500], channels: 1, ksize: 2}\n")
    with pytest.raises(NotDrawnError, match="one has an image of 300000 cells with its padding; up to 262144 are"):
        explain(case)


def test_what_a_further_window_reaches_beyond_the_padding_is_no_padding() -> None:
    case = make("max_pool", image=[6, 7], ceil_mode="drop", padding=[[1, 0], [0, 0]], strides=3)
    text = _shown(case)
    assert "beyond the padding, no element" in text
    assert "padding, no element" in text.replace("beyond the padding, no element", "")
