"""Looking into a network: the strongest activations of a layer, projected back to pixels by every framework."""

from typing import Final

WIDTH: Final = 8
SCALINGS: Final = ("unit", "caffe-rgb", "caffe-bgr", "torchvision")
