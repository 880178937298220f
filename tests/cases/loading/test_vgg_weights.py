"""Real filters: the names and axes of each convention, and one line for each file that can't be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from cases.loading.load import load
from cases.loading.vgg_weights import LAYERS, WeightsError, read, with_weights, write
from cases.model.case import Case
from cases.model.fill import fill

Arrays = dict[str, Any]
VGG = Path(__file__).parents[3] / "cases" / "pipelines" / "vgg.yaml"
WIDTHS = (1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8)
TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def _filters(width: int = 2) -> Arrays:
    """Return filters and biases of every layer, with all elements different."""
    arrays: Arrays = {}
    channels, start = 3, 0
    for layer, factor in zip(LAYERS, WIDTHS, strict=True):
        shape = (3, 3, channels, factor * width)
        size = int(np.prod(shape))
        arrays[f"{layer}_filter"] = np.arange(start, start + size, dtype=np.float32).reshape(shape)
        arrays[f"{layer}_bias"] = -np.arange(shape[-1], dtype=np.float32)
        channels, start = shape[-1], start + size
    return arrays


def _layer(name: str) -> tuple[str, str]:
    layer, _, role = name.rpartition("_")
    return layer, role


def _torchvision(name: str) -> str:
    layer, role = _layer(name)
    return f"features.{TORCHVISION[LAYERS.index(layer)]}.{'bias' if role == 'bias' else 'weight'}"


def _keras(name: str) -> str:
    layer, role = _layer(name)
    return f"block{layer[4]}_conv{layer[6]}/{'bias' if role == 'bias' else 'kernel'}:0"


def _keras_old(name: str) -> str:
    layer, role = _layer(name)
    return f"block{layer[4]}_conv{layer[6]}_{'b' if role == 'bias' else 'W'}_1:0"


def _caffe(name: str) -> str:
    layer, role = _layer(name)
    return f"{layer}_{'b' if role == 'bias' else 'W'}"


@pytest.mark.parametrize("named", [_torchvision, _keras, _keras_old, _caffe, str])
@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_every_convention_gives_the_same_filters(tmp_path: Path, named: Callable[[str], str], ending: str) -> None:
    filters = _filters()
    turned = named is _torchvision
    arrays = {
        named(n): np.ascontiguousarray(a.transpose(3, 2, 0, 1) if turned and a.ndim == 4 else a)
        for n, a in filters.items()
    }
    arrays["classifier.0.weight"] = np.zeros((4, 4), np.float32)
    path = tmp_path / f"some.{ending}"
    if ending == "npz":
        packed: Arrays = {name.replace("/", "."): array for name, array in arrays.items()}
        np.savez(path, **packed)
    else:
        save_file(arrays, path)
    found = read(path)
    assert found.keys() == filters.keys()
    for name, array in filters.items():
        assert np.array_equal(found[name], array), name


def _narrow() -> Case:
    return next(case for case in load(VGG) if case.id.endswith("odd-rows-dropped-i37x45"))


def test_a_pipeline_takes_filters_that_fit_it(tmp_path: Path) -> None:
    write(_filters(), tmp_path / "w.npz")
    case = with_weights(_narrow(), tmp_path / "w.npz")
    tensors = fill(case)
    assert np.array_equal(tensors["conv3_2_filter"], _filters()["conv3_2_filter"])
    assert np.array_equal(tensors["conv3_2_bias"], _filters()["conv3_2_bias"])
    assert np.array_equal(tensors["image"], fill(_narrow())["image"])
    assert case.tier == "bounded"


def test_filters_of_another_width_leave_a_pipeline_as_it_is(tmp_path: Path) -> None:
    write(_filters(width=4), tmp_path / "w.npz")
    assert with_weights(_narrow(), tmp_path / "w.npz") == _narrow()


def test_a_slow_case_with_real_filters_is_asked(tmp_path: Path) -> None:
    write(_filters(width=64), tmp_path / "w.npz")
    full = next(case for case in load(VGG) if "full" in case.id)
    assert full.slow
    assert not with_weights(full, tmp_path / "w.npz").slow


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("conv4_2_bias"), "no bias of conv4_2; the file needs VGG16's 13 convolutions"),
        (lambda arrays: arrays.update(conv1_2_filter=np.zeros((3, 3, 5, 2))), "conv1_2 has a filter (3, 3, 5, 2) and "),
        (lambda arrays: arrays.update(conv1_2_filter=np.zeros((3, 3))), "the filter of conv1_2 has shape (3, 3), "),
        (
            lambda arrays: arrays.update(conv2_1_W=np.zeros((3, 3, 2, 4))),
            "several arrays have the name of the filter of ",
        ),
        (
            lambda arrays: arrays.update(conv1_2_bias=np.array(["a", "b"])),
            "the bias of conv1_2 is <U1, which holds no real numbers",
        ),
        (
            lambda arrays: arrays.update(conv1_2_bias=np.array([1j, 2])),
            "the bias of conv1_2 is complex128, which holds no real numbers",
        ),
        (
            lambda arrays: arrays.update(conv1_2_bias=np.array([1, np.nan])),
            "the bias of conv1_2 holds NaN, infinities, or numbers too large for float32",
        ),
        (
            lambda arrays: arrays.update(conv1_2_bias=np.array([1, 1e300])),
            "the bias of conv1_2 holds NaN, infinities, or numbers too large for float32",
        ),
        (
            lambda arrays: arrays.update(conv5_3_bias=np.zeros(1)),
            "conv5_3 has a filter (3, 3, 16, 16) and a bias (1,) ",
        ),
    ],
)
def test_a_file_that_lacks_something_is_told_in_a_line(
    tmp_path: Path, change: Callable[[Arrays], object], message: str
) -> None:
    arrays = _filters()
    change(arrays)
    path = tmp_path / "w.npz"
    np.savez(path, **arrays)
    with pytest.raises(WeightsError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.npz", b"no archive", "cannot be read: "),
        ("w.npz", b"PK\x03\x04 and no more of an archive", "cannot be read: "),
        ("w.safetensors", b"no archive", "cannot be read: "),
        ("w.pth", b"", "filters must be in a NumPy archive (.npz) or a .safetensors file"),
    ],
)
def test_a_file_that_is_none_is_told_in_a_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    for name in ("none.npz", "none.safetensors"):
        with pytest.raises(WeightsError, match=r"none\.\w+: cannot be read: .*No such file"):
            read(tmp_path / name)
