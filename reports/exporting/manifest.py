"""The manifest: one JSON file that says of each exported case what to call, and how to judge what comes back.

``reports/README.md`` has its form as a table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import tomllib

from cases.model import shapes
from cases.model.case import ARGUMENTS, Case
from reports.exporting.archive import BITS
from reports.exporting.vector import Vector

VERSION: Final = 1
"""The version of the manifest's form."""
_SETTINGS: Final = Path(__file__).parents[2] / "pyproject.toml"
_JUDGED: Final = {
    "shape": "An answer has the shape and the dtype of expected_NAME.",
    "bits": "Each element equals that of expected_NAME. Where NaN is expected, any NaN is right. The sign of a zero "
    "counts, but not where either_sign_NAME is true; a file without this array marks none.",
    "bound": "Each element, as float64, differs from exact_NAME by no more than bound_NAME. NaN and infinities are "
    "exactly those of exact_NAME.",
}


def text(entries: Sequence[dict[str, Any]]) -> str:
    """Return the manifest's text, which has each case in a line of its own."""
    head = {"version": VERSION, "suite": suite_version(), "layout": "channels-last", "bfloat16": BITS}
    lines = ",\n".join(map(_line, entries))
    return f'{_line(head | {"judged": _JUDGED})[:-1]}, "cases": [\n{lines}\n]}}\n'


def suite_version() -> str:
    """Return the version of the suite: that of the clone, or of the installed package."""
    if _SETTINGS.is_file():
        return str(tomllib.loads(_SETTINGS.read_text(encoding="utf-8"))["project"]["version"])
    return metadata.version("deconform")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def entry(of: Vector, file: str) -> dict[str, Any]:
    """Return what the manifest says of a case whose arrays are in ``file``."""
    case = of.case
    said = {"id": case.id, "file": file, "operator": case.operator, "arguments": _arguments(case)}
    said |= {"gradients": list(case.gradients)} if case.gradients else {}
    said["inputs"] = {name: _input(of, name) for name in case.inputs}
    if case.broken is None:
        return said | {"tier": case.tier, "outputs": {name: _output(of, name) for name in of.expected}}
    broken = case.broken
    return said | {"error": {"rule": broken.rule, "argument": broken.argument, "reason": broken.reason}}


def _arguments(case: Case) -> dict[str, Any]:
    """Return the arguments by name. An argument that a call does not have is left out."""
    said = {name: getattr(case, name) for name in ARGUMENTS if name != "groups" or "filter" in case.inputs}
    found = {name: value for name, value in said.items() if value is not None}
    found |= {name: value for name, value in case.given.items() if name in ARGUMENTS}
    if case.broken is None:
        found |= {"dilations": shapes.dilations(case), "padding_pairs": shapes.padding_pairs(case)}
    found |= {"include_batch_in_index": True} if case.include_batch_in_index else {}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN and infinities, which JSON has not, as ``{"float": "nan"}``."""
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    is_special = isinstance(value, float) and not math.isfinite(value)
    return {"float": str(value)} if is_special else value


def _input(of: Vector, name: str) -> dict[str, Any]:
    """Return an input's dtype and shape, or what a wrong call has in place of a tensor."""
    if name in of.case.given:
        return {"given": _plain(of.case.given[name])}
    return {"dtype": of.case.inputs[name].dtype, "shape": list(of.inputs[name].shape)}


def _output(of: Vector, name: str) -> dict[str, Any]:
    array = of.expected[name]
    judged = "bound" if name in of.bounds else "bits"
    return {"dtype": array.dtype.name, "shape": list(array.shape), "judged": judged}
