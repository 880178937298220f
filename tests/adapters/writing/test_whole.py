"""A pipeline as one program, whose parts are tried without any framework."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.jax import Jax
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch
from cases.loading.lookup import SHIPPED, every
from cases.model.case import Case
from tests.reports.making import make_pipeline

PIPELINES = {case.name: case for case in every(SHIPPED / "pipelines")}
BACK = PIPELINES["pool-and-back-conv-same-s2"]


def _ask(adapter: Any, case: Case, mode: str = "program") -> str:
    asked = adapter()
    asked.mode = mode
    text: str = asked.call(case)
    return text


@pytest.mark.parametrize("adapter", [Torch, TensorFlow, Jax])
def test_every_step_is_a_function_and_the_end_alone_returns(adapter: Any) -> None:
    for case in PIPELINES.values():
        try:
            text = _ask(adapter, case)
        except NotSupported:
            continue
        functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
        assert {f"step_{step.name}" for step in case.steps} <= functions.keys()
        made = functions["program"]
        assert [argument.arg for argument in made.args.args] == list(case.inputs)
        end = made.body[-1]
        assert isinstance(end, ast.Return)
        returned = [node.id for node in ast.walk(end) if isinstance(node, ast.Name)]
        assert returned == [*case.steps[-1].returns.values()]


@pytest.mark.parametrize(
    ("adapter", "mode", "call"),
    [
        (Torch, "program", "torch.compile(program, dynamic=False)("),
        (TensorFlow, "program", "tf.function(program, autograph=False)("),
        (TensorFlow, "program_xla", "tf.function(program, autograph=False, jit_compile=True)("),
        (Jax, "program", "jax.jit(program)("),
    ],
)
def test_the_program_is_compiled_as_a_whole(adapter: Any, mode: str, call: str) -> None:
    (line,) = [line for line in _ask(adapter, BACK, mode).splitlines() if line.startswith("result = ")]
    assert line == f"result = {call}{', '.join(BACK.inputs)})"


@pytest.mark.parametrize("adapter", [Torch, TensorFlow, Jax])
def test_a_pipeline_that_rounds_is_no_program(adapter: Any) -> None:
    rounding = next(case for case in PIPELINES.values() if case.tier == "bounded")
    with pytest.raises(NotSupported, match="round otherwise"):
        _ask(adapter, rounding)


def test_an_end_of_indices_has_the_canonical_dtype() -> None:
    """JAX's own places are of 32 bits."""
    steps = {"operator": "relu", "name": "active"}, {"operator": "max_pool_argmax", "name": "pooled"}
    case = make_pipeline(*steps, ksize=2, strides=2, data="distinct")
    assert '"pooled_indices": np.asarray(result[1]).astype(np.int64)' in _ask(Jax, case)
