"""The oracle's calls against nested loops, written from the definition alone: any rank, dilations, groups, bias.

The loops know of no other module than the one that is called: padding, channels and windows are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.oracle import Oracle

Array = npt.NDArray[np.float64]
Place = tuple[int, ...]
MODES = Oracle.modes
EVERY: Any = slice(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of a call, and the image's size; one entry a spatial axis."""

    image: Place
    kernel: Place
    strides: Place
    dilations: Place
    padding: Any

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """TensorFlow's SAME: ceil(image / stride) windows fit, the odd element is padded at the end."""
        if self.padding == "VALID":
            return ((0, 0),) * len(self.image)
        if self.padding != "SAME":
            return tuple(self.padding)
        found = []
        for image, kernel, stride, dilation in zip(self.image, self.kernel, self.strides, self.dilations, strict=True):
            total = 0
            while (image + total - (kernel - 1) * dilation - 1) // stride + 1 < (image + stride - 1) // stride:
                total += 1
            found.append((total // 2, total - total // 2))
        return tuple(found)

    @property
    def counts(self) -> Place:
        """How many windows fit, found by laying them."""
        found = []
        for (before, after), image, kernel, stride, dilation in zip(
            self.pads, self.image, self.kernel, self.strides, self.dilations, strict=True
        ):
            last = image + before + after - 1
            found.append(
                len([start for start in range(0, last + 1, stride) if start + (kernel - 1) * dilation <= last])
            )
        return tuple(found)

    @property
    def arguments(self) -> dict[str, Any]:
        """As an operator takes them."""
        said = {} if set(self.dilations) == {1} else {"dilations": self.dilations}
        return {"strides": self.strides, "padding": self.padding, **said}

    def triples(self) -> Iterator[tuple[Place, Place, Place]]:
        """Every (window, tap, place in the image) that the definition connects."""
        for window, tap in product(_all(self.counts), _all(self.kernel)):
            place = tuple(
                i * stride + t * dilation - before
                for i, t, stride, dilation, (before, _) in zip(
                    window, tap, self.strides, self.dilations, self.pads, strict=True
                )
            )
            if all(0 <= p < image for p, image in zip(place, self.image, strict=True)):
                yield window, tap, place


def _all(sizes: Place) -> Iterator[Place]:
    return product(*(range(size) for size in sizes))


@st.composite
def calls(draw: st.DrawFn, largest_padding: int = 4) -> Call:
    rank = draw(st.integers(1, 3))

    def each(low: int, high: int) -> Place:
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    pairs = draw(st.tuples(*[st.tuples(*[st.integers(0, largest_padding)] * 2)] * rank))
    call = Call(
        image=each(1, (9, 6, 4)[rank - 1]),
        kernel=each(1, 4 - rank // 2),
        strides=each(1, 3),
        dilations=each(1, 3),
        padding=draw(st.sampled_from(["SAME", "VALID", pairs])),
    )
    assume(min(call.counts) > 0)
    return call


channels = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))  # groups, in and out of each
quick = settings(max_examples=60, deadline=None)


def integers(*shape: int) -> Array:
    """From -8 to 8 without 0, so that no product vanishes."""
    values = np.random.default_rng(sum(shape)).integers(-8, 8, shape)
    return np.where(values < 0, values, values + 1).astype(np.float64)


def naive_conv(value: Array, filter_: Array, call: Call, groups: int) -> Array:
    """The filter is [*kernel, in / groups, out]; each output channel reads the input channels of its own group."""
    inner, outer = filter_.shape[-2:]
    result = np.zeros((len(value), *call.counts, outer))
    for window, tap, place in call.triples():
        for o in range(outer):
            first = (o // (outer // groups)) * inner
            for c in range(inner):
                result[(EVERY, *window, o)] += value[(EVERY, *place, first + c)] * filter_[(*tap, c, o)]
    return result


def naive_conv_transpose(value: Array, filter_: Array, call: Call, groups: int) -> Array:
    """The filter is [*kernel, out / groups, in]; each input channel writes the output channels of its own group."""
    outer, inner = filter_.shape[-2:]
    result = np.zeros((len(value), *call.image, outer * groups))
    for window, tap, place in call.triples():
        for c in range(inner):
            first = (c // (inner // groups)) * outer
            for o in range(outer):
                result[(EVERY, *place, first + o)] += value[(EVERY, *window, c)] * filter_[(*tap, o, c)]
    return result


@quick
@given(call=calls(), sizes=channels, bias=st.booleans(), batch=st.integers(0, 2))
def test_conv(call: Call, sizes: tuple[int, int, int], bias: bool, batch: int) -> None:  # noqa: FBT001 - drawn
    groups, inner, outer = sizes
    value = integers(batch, *call.image, groups * inner)
    filter_ = integers(*call.kernel, inner, groups * outer)
    more = {"bias": 100 * integers(groups * outer)} if bias else {}
    expected = naive_conv(value, filter_, call, groups) + (more["bias"] if bias else 0)
    actual = Oracle().operators.conv(value, filter_, **call.arguments, groups=groups, **more)
    np.testing.assert_array_equal(actual, expected, strict=True)


@quick
@given(call=calls(), sizes=channels, bias=st.booleans(), batch=st.integers(0, 2))
def test_conv_transpose_in_every_form(
    call: Call,
    sizes: tuple[int, int, int],
    bias: bool,  # noqa: FBT001 - drawn
    batch: int,
) -> None:
    groups, inner, outer = sizes
    value = integers(batch, *call.counts, groups * inner)
    filter_ = integers(*call.kernel, outer, groups * inner)
    more = {"bias": 100 * integers(groups * outer)} if bias else {}
    expected = naive_conv_transpose(value, filter_, call, groups) + (more["bias"] if bias else 0)
    for mode in MODES:
        actual = Oracle(mode).operators.conv_transpose(
            value, filter_, output_shape=expected.shape, **call.arguments, groups=groups, **more
        )
        np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize(("inner", "outer"), [(1, 1), (1, 2), (2, 1)], ids=["plain", "multiplied", "divided"])
def test_depthwise_is_each_channel_alone(operator: str, inner: int, outer: int) -> None:
    """Three groups that share nothing: each is a call of its own, and its channels stay beside each other."""
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
@given(call=calls(), sizes=channels)
def test_grouped_conv_transpose_is_the_adjoint_of_grouped_conv(call: Call, sizes: tuple[int, int, int]) -> None:
    """For the very same filter: <conv(x), y> == <x, conv_transpose(y)>."""
    groups, inner, outer = sizes
    image, value = integers(2, *call.image, groups * inner), integers(2, *call.counts, groups * outer)
    filter_ = integers(*call.kernel, inner, groups * outer)
    operators = Oracle().operators
    forward = operators.conv(image, filter_, **call.arguments, groups=groups)
    back = operators.conv_transpose(value, filter_, output_shape=image.shape, **call.arguments, groups=groups)
    assert np.vdot(forward, value) == np.vdot(image, back)


@quick
@given(call=calls(largest_padding=1))
def test_dilated_pooling(call: Call) -> None:
    value = np.random.default_rng(1).integers(-3, 3, (2, *call.image, 2)).astype(np.float64)
    members: dict[Place, list[Place]] = {window: [] for window in _all(call.counts)}
    for window, _, place in call.triples():
        members[window].append(place)
    assume(all(members.values()))
    arguments = call.arguments | {"ksize": call.kernel}
    maxima, indices = Oracle().operators.max_pool_argmax(value, **arguments)
    np.testing.assert_array_equal(Oracle().operators.max_pool(value, **arguments), maxima, strict=True)
    means = Oracle().operators.avg_pool(value, **arguments)
    for n, window, c in product(range(2), members, range(2)):
        places = sorted(members[window])
        elements = [value[(n, *place, c)] for place in places]
        assert maxima[(n, *window, c)] == max(elements)
        assert means[(n, *window, c)] == sum(elements) / len(elements)
        first = places[elements.index(max(elements))]
        assert indices[(n, *window, c)] == np.ravel_multi_index((*first, c), (*call.image, 2))


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
