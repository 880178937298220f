"""The oracle's calls against nested loops written from the definition alone: any rank, dilations, groups, bias.

The loops use no module of the suite: they have their own padding, channels and windows.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.oracle import Oracle
from adapters.oracle.conv import conv
from adapters.oracle.conv_transpose import scatter
from adapters.oracle.gradients import conv_gradients
from cases.model.shapes import Axis
from tests.adapters.drawn import Array, batches, channels, integers
from tests.cases.laid import Place, Windows, pooled, windows

MODES = Oracle.modes
EVERY: Any = slice(None)


quick = settings(max_examples=60, deadline=None)


def naive_conv(value: Array, filter_: Array, on: Windows, groups: int) -> Array:
    """Convolve; the filter is [*kernel, in / groups, out]. An output channel reads the input channels of its group."""
    inner, outer = filter_.shape[-2:]
    result = np.zeros((len(value), *on.counts, outer))
    for window, tap, place in on.triples():
        for o in range(outer):
            first = (o // (outer // groups)) * inner
            for c in range(inner):
                result[(EVERY, *window, o)] += value[(EVERY, *place, first + c)] * filter_[(*tap, c, o)]
    return result


def naive_conv_transpose(value: Array, filter_: Array, on: Windows, groups: int) -> Array:
    """Transpose; the filter is [*kernel, out / groups, in]. An input channel writes its group's output channels."""
    outer, inner = filter_.shape[-2:]
    result = np.zeros((len(value), *on.image, outer * groups))
    for window, tap, place in on.triples():
        for c in range(inner):
            first = (c // (inner // groups)) * outer
            for o in range(outer):
                result[(EVERY, *place, first + o)] += value[(EVERY, *window, c)] * filter_[(*tap, o, c)]
    return result


@quick
@given(on=windows(), sizes=channels, bias=st.booleans(), batch=batches)
def test_conv(on: Windows, sizes: tuple[int, int, int], bias: bool, batch: int) -> None:  # noqa: FBT001 - drawn
    groups, inner, outer = sizes
    value = integers(batch, *on.image, groups * inner)
    filter_ = integers(*on.kernel, inner, groups * outer)
    more = {"bias": 100 * integers(groups * outer)} if bias else {}
    expected = naive_conv(value, filter_, on, groups) + (more["bias"] if bias else 0)
    actual = Oracle().operators.conv(value, filter_, **on.arguments, groups=groups, **more)
    np.testing.assert_array_equal(actual, expected, strict=True)


@quick
@given(on=windows(), sizes=channels, bias=st.booleans(), batch=batches)
def test_conv_transpose_in_every_form(
    on: Windows,
    sizes: tuple[int, int, int],
    bias: bool,  # noqa: FBT001 - drawn
    batch: int,
) -> None:
    groups, inner, outer = sizes
    value = integers(batch, *on.counts, groups * inner)
    filter_ = integers(*on.kernel, outer, groups * inner)
    more = {"bias": 100 * integers(groups * outer)} if bias else {}
    expected = naive_conv_transpose(value, filter_, on, groups) + (more["bias"] if bias else 0)
    for mode in MODES:
        actual = Oracle(mode).operators.conv_transpose(
            value, filter_, output_shape=expected.shape, **on.arguments, groups=groups, **more
        )
        np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize(("places", "inner", "outer"), [*product((1, 5, 9), (1, 2, 5), (1, 2))])
def test_an_infinity_times_zero_is_nan(places: int, inner: int, outer: int) -> None:
    """BLAS leaves products by zero out where it multiplies a matrix by a single number."""
    axes = (Axis(image=places, count=places, kernel=1, stride=1, before=0, after=0, dilation=1),)
    value, filter_, cotangent = np.ones((1, places, inner)), np.zeros((1, inner, outer)), np.zeros((1, places, outer))
    value[0, 0] = np.inf
    with np.errstate(invalid="ignore"):
        assert np.isnan(conv(value, filter_, axes)[0, 0]).all()
        assert np.isnan(scatter(value, filter_.transpose(0, 2, 1), axes)[0, 0]).all()
        assert np.isnan(conv_gradients(cotangent, value, filter_, axes)["filter"]).all()


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize(("inner", "outer"), [(1, 1), (1, 2), (2, 1)], ids=["plain", "multiplied", "divided"])
def test_depthwise_is_each_channel_alone(operator: str, inner: int, outer: int) -> None:
    """Compare three groups with three calls: each group's channels stand beside each other."""
    image, counts, kernel = (6, 7), (3, 4), (2, 3)
    sizes = {"conv": (image, inner, outer), "conv_transpose": (counts, outer, inner)}
    given_size, first, last = sizes[operator]
    value, filter_ = integers(2, *given_size, 3 * inner), integers(*kernel, first, 3 * last)
    call = getattr(Oracle().operators, operator)
    arguments: dict[str, Any] = {"strides": (2, 2), "padding": "SAME", "dilations": (2, 1)}

    def output_shape(groups: int) -> dict[str, Any]:
        return {"output_shape": (2, *image, groups * outer)} if operator == "conv_transpose" else {}

    parts = [
        call(
            value[..., g * inner : (g + 1) * inner],
            filter_[..., g * last : (g + 1) * last],
            **arguments,
            **output_shape(1),
        )
        for g in range(3)
    ]
    actual = call(value, filter_, **arguments, groups=3, **output_shape(3))
    np.testing.assert_array_equal(actual, np.concatenate(parts, axis=-1), strict=True)
    assert len({part.tobytes() for part in parts}) == 3


@quick
@given(on=pooled)
def test_dilated_pooling(on: Windows) -> None:
    value = np.random.default_rng(1).integers(-3, 3, (2, *on.image, 2)).astype(np.float64)
    members = on.members()
    arguments = on.arguments | {"ksize": on.kernel}
    maxima, indices = Oracle().operators.max_pool_argmax(value, **arguments)
    np.testing.assert_array_equal(Oracle().operators.max_pool(value, **arguments), maxima, strict=True)
    means = Oracle().operators.avg_pool(value, **arguments)
    for n, window, c in product(range(2), members, range(2)):
        places = sorted(members[window])
        elements = [value[(n, *place, c)] for place in places]
        assert maxima[(n, *window, c)] == max(elements)
        assert means[(n, *window, c)] == sum(elements) / len(elements)
        first = places[elements.index(max(elements))]
        assert indices[(n, *window, c)] == np.ravel_multi_index((*first, c), (*on.image, 2))


@pytest.mark.parametrize("image", [(5,), (4, 5), (2, 3, 4)])
def test_the_batch_in_an_index_counts_whole_images(image: Place) -> None:
    rank = len(image)
    value = np.random.default_rng(2).permutation(3 * int(np.prod(image)) * 2).reshape(3, *image, 2).astype(np.float64)
    arguments: dict[str, Any] = {"ksize": (2,) * rank, "strides": (1,) * rank, "padding": "SAME"}
    maxima, plain = Oracle().operators.max_pool_argmax(value, **arguments)
    again, whole = Oracle().operators.max_pool_argmax(value, **arguments, include_batch_in_index=True)
    np.testing.assert_array_equal(again, maxima, strict=True)
    np.testing.assert_array_equal(value.ravel()[whole], maxima)  # the index of the whole tensor in C order
    np.testing.assert_array_equal(whole[0], plain[0])
    assert (whole[2] - plain[2] == 2 * value[0].size).all()
    assert whole.dtype == np.int64


@pytest.mark.parametrize("words", [("NWC", "NCW"), ("NHWC", "NCHW"), ("NDHWC", "NCDHW")], ids=str)
def test_a_layout_changes_nothing(words: tuple[str, str]) -> None:
    rank = len(words[0]) - 2
    value, filter_ = integers(2, *(5, 4, 3)[:rank], 2), integers(*(2, 3, 1)[:rank], 2, 3)
    arguments: dict[str, Any] = {"strides": (2,) * rank, "padding": "SAME"}
    expected = Oracle().operators.conv(value, filter_, **arguments)
    for word in words:
        actual = Oracle().operators.conv(value, filter_, **arguments, data_format=word)
        np.testing.assert_array_equal(actual, expected, strict=True)
