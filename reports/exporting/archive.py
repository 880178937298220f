"""Arrays as an ``.npz`` file whose bytes depend on the arrays alone. ``numpy.savez`` writes the time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from reports.judging.compare import Arrays

BITS: Final = "uint16"
"""The dtype of arrays that hold the bits of bfloat16, because NumPy has no bfloat16."""
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The first date that a ZIP file can hold."""
_MODE: Final = 0o644 << 16
_UNIX: Final = 3


def write(path: Path, arrays: Arrays) -> None:
    """Write arrays by name to ``path``, little-endian and in C order.

    They are not compressed: each version of zlib makes other bytes, and a reader without zlib can read the files.

    Raises:
        OSError: if the file can't be written.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _DATE)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, _npy(array))


def bfloat16_bits(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the bits of an array of bfloat16, or of a float32 array whose elements bfloat16 can hold."""
    if array.dtype.name == "bfloat16":
        return array.view(BITS)
    return (np.asarray(array, np.float32).view(np.uint32) >> np.uint32(16)).astype(BITS)


def _npy(array: npt.NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(stream, little, version=(1, 0), allow_pickle=False)
    return stream.getvalue()
