"""The adapters of the frameworks, as they are but for cases named ``crash``, which end the process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from adapters.jax import Jax
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch

if TYPE_CHECKING:
    from cases.model.case import Case


class DyingTensorFlow(TensorFlow):
    """TensorFlow, mortal."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or die of it."""
        return super().run(_survived(case), inputs)


class DyingTorch(Torch):
    """PyTorch, mortal."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or die of it."""
        return super().run(_survived(case), inputs)


class DyingJax(Jax):
    """JAX, mortal."""

    def run(self, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a case, or die of it."""
        return super().run(_survived(case), inputs)


def _survived(case: Case) -> Case:
    if case.id.startswith("crash"):
        os.abort()
    return case
