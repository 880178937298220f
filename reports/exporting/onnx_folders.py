"""A case as a folder of ONNX's backend tests, which ``onnx.backend.test.loader`` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np

from adapters.base import NotSupported
from adapters.onnx.files import files
from cases.model.case import Case
from reports.exporting.vector import NoVectorError, Vector, vector

SETTINGS: Final = "data.json"
"""The file from which the loader of ONNX's tests takes a tolerance."""


class OnnxFolders:
    """A folder of tests: ``<operator>/test_<topic>-<name>/``. The operator is what ONNX's loader calls a kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, case: Case) -> None:
        """Write a case's folder.

        Raises:
            NoVectorError: if ONNX's tests can't have the case.
            OSError: if a file can't be written.
        """
        if case.invalid is not None:
            msg = "a wrong call, which ONNX's tests can't have"
            raise NoVectorError(msg)
        found = vector(case)
        try:
            contents = files(case, found.inputs, found.expected)
        except NotSupported as error:
            raise NoVectorError(str(error)) from error
        folder = self._folder / case.operator / f"test_{_name(case)}"
        for path, content in (contents | {SETTINGS: _settings(found)}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)

    def finish(self) -> Path:
        """Return the path of the folder."""
        return self._folder


def _name(case: Case) -> str:
    """Return a name that no other case of the operator has."""
    *folders, topic = case.file.removeprefix("cases/").removesuffix(".yaml").split("/")
    return "-".join([*(folder for folder in folders if folder != case.operator), topic, case.name])


def _settings(of: Vector) -> bytes:
    """Return the case's id, and the tolerance of ONNX's tests: one number for all elements.

    It is 0 but in the bounded tier: there it is the largest bound, since the tests compare with the rounded result.
    """
    atol = 0.0
    for name, bound in of.bounds.items():
        rounding = np.abs(of.expected[name].astype(np.float64) - of.exact[name])
        atol = max(atol, float((bound + rounding).max(initial=0.0)))
    return (json.dumps({"id": of.case.id, "rtol": 0.0, "atol": atol}) + "\n").encode()
