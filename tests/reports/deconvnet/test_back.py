"""The way back, compared with projections that are computed here, element by element, without the suite's operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.oracle import Oracle
from adapters.worker import pipeline
from cases.model.fill import fill
from reports.deconvnet.choose import Activation, alone, receptive_field, strongest
from reports.deconvnet.network import TwoWayNetwork, build

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


def _forward(network: TwoWayNetwork) -> Arrays:
    inputs = fill(network.forward)
    return inputs | pipeline.run(Oracle(), network.forward, inputs, lambda _: None)


def _projected(network: TwoWayNetwork, tensors: Arrays, kept: Activation) -> Array:
    inputs = {name: tensors[name] for name in network.back.inputs}
    inputs[network.activations] = alone(tensors[network.activations], kept)
    pixels: Array = pipeline.run(Oracle(), network.back, inputs, lambda _: None)[network.pixels][0]
    return pixels


def _spread(value: Array, filter: Array) -> Array:  # noqa: A002 - the field's word
    """Return the transpose of a 3 x 3 convolution that pads by one: each element adds the filter around its place."""
    height, width, _ = value.shape
    full = np.zeros((height + 2, width + 2, filter.shape[2]))
    for y, x in np.ndindex(height, width):
        full[y : y + 3, x : x + 3] += filter.astype(np.float64) @ value[y, x].astype(np.float64)
    return full[1:-1, 1:-1]


def _unpooled(value: Array, source: Array) -> Array:
    """Put each element where its 2 x 2 window of the forward pass has its maximum; a last window may be cut."""
    result = np.zeros(source.shape)
    for y, x, channel in np.ndindex(*value.shape):
        window = source[2 * y : 2 * y + 2, 2 * x : 2 * x + 2, channel]
        row, column = np.unravel_index(int(window.argmax()), window.shape)
        result[2 * y + row, 2 * x + column, channel] = value[y, x, channel]
    return result


def test_from_the_first_layer_back_is_the_filter_itself_times_the_activation() -> None:
    network = build("conv1_1", 9, 4)
    tensors = _forward(network)
    for kept in strongest(tensors["relu1_1"], 4):
        framed = np.zeros((11, 11, 3), np.float32)
        framed[kept.y : kept.y + 3, kept.x : kept.x + 3] = (
            np.float32(kept.value) * tensors["conv1_1_filter"][..., kept.channel]
        )
        assert np.array_equal(_projected(network, tensors, kept), framed[1:-1, 1:-1])


def test_through_a_pooling_it_is_filter_switches_rectified_filter_filter() -> None:
    """15 is odd, so the last windows of the pooling are cut."""
    network = build("conv2_1", 15, 3)
    tensors = _forward(network)
    for kept in strongest(tensors["relu2_1"], 3):
        value = alone(tensors["relu2_1"], kept)[0]
        pooled = _spread(value, tensors["conv2_1_filter"])
        image = np.maximum(_unpooled(pooled, tensors["relu1_2"][0]), 0)
        first = np.maximum(_spread(image, tensors["conv1_2_filter"]), 0)
        expected = _spread(first, tensors["conv1_1_filter"])
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(_projected(network, tensors, kept), expected, rtol=1e-4, atol=1e-6)


def test_a_projection_lies_inside_its_field_and_fills_much_of_it() -> None:
    network = build("conv3_1", 40, 2)
    tensors = _forward(network)
    for kept in strongest(tensors["relu3_1"], 4):
        pixels = _projected(network, tensors, kept)
        field = receptive_field(network.forward.steps, kept)
        outside = pixels.copy()
        field.of(outside)[:] = 0
        assert not outside.any()
        assert np.count_nonzero(field.of(pixels).any(axis=-1)) > 50
