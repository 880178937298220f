"""The filters of a file, by the project's names, and the check that they fit the network."""

from __future__ import annotations

from pathlib import Path

from cases.loading.vgg_weights import WeightsError, read
from cases.model.fill import Array
from reports.deconvnet.network import TwoWayNetwork
from reports.recording.options import UsageError

FIRST = "conv1_1_filter"


def weights(path: Path) -> dict[str, Array]:
    """Read the filters and biases of a file, and return them by the project's names.

    Raises:
        UsageError: if the file can't be used.
    """
    try:
        return read(path)
    except WeightsError as error:
        msg = f"--weights {error}"
        raise UsageError(msg) from None


def fitting(network: TwoWayNetwork, path: Path, found: dict[str, Array]) -> dict[str, Array]:
    """Return those of a file's filters and biases that the network takes.

    Raises:
        UsageError: if one has not the shape that VGG16 has with this number of channels in its first layer.
    """
    for name in network.weights:
        wanted, shape = network.forward.inputs[name].shape, found[name].shape
        if shape != wanted:
            width = found[FIRST].shape[-1]
            msg = f"--weights {path}: {name} is {shape}, and with {width} channels in conv1_1 VGG16 has {wanted}"
            raise UsageError(msg)
    return {name: found[name] for name in network.weights}
