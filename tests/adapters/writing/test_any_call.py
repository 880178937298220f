"""Every adapter has a text for every call, right or wrong, or says that the framework has no such thing."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.jax import Jax
from adapters.keras import Keras
from adapters.onnx import OnnxRuntime
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch
from cases.drawing.rounds import rounds
from cases.loading.load import load
from cases.model.case import OPERATORS


@pytest.mark.parametrize(
    ("adapter_class", "least"),
    [(Jax, 1000), (Keras, 700), (TensorFlow, 1000), (Torch, 1000), (OnnxRuntime, 800)],
)
def test_every_drawn_call_has_a_text(adapter_class: Any, least: int, tmp_path: Path) -> None:
    """Keras and ONNX have no gradients, and Keras has no indices."""
    texts = 0
    for name, text in rounds(OPERATORS, 9, 700):
        (tmp_path / name).write_text(text, encoding="utf-8")
        for case in load(tmp_path / name):
            for mode in adapter_class.modes:
                adapter = adapter_class()
                adapter.mode, adapter.device = mode, "cpu"
                try:
                    ast.parse(adapter.call(case))
                except NotSupported:
                    continue
                texts += 1
    assert texts > least
