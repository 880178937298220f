"""Case files that a test writes, and what a run of them left on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FAKES = "tests.reports.fakes"
HEAD = "operator: conv_transpose\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
PLUGINS = ("-p", "conftest", "-p", "no:hypothesispytest")  # whose closing import takes a second
Ask = Callable[..., pytest.RunResult]


def case_file(folder: Path, *names: str, topic: str = "topic") -> Path:
    """Write a case file with an entry for each name; what follows a name in its text is more of the entry."""
    path = folder / "cases" / f"{topic}.yaml"
    path.parent.mkdir(exist_ok=True)
    entries = (f"  - {{name: {name}, image: [5, 6], kernel: [3, 3], strides: 2}}\n" for name in names)
    path.write_text(HEAD + "".join(entries), encoding="utf-8")
    return path


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Return the records of one kind that the run below a folder holds."""
    lines = (folder / "report" / "run.jsonl").read_text(encoding="utf-8").splitlines()
    return [record for record in map(json.loads, lines) if record["record"] == kind]
