"""The adapters of the frameworks, changed in one thing: a case named ``crash`` ends the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.jax import Jax
from adapters.tensorflow import TensorFlow
from adapters.torch import Torch

if TYPE_CHECKING:
    from cases.model.case import Case


class DyingTensorFlow(TensorFlow):
    """TensorFlow, whose process can be ended by a case."""

    def call(self, case: Case) -> str:
        """Return the text of a case, which may be deadly."""
        return _mortal(case, super().call(case))


class DyingTorch(Torch):
    """PyTorch, whose process can be ended by a case."""

    def call(self, case: Case) -> str:
        """Return the text of a case, which may be deadly."""
        return _mortal(case, super().call(case))


class DyingJax(Jax):
    """JAX, whose process can be ended by a case."""

    def call(self, case: Case) -> str:
        """Return the text of a case, which may be deadly."""
        return _mortal(case, super().call(case))


def _mortal(case: Case, text: str) -> str:
    return f"import os\n\nos.abort()\n{text}" if case.id.startswith("crash") else text
