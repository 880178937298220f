"""What filters expect of an image: the order of its channels, and what is subtracted and divided by.

The filters of 2014 were trained in Caffe on BGR images of 0 to 255 with ImageNet's mean subtracted; Keras' files keep
that order, while the archive for TensorFlow with names like ``conv1_1_W`` has it turned to RGB. torchvision trained its
own, on RGB images of 0 to 1, each channel's mean subtracted and divided by its deviation.

Source: ``keras.applications.vgg16.preprocess_input``; https://www.cs.toronto.edu/~frossard/post/vgg16/;
``torchvision.models.VGG16_Weights.IMAGENET1K_V1``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

Array = npt.NDArray[Any]
_MEAN: Final = (123.68, 116.779, 103.939)
"""ImageNet's mean, red, green and blue, of 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """``mean`` is subtracted from red, green and blue of 0 to 255, then they are divided by ``deviation``.

    Where both are None, the image's own are taken, over all its elements.
    """

    name: str
    about: str
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    is_bgr: bool = False

    def apply(self, image: Array) -> Array:
        """The network's input [1, height, width, 3] of an RGB image [height, width, 3] of 0 to 255."""
        values = image.astype(np.float64)
        mean = values.mean() if self.mean is None else np.array(self.mean)
        deviation = (values.std() or 1.0) if self.deviation is None else np.array(self.deviation)
        return self.turned((values - mean) / deviation)[np.newaxis].astype(np.float32)

    def turned(self, pixels: Array) -> Array:
        """RGB in the order that the network wants, or what has that order as RGB; channels are the last axis."""
        return np.ascontiguousarray(pixels[..., ::-1] if self.is_bgr else pixels)


_ALL: Final = (
    Scaling(name="unit", about="RGB, the image's own mean subtracted, divided by its own deviation"),
    Scaling(
        name="caffe-rgb",
        about="RGB of 0 to 255, 123.68, 116.779 and 103.939 subtracted",
        mean=_MEAN,
        deviation=(1.0, 1.0, 1.0),
    ),
    Scaling(
        name="caffe-bgr",
        about="BGR of 0 to 255, 103.939, 116.779 and 123.68 subtracted",
        mean=_MEAN,
        deviation=(1.0, 1.0, 1.0),
        is_bgr=True,
    ),
    Scaling(
        name="torchvision",
        about="RGB of 0 to 1, 0.485, 0.456 and 0.406 subtracted, divided by 0.229, 0.224 and 0.225",
        mean=tuple(255 * mean for mean in (0.485, 0.456, 0.406)),
        deviation=tuple(255 * deviation for deviation in (0.229, 0.224, 0.225)),
    ),
)
SCALINGS: Final = {scaling.name: scaling for scaling in _ALL}


def convention(path: Path) -> str:
    """The scaling that a file of filters usually goes with, by how it names them."""
    return usual(_names(path))


def usual(names: Iterable[str]) -> str:
    """Keras' names speak of blocks, torchvision's of features."""
    text = " ".join(names)
    return "torchvision" if "features." in text else "caffe-bgr" if "block" in text else "caffe-rgb"


def _names(path: Path) -> list[str]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="numpy") as file:
            return list(file.keys())
    with np.load(path, allow_pickle=False) as archive:
        return list(archive.files)
