"""What Keras is asked, as text: no Keras is needed to write it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.keras import Keras
from adapters.keras.modes import _chosen
from tests.reports.making import make


def call(operator: str, **fields: Any) -> str:
    """Return the line of a program that makes the call."""
    (line,) = (line for line in Keras().call(make(operator, **fields)).splitlines() if line.startswith("result = "))
    return line.removeprefix("result = ")


@pytest.mark.parametrize(
    ("padding", "kernel", "stride", "size", "said"),
    [
        ("VALID", 3, 2, 5, "padding='valid')"),  # full: (2 - 1) * 2 + 3
        ("VALID", 3, 2, 6, "padding='valid', output_padding=(1,))"),
        ("VALID", 1, 3, 4, "padding='valid', output_padding=(0,))"),  # unsaid it would be the longer 6
        ("SAME", 3, 2, 6, "padding='same')"),
        ("SAME", 3, 2, 5, "padding='same', output_padding=(0,))"),
        ("SAME", 4, 2, 5, "padding='same', output_padding=(1,))"),  # an even extent counts from one less
        ([[1, 1]], 3, 2, 5, "padding='valid', output_padding=(0,))[:, 1:6, :]"),
        ([[0, 1]], 3, 2, 6, "padding='valid', output_padding=(0,))[:, 0:6, :]"),
    ],
)
def test_a_window_is_said_by_a_word_or_cropped(padding: Any, kernel: int, stride: int, size: int, said: str) -> None:
    text = call("conv_transpose", image=[size], kernel=[kernel], strides=[stride], padding=padding)
    assert text.endswith(said), text


def test_an_even_extent_beside_another_size_is_cropped() -> None:
    """Same would need an output_padding as large as the stride on the first axis."""
    text = call("conv_transpose", image=[6, 5], kernel=[4, 3], strides=[2, 2], padding="SAME")
    assert "padding='valid', output_padding=(0, 0))[:, 1:7, 1:6, :]" in text


def test_padding_in_pairs_comes_first() -> None:
    assert call("conv", image=[5, 6], padding=[[1, 0], [0, 2]]).startswith(
        "keras.ops.conv(keras.ops.pad(value, ((0, 0), (1, 0), (0, 2), (0, 0))), filter, "
    )
    assert "constant_values=float('-inf'))" in call("max_pool", image=[5, 6], padding=[[1, 0], [0, 1]])


def test_groups_are_the_filter_s_or_calls_of_their_own() -> None:
    assert "groups" not in call("conv", image=[5, 6], in_channels=4, out_channels=6, groups=2)
    assert "zip(keras.ops.split(value, 2, axis=-1), keras.ops.split(filter, 2, axis=-1))" in call(
        "conv_transpose", image=[5, 6], in_channels=4, out_channels=6, groups=2
    )


def test_a_layout_is_a_word_and_the_memory_is_in_its_order() -> None:
    text = Keras().call(make("avg_pool", image=[5, 6], data_format="NCHW"))
    assert "data_format='channels_first')" in text
    assert "np.ascontiguousarray(np.moveaxis(value, -1, 1))" in text


@pytest.mark.parametrize(
    ("operator", "fields", "why"),
    [
        ("max_pool_argmax", {}, "no max pooling with indices"),
        ("max_unpool", {}, "no unpooling by them"),
        ("max_pool", {"dilations": 2}, "pooling has no dilation"),
        ("conv", {"gradients": True}, "the adapter of its backend is asked"),
    ],
)
def test_what_keras_lacks_is_refused(operator: str, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSupported, match=why):
        Keras().call(make(operator, image=[6, 6], **fields))


@pytest.mark.parametrize("mode", Keras.modes)
def test_a_mode_is_a_backend_that_the_text_chooses(mode: str) -> None:
    adapter = Keras()
    adapter.mode = mode
    text = adapter.call(make("conv", image=[5, 6]))
    assert f"'KERAS_BACKEND': '{mode}'" in text
    assert text.index("os.environ") < text.index("import keras")


def test_no_mode_takes_what_another_one_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker says its modes in a process that has the variables of the first."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    assert _chosen("ONEDNN_MAX_CPU_ISA", "AVX2") == "AVX2"
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert _chosen("ONEDNN_MAX_CPU_ISA", "AVX2") == "SSE41"
