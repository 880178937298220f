"""The adapters of the frameworks, changed in one thing: a case named ``crash`` ends the process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from adapters.jax import Jax
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch

if TYPE_CHECKING:
    from cases.model.case import Case


class DyingTensorFlow(TensorFlow):
    """TensorFlow, whose process can be ended by a case."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or end the process if the case is named ``crash``."""
        return super().run(_survived(case), inputs)


class DyingTorch(Torch):
    """PyTorch, whose process can be ended by a case."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or end the process if the case is named ``crash``."""
        return super().run(_survived(case), inputs)


class DyingJax(Jax):
    """JAX, whose process can be ended by a case."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or end the process if the case is named ``crash``."""
        return super().run(_survived(case), inputs)


def _survived(case: Case) -> Case:
    if case.id.startswith("crash"):
        os.abort()
    return case
