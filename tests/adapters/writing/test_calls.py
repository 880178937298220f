"""The adapters' calls as data and as programs, for which no framework is needed."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.flax import Flax
from adapters.jax import Jax
from adapters.program import call_lines
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch
from tests.reports.making import make

INVALID = {"rule": "type", "reason": "so that it should fail"}
ADAPTERS: list[Any] = [TensorFlow, Torch, Jax, Flax]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_given_argument_is_said_as_it_stands(adapter: Any) -> None:
    text = adapter().call(make("conv", image=[5, 6], given={"strides": "two"}, invalid=INVALID))
    first, last = call_lines(text) or (0, 0)
    assert first == last
    assert "'two'" in text.splitlines()[first - 1]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_given_tensor_is_said_as_it_stands(adapter: Any) -> None:
    text = adapter().call(make("max_pool", image=[5, 6], given={"value": "an image"}, invalid=INVALID))
    assert "value = 'an image'" in text.splitlines()


@pytest.mark.parametrize(
    ("adapter", "operator", "name"),
    [
        (TensorFlow, "conv", "groups"),
        (TensorFlow, "max_unpool", "strides"),
        (Torch, "conv", "data_format"),
        (Torch, "conv_transpose", "output_shape"),
        (Jax, "max_pool", "data_format"),
        (Jax, "conv_transpose", "output_shape"),
        (Flax, "conv", "data_format"),
        (Flax, "conv_transpose", "output_shape"),
    ],
)
def test_a_given_argument_that_stands_nowhere_is_refused(adapter: Any, operator: str, name: str) -> None:
    case = make(operator, image=[6, 6], given={name: 1.5}, invalid=INVALID)
    with pytest.raises(NotSupported, match=f"no argument for {name} here"):
        adapter().call(case)


@pytest.mark.parametrize(
    ("adapter", "mode", "head"),
    [
        (TensorFlow, "xla", "@tf.function(autograph=False, jit_compile=True)"),
        (Torch, "nomkldnn", "torch.backends.mkldnn.set_flags(False)"),
        (Jax, "float64", 'jax.config.update("jax_enable_x64", True)'),
    ],
)
def test_a_mode_shows_in_the_text(adapter: Any, mode: str, head: str) -> None:
    asked = adapter()
    asked.mode = mode
    assert head in asked.call(make("conv", image=[5, 6])).splitlines()
