"""The shape laws: from an image to its windows, and back to every image that has as many windows.

Drawn windows have one to three axes, any padding and any dilations. The laws hold for each axis alone.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given, settings

from cases.model import rules, shapes
from cases.model.case import Case, TensorSpec
from tests.cases.laid import Place, Windows, windows

many = settings(max_examples=100, deadline=None)
LONGEST = 30  # far longer than any image that is drawn


def tensor(*shape: int) -> TensorSpec:
    return TensorSpec(shape=shape, dtype="float32", fill="integers")


def forward(on: Windows) -> Case:
    inputs = {"value": tensor(2, *on.image, 3), "filter": tensor(*on.kernel, 3, 4)}
    return Case(id="forward", operator="conv", inputs=inputs, **arguments(on))


def back(on: Windows, image: Place) -> Case:
    """Return the case of the transpose, from these windows to an image of any size."""
    inputs = {"value": tensor(2, *on.counts, 4), "filter": tensor(*on.kernel, 3, 4)}
    return Case(id="back", operator="conv_transpose", inputs=inputs, output_shape=(2, *image, 3), **arguments(on))


def arguments(on: Windows) -> dict[str, Any]:
    return {"strides": on.strides, "padding": on.padding, "dilations": on.dilations}


def around(image: int, stride: int) -> range:
    """Return the sizes up to more than a stride below and above ``image``."""
    return range(max(image - stride - 1, 0), image + stride + 2)


@many
@given(on=windows())
def test_an_image_has_the_windows_that_can_be_laid_on_it(on: Windows) -> None:
    assert shapes.padding_pairs(forward(on)) == on.pads
    assert shapes.output_shape(forward(on)) == (2, *on.counts, 4)
    assert shapes.axes(forward(on)) == shapes.axes(back(on, on.image))
    assert rules.broken(forward(on)) is None
    assert rules.broken(back(on, on.image)) is None


@many
@given(on=windows())
def test_an_output_shape_is_admissible_if_it_convolves_back_and_only_then(on: Windows) -> None:
    for image in product(*(around(*sizes) for sizes in zip(on.image, on.strides, strict=True))):
        convolved = shapes.window_counts(forward(replace(on, image=image)))
        broken = rules.broken(back(on, image))
        assert (broken is None) == (convolved == on.counts)
        assert broken is None or (broken.rule, broken.argument) in {("shape", "output_shape"), ("size", "output_shape")}


@many
@given(on=windows())
def test_a_stride_of_neighbouring_images_has_as_many_windows(on: Windows) -> None:
    """Try all neighbouring sizes. An image has at least 0 elements, even if padding is longer than the full result."""
    for number, axis in enumerate(shapes.axes(forward(on))):
        least = {"VALID": axis.full, "SAME": (axis.count - 1) * axis.stride + 1}
        first = least.get(on.padding, axis.full - axis.before - axis.after)
        images = [replace(on, image=(*on.image[:number], size, *on.image[number + 1 :])) for size in range(LONGEST)]
        found = [size for size, image in enumerate(images) if shapes.window_counts(forward(image)) == on.counts]
        assert found == list(range(max(first, 0), first + axis.stride))
        assert axis.image in found


@many
@given(on=windows())
def test_same_has_a_window_a_stride_whatever_its_size(on: Windows) -> None:
    same = forward(replace(on, padding="SAME"))
    assert shapes.window_counts(same) == tuple(
        (image + stride - 1) // stride for image, stride in zip(on.image, on.strides, strict=True)
    )
    assert shapes.axes(replace(same, padding=shapes.padding_pairs(same))) == shapes.axes(same)


@many
@given(on=windows())
def test_the_full_result_is_as_long_as_the_windows_reach(on: Windows) -> None:
    """Check (n - 1) * stride + (kernel - 1) * dilation + 1: the padded image is 0 to stride - 1 longer."""
    for axis, starts, (before, after) in zip(shapes.axes(forward(on)), on.starts, on.pads, strict=True):
        places = [start + tap * axis.dilation for start in starts for tap in range(axis.kernel)]
        assert axis.full == max(places) - min(places) + 1
        assert axis.full == (axis.count - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
        assert axis.full <= before + axis.image + after < axis.full + axis.stride
        assert axis.covered == max(places) + 1
