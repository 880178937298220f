"""A case as one ``.npz`` file, and its entry in the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from cases.model.case import Case
from reports.exporting import archive, manifest
from reports.exporting.vector import Vector, vector

MANIFEST = "manifest.json"


class Npz:
    """A folder of ``.npz`` files, one a case, with a manifest that ``finish`` writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: list[dict[str, Any]] = []

    def add(self, case: Case) -> None:
        """Write a case's file.

        Raises:
            NoVectorError: if the case has no test vector.
            OSError: if the file can't be written.
        """
        found = vector(case)
        file = f"{case.file.removeprefix('cases/').removesuffix('.yaml')}/{case.name}.npz"
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        archive.write(path, dict(_arrays(found)))
        self._entries.append(manifest.entry(found, file))

    def finish(self) -> Path:
        """Write the manifest and return its path.

        Raises:
            OSError: if the manifest can't be written.
        """
        path = self._folder / MANIFEST
        path.write_text(manifest.text(self._entries), encoding="utf-8", newline="\n")
        return path


def _arrays(of: Vector) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield a case's arrays with their names in its file."""
    for name, spec in of.case.inputs.items():
        if name not in of.case.given:
            yield name, _held(of.inputs[name], spec.dtype)
    for name, array in of.expected.items():
        yield f"expected_{name}", _held(array, array.dtype.name)
    for kind, arrays in (("exact", of.exact), ("bound", of.bounds), ("either_sign", of.either_sign)):
        for name, array in arrays.items():
            yield f"{kind}_{name}", array


def _held(array: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """Return an array as the file holds it: bfloat16 as its bits."""
    return archive.bfloat16_bits(array) if dtype == "bfloat16" else array
