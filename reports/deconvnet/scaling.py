"""The scaling of an image that filters expect: the order of channels, and the numbers to subtract and to divide by.

The filters of 2014 were trained in Caffe on BGR images of 0 to 255, from which ImageNet's mean was subtracted. Keras'
files keep that order; the archive for TensorFlow with names like ``conv1_1_W`` has the order RGB. torchvision trained
filters of its own on RGB images of 0 to 1, from which each channel's mean was subtracted and which were then divided by
the channel's deviation.

Source: ``keras.applications.vgg16.preprocess_input``; https://www.cs.toronto.edu/~frossard/post/vgg16/;
``torchvision.models.VGG16_Weights.IMAGENET1K_V1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

Array = npt.NDArray[Any]
_MEAN: Final = (123.68, 116.779, 103.939)
"""ImageNet's mean of red, green and blue, on the scale of 0 to 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A scaling: ``mean`` is subtracted from red, green and blue of 0 to 255; then they are divided by ``deviation``.

    If both are None, the image's own mean and deviation over all its elements are taken.
    """

    name: str
    about: str
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    is_bgr: bool = False

    def apply(self, image: Array) -> Array:
        """Turn an RGB image [height, width, 3] of 0 to 255 into the network's input [1, height, width, 3]."""
        values = image.astype(np.float64)
        mean = values.mean() if self.mean is None else np.array(self.mean)
        deviation = (values.std() or 1.0) if self.deviation is None else np.array(self.deviation)
        return self.turned((values - mean) / deviation)[np.newaxis].astype(np.float32)

    def turned(self, pixels: Array) -> Array:
        """Change pixels [..., 3] from RGB to the network's order of channels, or from that order back to RGB."""
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
    """Return the name of the scaling that goes with a file of filters, judged by the names in the file."""
    names = " ".join(_names(path))
    if "features." in names:
        return "torchvision"
    return "caffe-bgr" if "block" in names else "caffe-rgb"  # Keras names its layers by blocks


def _names(path: Path) -> list[str]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="numpy") as file:
            return list(file.keys())
    with np.load(path, allow_pickle=False) as archive:
        return list(archive.files)
