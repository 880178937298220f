"""What crosses the pipe comes out as it went in."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adapters.wire import pack, unpack

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", "complex128"])
def test_arrays_keep_dtype_shape_and_bytes(dtype: str) -> None:
    array = np.arange(24).astype(dtype).reshape(2, 3, 4)
    for view in (array, array.T, array[:, ::2], array[:0], array[0, 0, 0, ...]):
        received = unpack(pack("returned", {}, {"output": view})).arrays["output"]
        assert (received.dtype, received.shape, received.tobytes()) == (view.dtype, view.shape, view.tobytes())


def test_special_values_keep_their_bits() -> None:
    array = np.array([0x7FC00001, 0xFFC00002, 0x80000000, 0x7F800000], dtype="uint32").view("float32")
    assert unpack(pack("returned", {}, {"output": array})).arrays["output"].tobytes() == array.tobytes()


def test_texts_and_numbers_that_execnet_refuses_pass() -> None:
    body = {"message": "lone \udc80, \0 and é", "low": -(2**40), "minus": -0.0, "endless": math.inf}
    received = unpack(pack("raised", body)).body
    assert received == body
    assert math.copysign(1, received["minus"]) == -1


def test_bfloat16_is_known_to_a_parent_that_has_not_met_it() -> None:
    script = (
        "import sys; from adapters.wire import unpack\n"
        "assert 'ml_dtypes' not in sys.modules\n"
        'wire = (\'["returned", {}, [["output", "bfloat16", [2]]], 0]\', (bytes([128, 63, 0, 192]),))\n'
        "print(unpack(wire).arrays['output'].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[1.0, -2.0]\n"
