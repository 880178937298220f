"""The choice of activations, and the parts of an image that they depend on: small networks, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.oracle import Oracle
from adapters.worker import pipeline
from cases.model.case import Step
from cases.model.fill import fill
from reports.deconvnet.choose import Activation, Box, alone, around, reach, receptive_field, strongest
from reports.deconvnet.network import build
from reports.recording.options import UsageError

NAN = float("nan")


def test_the_strongest_are_each_of_another_channel_the_greatest_first() -> None:
    """Channel 1 holds the two greatest elements of all, and counts once."""
    activations = np.zeros((1, 2, 3, 4), np.float32)
    activations[0, 1, 2, 1] = 9
    activations[0, 0, 0, 1] = 8
    activations[0, 0, 1, 3] = 7
    activations[0, 1, 0, 0] = 2
    assert strongest(activations, 3) == (
        Activation(channel=1, y=1, x=2, value=9.0),
        Activation(channel=3, y=0, x=1, value=7.0),
        Activation(channel=0, y=1, x=0, value=2.0),
    )


def test_of_equal_ones_the_first_counts() -> None:
    activations = np.full((1, 2, 2, 3), 5, np.float32)
    activations[0, 0, 0, 1] = 4
    assert [one.place for one in strongest(activations, 2)] == [(0, 0, 0), (1, 0, 1)]


def test_a_number_that_is_none_is_the_greatest() -> None:
    activations = np.array([[[[1, 2, NAN], [3, NAN, 0]]]], np.float32)
    assert [one.place for one in strongest(activations, 3)] == [(1, 0, 1), (2, 0, 0), (0, 0, 1)]


def test_all_others_become_zero() -> None:
    activations = np.arange(1, 13, dtype=np.float32).reshape(1, 2, 3, 2)
    sparse = alone(activations, Activation(channel=1, y=1, x=0, value=8.0))
    assert sparse.dtype == np.float32
    assert sparse[0].tolist() == [[[0, 0], [0, 0], [0, 0]], [[0, 8], [0, 0], [0, 0]]]


def _at(y: int, x: int) -> Activation:
    return Activation(channel=0, y=y, x=x, value=1.0)


def _steps(layer: str, size: int) -> tuple[Step, ...]:
    return build(layer, size, 1).forward.steps


@pytest.mark.parametrize(
    ("layer", "y", "x", "box"),
    [
        ("conv1_1", 5, 6, (4, 5, 7, 8)),  # one 3 x 3 filter
        ("conv1_2", 5, 6, (3, 4, 8, 9)),  # two: 5 x 5
        ("conv1_1", 0, 15, (0, 14, 2, 16)),  # half of it is padding
        ("conv2_1", 2, 3, (0, 2, 10, 12)),  # rows 2..7 under the pooling's windows 1..3, and two more on each side
        ("conv3_1", 2, 2, (0, 0, 16, 16)),
    ],
)  # fmt: skip
def test_a_field_is_what_the_windows_cover(layer: str, y: int, x: int, box: tuple[int, int, int, int]) -> None:
    found = receptive_field(_steps(layer, 16), _at(y, x))
    assert (found.top, found.left, found.bottom, found.right) == box


@pytest.mark.parametrize(
    ("layer", "side"), [("conv1_2", 5), ("conv2_2", 14), ("conv3_3", 40), ("conv4_3", 92), ("conv5_3", 196)]
)
def test_the_sides_of_vgg16_s_fields_are_those_of_the_literature(layer: str, side: int) -> None:
    """They are the same for an image that is smaller than a field."""
    assert reach(_steps(layer, 32)) == (side, side)


def test_no_pixel_outside_a_field_matters_and_those_at_its_edges_do() -> None:
    """The definition itself is asked, with changed pixels outside the field and with one changed at its edge."""
    network = build("conv2_1", 13, 1)
    inputs = {name: np.abs(array) for name, array in fill(network.forward).items()}  # so that no ReLU hides a change
    y, x = 3, 4

    def seen(image: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        arrays = pipeline.run(Oracle(), network.forward, inputs | {"image": image}, lambda _: None)
        return float(arrays[network.activations][0, y, x, 0])

    field, before = receptive_field(network.forward.steps, _at(y, x)), seen(inputs["image"])
    assert str(field) == "rows 2-11, columns 4-12"
    outside, inside = np.full_like(inputs["image"], 99), inputs["image"].copy()
    field.of(outside[0])[:] = field.of(inputs["image"][0])
    assert seen(outside) == pytest.approx(before)
    inside[0, field.top, field.left] += 99
    assert seen(inside) > before + 1


@pytest.mark.parametrize(
    ("field", "view"),
    [
        ((50, 50, 60, 60), (46, 46, 64, 64)),  # 10 and 4 on each side
        ((0, 95, 5, 100), (0, 82, 18, 100)),  # cut by two borders: as large, and inside
    ],
)
def test_a_view_surrounds_its_field_and_is_as_large_for_all(field: tuple[int, ...], view: tuple[int, ...]) -> None:
    names = ("top", "left", "bottom", "right")
    found = around(Box(**dict(zip(names, field, strict=True))), (10, 10), (100, 100, 3))
    assert tuple(getattr(found, name) for name in names) == view


def test_a_view_is_no_larger_than_the_image() -> None:
    field = Box(top=0, left=0, bottom=20, right=20)
    assert around(field, (92, 92), (20, 20, 3)) == field


def test_the_network_is_the_file_s_own() -> None:
    network = build("conv3_2", 20, 4)
    assert [step.name for step in network.forward.steps][-3:] == ["relu3_1", "conv3_2", "relu3_2"]
    assert [step.name for step in network.back.steps] == [
        "back_relu3_2", "back3_2", "back_relu3_1", "back3_1", "unpool2", "back_relu2_2", "back2_2",
        "back_relu2_1", "back2_1", "unpool1", "back_relu1_2", "back1_2", "back_relu1_1", "back1_1",
    ]  # fmt: skip
    assert (network.activations, network.pixels, network.channels) == ("relu3_2", "back1_1", 16)
    assert network.indices == ("pool2_indices", "pool1_indices")
    assert network.back.inputs["relu3_2"].shape == (1, 5, 5, 16)
    assert network.back.inputs["pool1_indices"].shape == (1, 10, 10, 4)
    assert network.back.inputs["pool1_indices"].dtype == "int64"
    assert network.forward.tier == "bounded"


def test_seeded_filters_are_the_same_for_every_layer_and_size() -> None:
    one, other = build("conv1_2", 20, 4).seeded(), build("conv2_1", 33, 4).seeded()
    assert all(np.array_equal(other[name], array) for name, array in one.items())


def test_an_unknown_layer_is_told_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"^--layer conv6_1: there is no such layer; there are: conv1_1, .*, conv5_3$"):
        build("conv6_1", 64, 1)


@pytest.mark.parametrize(("layer", "size"), [("conv2_1", 1), ("conv3_1", 2), ("conv4_3", 4), ("conv5_3", 8)])
def test_an_image_is_too_small_where_a_pooling_has_no_whole_window(layer: str, size: int) -> None:
    with pytest.raises(UsageError, match=f"^--size {size}: the image is too small for {layer}: pool. would have 1 x 1"):
        build(layer, size, 1)
    assert build(layer, size + 1, 1).layer == layer
