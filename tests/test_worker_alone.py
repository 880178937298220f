"""A worker needs the standard library, NumPy and its framework, on Python 3.10 and later: tried in fresh processes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.engine.handle import Missing
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool

ALONE = Path(__file__).parent / "worker_alone.py"


def has_numpy(python: str) -> bool:
    return subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("version", ["this", "3.10"])
def test_a_worker_imports_and_answers_with_numpy_alone(version: str, tmp_path: Path) -> None:
    """With Python 3.10 where the PATH has one with NumPy; ``.ci/run`` makes one, and runs the same program with it."""
    python = sys.executable if version == "this" else shutil.which("python3.10")
    if python is None or not has_numpy(python):
        pytest.skip("no python3.10 on the PATH has NumPy; .ci/run makes one")
    done = subprocess.run([python, str(ALONE)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("answers returned returned\n")


@pytest.mark.parametrize("framework", ["tensorflow", "torch", "jax", "flax", "onnx"])
def test_a_framework_that_is_not_there_is_missing_and_is_not_our_adapter_of_its_name(framework: str) -> None:
    """``adapters/torch`` is a package called torch to an interpreter that looks for modules in ``adapters``."""
    if importlib.util.find_spec(framework):
        pytest.skip(f"{framework} is installed in this interpreter")
    with Pool(start_limit=20) as pool:
        (missing,) = pool.probe([resolve(framework)])
    assert isinstance(missing, Missing), missing
    assert missing.message == f"No module named {framework!r}"
