"""The scalings that filters expect of an image, by literal numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from reports import deconvnet
from reports.deconvnet.scaling import SCALINGS, convention

IMAGE = np.array([[[255, 0, 0], [0, 255, 51]]], np.uint8)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("caffe-rgb", [[131.32, -116.779, -103.939], [-123.68, 138.221, -52.939]]),
        ("caffe-bgr", [[-103.939, -116.779, 131.32], [-52.939, 138.221, -123.68]]),
        ("torchvision", [[2.248908, -2.035714, -1.804444], [-2.117904, 2.428571, -0.915556]]),
        ("unit", [[1.39691, -0.80874, -0.80874], [-0.80874, 1.39691, -0.36761]]),
    ],
)
def test_an_image_as_the_filters_expect_it(name: str, expected: list[list[float]]) -> None:
    found = SCALINGS[name].apply(IMAGE)
    assert (found.shape, found.dtype.name) == ((1, 1, 2, 3), "float32")
    np.testing.assert_allclose(found[0, 0], expected, atol=2e-4)


def test_a_projection_is_shown_in_red_green_and_blue() -> None:
    pixels = np.array([[[1, 2, 3]]])
    assert SCALINGS["caffe-bgr"].turned(pixels).tolist() == [[[3, 2, 1]]]
    assert SCALINGS["caffe-rgb"].turned(pixels).tolist() == [[[1, 2, 3]]]


def test_an_image_of_one_colour_is_zero() -> None:
    assert not SCALINGS["unit"].apply(np.full((2, 2, 3), 7, np.uint8)).any()


@pytest.mark.parametrize(
    ("layer", "name"),
    [("features.0.weight", "torchvision"), ("block1_conv1/kernel:0", "caffe-bgr"), ("conv1_1_W", "caffe-rgb")],
)
def test_a_file_s_names_tell_where_its_filters_are_from(layer: str, name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", **{layer: np.zeros(1)})  # type: ignore[arg-type] # by any name
    save_file({layer: np.zeros(1)}, tmp_path / "one.safetensors")
    assert convention(tmp_path / "one.npz") == name
    assert convention(tmp_path / "one.safetensors") == name


def test_the_command_knows_them_all() -> None:
    assert set(deconvnet.SCALINGS) == set(SCALINGS)
