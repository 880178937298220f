"""What two programs returned, compared: bits, signs of zeros, rounding and other values are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.outcome import Returned
from reports.commands.verbs import main
from reports.surfaces.meaning import meaning
from reports.surfaces.reading import read_all
from reports.surfaces.verifying import ROUNDED, SAME, ZEROS, arrays, compared

ONE = np.array([1.0, 0.0, 3.0], np.float32)


def _returned(array: np.ndarray, **more: np.ndarray) -> Returned:
    return Returned(arrays={"output": array, **more})


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (ONE.copy(), SAME),
        (np.array([1.0, -0.0, 3.0], np.float32), ZEROS),
        (np.nextafter(ONE, np.float32(9)) * (ONE != 0), ROUNDED),
        (ONE + 1, "other values: 3 of 3"),
        (ONE[:2], "another shape: (2,)"),
        (ONE.astype(np.float64), "another dtype: float64"),
    ],
)
def test_bits_are_told_from_all_else(other: np.ndarray, verdict: str) -> None:
    assert compared(_returned(ONE), _returned(other)).startswith(verdict)


def test_other_indices_are_other_answers() -> None:
    one, other = np.array([1, 2, 3]), np.array([1, 2, 4])
    assert compared(_returned(ONE, indices=one), _returned(ONE, indices=other)) == "other indices"


def test_pooling_is_tried_on_numbers_below_zero() -> None:
    """Else a padding of zeros would be as good as none."""
    found = arrays(meaning(read_all("F.max_pool2d(x, 3, padding=1)"), {"x": (1, 2, 4, 4)}))
    assert found["x"].max() < 0


CALL = ["F.conv_transpose2d(x, w, stride=2)", "--shapes", "x=1,2,4,4", "w=2,3,3,3"]


def test_a_call_is_printed_in_the_frameworks_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", *CALL, "--to", "tensorflow,jax", "--no-run"]) == 0
    printed = capsys.readouterr().out
    assert "# tensorflow: not run" in printed
    assert "output_shape=(1, 9, 9, 3)" in printed
    assert "# torch" not in printed


def test_what_is_not_installed_is_not_run_and_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", *CALL, "--to", "tensorflow"]) == 0
    assert "not run here: No module named 'torch'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["translate", "F.conv2d(x)"], "lacks the argument 'weight'"),
        (["translate", *CALL, "--to", "caffe"], "there is no such framework"),
        (["translate", *CALL, "--backend", "mkl"], "there is no choice here"),
        (["translate", CALL[0], "--shapes", "x=1,a"], "give a tensor's shape as x=1,16,8,8"),
        (["translate", CALL[0], "--shapes", "x=1,0"], "a size is below 1"),
        (["say", "deconv"], "is no operator and no case's id"),
        (["say", "conv", "kernel"], "write KEY=VALUE"),
        (["say", "conv", "kernal=3"], "did you mean 'kernel'"),
        (["say", "cases/conv/strides.yaml::none"], "no case has the id"),
    ],
)
def test_a_slip_on_the_command_line_gets_its_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_call_of_the_suite_s_words_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["say", "conv_transpose", "kernel=3", "strides=2", "image=16,16", "padding=same", "--to", "tensorflow"]
    assert main(arguments) == 0
    assert "output_shape=(1, 16, 16, 3), strides=(2, 2), padding='SAME')" in capsys.readouterr().out
