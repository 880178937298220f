"""A reproducer shows the answer when it is pasted into an interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cases
from adapters.oracle import Oracle
from cases.loading.load import load
from cases.model.case import Case
from reports.pages.reproducer import needs_clone, program, small
from tests.reports.making import make, right

ROOT = Path(__file__).parents[3]
LARGE = load(Path(cases.__file__).parent / "max_unpool" / "strides.yaml")[-1]


@pytest.mark.parametrize("case", [make("conv_transpose"), make("max_pool_argmax"), LARGE], ids=["small", "two", "file"])
def test_it_runs_and_shows_the_result(case: Case) -> None:
    text = program(case, Oracle().call(case))
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    output = right(case)["output"]
    with np.printoptions(threshold=1000):
        assert f"output\n{output.shape}\nfloat64\n{output.astype('float64')}\n" in done.stdout


def test_a_large_input_is_made_in_the_clone() -> None:
    large = make("conv_transpose", image=[20, 20], in_channels=5)
    assert needs_clone(large)
    assert "from cases.model.fill import fill" in program(large, "")
    assert not needs_clone(make("conv_transpose"))
    assert "from cases.model.fill import fill" not in program(make("conv_transpose"), "")


def test_a_large_case_of_a_file_runs() -> None:
    found = next(filter(needs_clone, load(Path(cases.__file__).parent / "conv_transpose" / "rounding.yaml")))
    text = program(found, Oracle().call(found))
    assert "from cases.loading.load import load" in text
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"output\n{right(found)['output'].shape}\n")


def test_a_large_array_is_shortened() -> None:
    assert "..." in small(np.zeros(1000))
    assert small(np.array([1.0, 2.5])) == "[1.  2.5]"


@pytest.mark.parametrize(
    ("change", "last"), [(0.0, "0 of 96 differ"), (2.0, "1 of 96 differ"), (np.nan, "1 of 96 differ")]
)
def test_it_counts_what_differs_from_the_expected_result(change: float, last: str) -> None:
    case = make("conv_transpose")
    expected = right(case)["output"].astype("float64")
    expected.flat[-1] += change
    text = program(case, Oracle().call(case), ("output", expected))
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == last.replace("96", str(expected.size)), done.stderr
