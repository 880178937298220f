"""The texts of calls in ONNX's words, for which no ONNX is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.onnx import Onnx, OnnxRuntime, stage
from adapters.program import call_lines
from tests.reports.making import make

ROOT = Path(__file__).parents[3]
INVALID = {"rule": "type", "reason": "so that it should fail"}


def nodes(*given: Any, **fields: Any) -> list[str]:
    """The lines of a call's nodes, without the function that makes them."""
    lines = Onnx().call(make(*given, **fields)).splitlines()
    return [line.strip().removeprefix("helper.make_node").rstrip(",") for line in lines if "helper.make_node" in line]


@pytest.mark.parametrize(
    ("operator", "fields", "expected"),
    [
        ("conv", {"padding": "SAME"}, "strides=(2, 2), auto_pad='SAME_UPPER'"),
        ("conv", {"padding": [[1, 2], [0, 1]]}, "strides=(2, 2), pads=(1, 0, 2, 1)"),
        ("conv", {"strides": 1, "dilations": 2}, "strides=(1, 1), auto_pad='VALID', dilations=(2, 2)"),
        ("conv", {"in_channels": 4, "out_channels": 2, "groups": 2}, "strides=(2, 2), auto_pad='VALID', group=2"),
        # the full result has 7 and 7 elements: a row is added behind it, and a column is cut on each side
        (
            "conv_transpose",
            {"image": [8, 5], "padding": [[0, 0], [1, 1]]},
            "strides=(2, 2), pads=(0, 1, 0, 1), output_padding=(1, 0)",
        ),
        ("max_pool", {"padding": "VALID"}, "kernel_shape=(2, 2), strides=(2, 2), auto_pad='VALID'"),
        (
            "max_pool",
            {"padding": "VALID", "ceil_mode": "drop"},
            "kernel_shape=(2, 2), strides=(2, 2), pads=(0, 0, 0, 0), ceil_mode=1",
        ),
        (
            "avg_pool",
            {"divisor": "padded", "padding": [[1, 0], [1, 1]]},
            "kernel_shape=(2, 2), strides=(2, 2), pads=(1, 1, 0, 1), count_include_pad=1",
        ),
    ],
)
def test_a_call_is_said_in_onnx_s_words(operator: str, fields: dict[str, Any], expected: str) -> None:
    (line,) = nodes(operator, **fields)
    assert line.partition('["output"], ')[2] == f"{expected})"


def test_a_divisor_is_a_quotient_of_sums() -> None:
    first, second = nodes("avg_pool", divisor=3, padding="VALID")
    assert first.startswith('("Conv", ["value", "ones"], ["sums"], strides=(2, 2), ')
    assert second == '("Div", ["sums", "counts"], ["output"])'


def test_unpooling_says_its_output_shape_where_the_windows_do_not_tell() -> None:
    told, untold = (nodes("max_unpool", image=image, padding="VALID") for image in ([6, 8], [7, 8]))
    assert '["value", "flat"]' in told[0]
    assert '["value", "flat", "output_shape"]' in untold[0]


def test_average_unpooling_is_a_transposed_convolution_of_each_channel() -> None:
    text = Onnx().call(make("avg_unpool", padding="VALID"))
    channels = make("avg_unpool", padding="VALID").inputs["value"].shape[-1]
    assert f"group={channels})" in text
    assert f'numpy_helper.from_array(np.ones(({channels}, 1, 2, 2), "float32"), "ones")' in text


def test_indices_are_canonical_and_native() -> None:
    text = Onnx().call(make("max_pool_argmax", padding="VALID"))
    assert "places = result[1] - np.arange(" in text, "an index that counts within a plane alone would pass"
    assert " * 42  # flat over a plane" in text
    assert '"native_indices": result[1].transpose' in text


def test_no_channels_are_one_group() -> None:
    text = Onnx().call(make("avg_unpool", padding="VALID", channels=0))
    assert "group=1)" in text
    assert "np.ones((0, 0, 2, 2)" in text


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"strides": "two"}, "strides='two'"),
        ({"padding": [1, 1]}, "pads=(1, 1)"),
        ({"strides": None}, "strides=None"),
        ({"groups": 1.5}, "group=1.5"),
    ],
)
def test_a_wrong_argument_stands_in_the_model(given: dict[str, Any], word: str) -> None:
    assert word in nodes("conv", given=given, invalid=INVALID)[0]


def test_a_wrong_output_shape_is_said_as_such() -> None:
    wrong = {"rule": "shape", "reason": "one row more"}
    (line,) = nodes("conv_transpose", strides=1, padding="SAME", excess=[0, 1, 0, 0], invalid=wrong)
    assert line.endswith("strides=(1, 1), auto_pad='SAME_UPPER', output_shape=(7, 7))")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"gradients": True}, "no gradients"),
        ({"given": {"data_format": 4}, "invalid": INVALID}, "no argument for data_format"),
    ],
)
def test_what_onnx_lacks_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotSupported, match=reason):
        Onnx().call(make("conv", **fields))


def test_the_session_is_the_call() -> None:
    """The model is built in the call too, so that what the helper refuses counts as refused."""
    optimized, plain = (OnnxRuntime(), OnnxRuntime())
    plain.mode = "plain"
    texts = [asked.call(make("conv")) for asked in (optimized, plain)]
    assert ["ORT_DISABLE_ALL" in text for text in texts] == [False, True]
    for text in texts:
        first, last = call_lines(text) or (0, 0)
        assert first == last
        assert "InferenceSession(model().SerializeToString()" in text.splitlines()[first - 1]


def test_bfloat16_is_cast() -> None:
    text = Onnx().call(make("conv", dtype="bfloat16"))
    assert "import ml_dtypes" in text.splitlines()
    assert "value = value.astype(ml_dtypes.bfloat16).transpose([0, 3, 1, 2])" in text.splitlines()


@pytest.mark.parametrize(("package", "expected"), [("onnxruntime.capi", "running"), ("adapters.onnx", "building")])
def test_only_the_backend_s_own_run_is_running(package: str, expected: str) -> None:
    names: dict[str, Any] = {"__name__": package}
    exec("def run():\n    raise ValueError('here')", names)  # noqa: S102
    with pytest.raises(ValueError, match="here") as caught:
        names["run"]()
    assert stage(caught.value) == expected


def test_the_example_of_a_backend_is_an_adapter() -> None:
    page = (ROOT / "adapters" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(from adapters\.onnx.*?)^```", page, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the page's own program
    lines = names["MyBackend"]().call(make("max_pool", padding="VALID")).splitlines()
    assert "from onnxruntime import backend" in lines
    call = 'result = backend.prepare(model(), device="CPU").run(list({"value": value}.values()))'
    assert call in lines
