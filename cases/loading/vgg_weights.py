"""Real filters of VGG16, from a file. They replace the filters that a fill rule gives a pipeline.

Three conventions are known. torchvision: ``features.0.weight`` [out, in, height, width]. Keras: ``block1_conv1/kernel``
[height, width, in, out]. The archive that was converted from Caffe: ``conv1_1_W``, with the axes of Keras.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from cases.model.case import Case, TensorSpec

Array = npt.NDArray[Any]

LAYERS: Final = tuple(f"conv{block}_{i + 1}" for block, count in enumerate((2, 2, 3, 3, 3), 1) for i in range(count))
"""The convolutions, by the names that papers and files have in common."""
_TORCHVISION: Final = dict(zip((0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28), LAYERS, strict=True))
_NAME: Final = re.compile(r"(?:block|conv)(\d)_(?:conv)?(\d)\b|(?:block|conv)(\d)_(?:conv)?(\d)_|\bfeatures\.(\d+)\.")
_KIND: Final = re.compile(r"(?:^|[/_.])(W|kernel|weights?|filter|b|bias(?:es)?)(?:_\d+)?(?::0)?$")
_RANK: Final = 4


_UNREADABLE: Final = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, SafetensorError),
    *(ValueError, KeyError, TypeError, AttributeError, NotImplementedError),
)
"""The errors of reading a damaged or foreign file. Three libraries parse archives and headers."""


class WeightsError(Exception):
    """A file of filters that can't be used. The message is one line with the reason."""


def read(path: Path) -> dict[str, Array]:
    """Return the filters [height, width, in, out] and biases [out] of a file, by names like ``conv1_1_filter``.

    Raises:
        WeightsError: if the file can't be read, lacks a layer, or has a layer of another shape.
    """
    found: dict[str, Array] = {}
    for name, array in _arrays(path).items():
        layer, kind = _layer(name), _KIND.search(name)
        if layer and kind:
            role = "bias" if kind[1].startswith("b") else "filter"
            if f"{layer}_{role}" in found:
                msg = f"{path}: several arrays have the name of the {role} of {layer}, e.g. {name!r}; keep one"
                raise WeightsError(msg)
            found[f"{layer}_{role}"] = array.transpose(2, 3, 1, 0) if _is_torch(name, array) else array
    _check(path, found)
    return found


def _arrays(path: Path) -> dict[str, Array]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
    except _UNREADABLE as error:
        msg = f"{path}: cannot be read: {error}"
        raise WeightsError(msg) from None
    msg = f"{path}: filters must be in a NumPy archive (.npz) or a .safetensors file"
    raise WeightsError(msg)


def _layer(name: str) -> str:
    """Return the layer that an array's name means; empty if it means none of ``LAYERS``."""
    match = _NAME.search(name)
    if match is None:
        return ""
    if match[5]:
        return _TORCHVISION.get(int(match[5]), "")
    layer = f"conv{match[1] or match[3]}_{match[2] or match[4]}"
    return layer if layer in LAYERS else ""


def _is_torch(name: str, array: Array) -> bool:
    return array.ndim == _RANK and name.rpartition(".")[2] == "weight"


def _check(path: Path, found: Mapping[str, Array]) -> None:
    channels = 3
    for layer in LAYERS:
        for role, rank in (("filter", _RANK), ("bias", 1)):
            if f"{layer}_{role}" not in found:
                wanted = "the file needs VGG16's 13 convolutions, with the names of torchvision or Keras"
                msg = f"{path}: no {role} of {layer}; {wanted}"
                raise WeightsError(msg)
            if fault := _fault(found[f"{layer}_{role}"], rank):
                msg = f"{path}: the {role} of {layer} {fault}"
                raise WeightsError(msg)
        filter_shape, bias_shape = found[f"{layer}_filter"].shape, found[f"{layer}_bias"].shape
        if filter_shape[2] != channels or bias_shape != filter_shape[3:]:
            msg = f"{path}: {layer} has a filter {filter_shape} and a bias {bias_shape} for {channels} channels in"
            raise WeightsError(msg)
        channels = filter_shape[3]


def _fault(array: Array, rank: int) -> str:
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        return f"is {array.dtype}, which holds no real numbers"
    if array.ndim != rank:
        return f"has shape {array.shape}, but needs rank {rank}"
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    if not np.isfinite(narrow).all():
        return "holds NaN, infinities, or numbers too large for float32"
    return ""


def write(weights: Mapping[str, Array], archive: Path) -> None:
    """Write filters to a NumPy archive, by our names: ``with_weights`` reads it, and workers, which have only NumPy.

    Raises:
        OSError: if the archive can't be written.
    """
    arrays: dict[str, Any] = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}
    np.savez(archive, **arrays)


def with_weights(case: Case, archive: Path) -> Case:
    """Return the pipeline with the filters of an archive that ``write`` wrote; the pipeline itself if they don't fit.

    A pipeline with real filters is no longer ``slow``: a user who gives filters wants it to run.
    """
    with np.load(archive, allow_pickle=False) as file:
        named = sorted(case.inputs.keys() & set(file.files))
        fits = all(case.inputs[name].shape == file[name].shape for name in named)
    if not named or not fits:
        return case
    return replace(case, slow=False, inputs=case.inputs | dict(_from(archive, case, named)))


def _from(archive: Path, case: Case, names: Iterable[str]) -> Iterable[tuple[str, TensorSpec]]:
    return ((name, replace(case.inputs[name], fill="file", file=str(archive))) for name in names)
