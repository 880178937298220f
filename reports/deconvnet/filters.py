"""The filters of a run: those of a file, or seeded ones."""

from __future__ import annotations

from pathlib import Path

from cases.loading.vgg_weights import WeightsError, read
from cases.model.fill import Array
from reports.deconvnet.network import Network
from reports.recording.options import UsageError

FIRST = "conv1_1_filter"


def weights(path: Path) -> dict[str, Array]:
    """Filters and biases of a file, by our names.

    Raises:
        UsageError: if it can't be used.
    """
    try:
        return read(path)
    except WeightsError as error:
        msg = f"--weights {error}"
        raise UsageError(msg) from None


def fitting(network: Network, path: Path, found: dict[str, Array]) -> dict[str, Array]:
    """What the network takes of a file's filters and biases.

    Raises:
        UsageError: if one has another shape than VGG16 has with as many channels in its first layer.
    """
    for name in network.weights:
        wanted, shape = network.forward.inputs[name].shape, found[name].shape
        if shape != wanted:
            width = found[FIRST].shape[-1]
            msg = f"--weights {path}: {name} is {shape}, and with {width} channels in conv1_1 VGG16 has {wanted}"
            raise UsageError(msg)
    return {name: found[name] for name in network.weights}
