"""A move by one window is a move by one stride, in both directions; an index moves by as many elements.

Edges have other laws. So an image is compared only where windows lie wholly inside it, and a value moves into an image
that is a stride longer.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.oracle import Oracle
from tests.adapters.drawn import Array, Call, Tensor, calls, distinct_indices
from tests.cases.laid import Windows, windows

many = settings(max_examples=100, deadline=None)
each = settings(max_examples=50, deadline=None)


@st.composite
def roomy(draw: st.DrawFn, largest_padding: int) -> tuple[Windows, int]:
    """Draw windows and an axis along which the image is long enough: a window inside it can move by a stride."""
    on = draw(windows(largest_padding))
    axis = draw(st.integers(0, len(on.image) - 1))
    length = on.image[axis] + on.extents[axis] + 2 * on.strides[axis]
    return replace(on, image=(*on.image[:axis], length, *on.image[axis + 1 :])), axis


poolable = roomy(largest_padding=1).filter(lambda found: all(found[0].members().values()))


def along(axis: int, part: slice) -> tuple[slice, ...]:
    """Return the index of a part of a tensor along a spatial axis."""
    return (*(slice(None),) * (1 + axis), part)


def moved(image: Tensor, axis: int, stride: int, fresh: Tensor) -> Tensor:
    """Move an image by a stride: elements of ``fresh`` enter at the front, and the last elements are lost."""
    kept = image[along(axis, slice(max(image.shape[1 + axis] - stride, 0)))]
    entering = fresh[along(axis, slice(image.shape[1 + axis] - kept.shape[1 + axis]))]
    return np.concatenate([entering, kept], axis=1 + axis)


def inside(on: Windows, axis: int) -> tuple[slice, slice]:
    """Return the windows that lie inside the image before and after a move by a stride, and the next window of each."""
    last = on.image[axis] - on.extents[axis] - on.strides[axis]
    found = [number for number, start in enumerate(on.starts[axis]) if 0 <= start <= last]
    return slice(found[0], found[-1] + 1), slice(found[0] + 1, found[-1] + 2)


def check_that_a_stride_is_a_window(call: Call, on: Windows, axis: int) -> None:
    here, there = (along(axis, part) for part in inside(on, axis))
    further = moved(call.tensors["value"], axis, on.strides[axis], call.other("value", seed=11))
    np.testing.assert_array_equal(call(value=further)[there], call()[here], strict=True)


@many
@given(where=roomy(largest_padding=4), data=st.data())
def test_an_image_that_moves_a_stride_moves_its_convolution_a_window(
    where: tuple[Windows, int], data: st.DataObject
) -> None:
    on, axis = where
    check_that_a_stride_is_a_window(data.draw(calls("conv", on=on)), on, axis)


@each
@pytest.mark.parametrize("operator", ["max_pool", "avg_pool"])
@given(where=poolable, data=st.data())
def test_an_image_that_moves_a_stride_moves_its_pooling_a_window(
    operator: str, where: tuple[Windows, int], data: st.DataObject
) -> None:
    on, axis = where
    check_that_a_stride_is_a_window(data.draw(calls(operator, on=on)), on, axis)


def ties(*shape: int, seed: int) -> Array:
    """Draw from -2 to 1: most windows hold their maximum several times, and the first maximum must stay the first."""
    return np.random.default_rng(seed).integers(-2, 2, shape).astype(np.float64)


@many
@given(where=poolable, data=st.data())
def test_an_index_moves_by_the_elements_of_a_stride(where: tuple[Windows, int], data: st.DataObject) -> None:
    on, axis = where
    call = data.draw(calls("max_pool_argmax", ties, on))
    value = call.tensors["value"]
    further = moved(value, axis, on.strides[axis], ties(*value.shape, seed=11))
    pool: Any = Oracle().operators.max_pool_argmax
    (_, first), (_, second) = pool(value, **call.arguments), pool(further, **call.arguments)
    here, there = (along(axis, part) for part in inside(on, axis))
    step = on.strides[axis] * prod(value.shape[2 + axis :])
    np.testing.assert_array_equal(second[there], first[here] + step, strict=True)


@each
@pytest.mark.parametrize("operator", ["conv_transpose", "avg_unpool"])
@given(on=windows(), data=st.data())
def test_a_value_that_moves_a_window_moves_the_image_a_stride(operator: str, on: Windows, data: st.DataObject) -> None:
    """Put a window of zeros in front, and make the image a stride longer: all earlier elements are still there."""
    axis = data.draw(st.integers(0, len(on.image) - 1))
    call = data.draw(calls(operator, on=on))
    value, stride = call.tensors["value"], on.strides[axis]
    shape = list(call.arguments["output_shape"])
    shape[1 + axis] += stride
    longer = replace(call, arguments=call.arguments | {"output_shape": tuple(shape)})
    zeros = np.zeros_like(value[along(axis, slice(1))])
    further = longer(value=np.concatenate([zeros, value], axis=1 + axis))
    np.testing.assert_array_equal(further[along(axis, slice(stride, None))], call(), strict=True)


@each
@given(on=windows(largest_padding=0), data=st.data())
def test_indices_that_move_by_a_step_move_what_is_unpooled(on: Windows, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(on.image) - 1))
    call = data.draw(calls("max_unpool", on=on))
    stride = on.strides[axis]
    places = np.arange(prod(on.image)).reshape(1, *on.image)[along(axis, slice(max(on.image[axis] - stride, 0)))]
    indices = distinct_indices(len(call.tensors["value"]), on.counts, places.ravel(), seed=5)
    here, there = call(indices=indices), call(indices=indices + stride * prod(on.image[axis + 1 :]) * 2)
    np.testing.assert_array_equal(there, moved(here, axis, stride, np.zeros_like(here)), strict=True)
