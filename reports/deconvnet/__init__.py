"""A look into a network: every framework projects the strongest activations of a layer back to pixels."""

from typing import Final

WIDTH: Final = 8
SCALINGS: Final = ("unit", "caffe-rgb", "caffe-bgr", "torchvision")
