"""PyTorch: every operator is its own, called with the nearest arguments it has.

PyTorch knows one padding an axis, the same on both sides. Where a case's differs, the call pads the image or crops the
result, and the text of the call shows it. It has one layout, channels before the spatial axes, so that every
data_format is the same call. A call that the definition doesn't admit is never repaired: its arguments go in as they
are.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from adapters.call import refuse_output
from adapters.program import execute
from adapters.torch import conv, pooling, strides
from adapters.torch.dialect import Dialect
from adapters.torch.modes import COMPILED, MODES, STRIDED, forget_programs, graphs, options, prepare, refuse_format
from adapters.writing import transforms
from adapters.writing.whole import by_returns, whole
from cases.model.case import Case

_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_OF: Final = {function.__name__: function for function in _OPERATORS}
_PROGRAM: Final = "torch.compile(program, dynamic=False)"
_BROKEN_DEVICE: Final = ("device-side assert", "illegal memory access", "misaligned address", "launch failure")


class Torch:
    """The adapter of PyTorch, as released; on a GPU float32 products are of float32 in every mode but ``tf32``."""

    name = "torch"
    modes = MODES
    mode_options: dict[str, dict[str, Any]] = options()

    def __init__(self) -> None:
        self.mode = "eager"
        self.device = "cpu"

    def devices(self) -> tuple[str, ...]:
        """Return the processor, and the GPU that PyTorch sees."""
        import torch  # noqa: PLC0415 - the framework is loaded in the worker alone; one that isn't there shows here

        return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version, with its build."""
        import torch  # noqa: PLC0415

        return {"torch": str(torch.__version__), "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Set one thread, so that results don't depend on the number of cores, and what the mode says."""
        self.mode, self.device = mode, device
        return prepare(mode, device)

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if PyTorch can't be told what the case says.
        """
        dialect = Dialect(mode=self.mode, device=self.device)
        if case.steps:
            return whole(case, _OF, dialect, _PROGRAM, by_returns)
        refuse_output(case, "torch takes no data_format")
        refuse_format(case, self.mode)
        operator = _OF[case.operator]
        return transforms.program_in(
            self.mode, case, strides.recorded(operator) if self.mode in STRIDED else operator, dialect
        )

    def stage(self, error: Exception) -> str:
        """Tell Dynamo's tracing, on tensors without elements, from Inductor's building of a program, and from running.

        Where Dynamo gives up and makes no graph, Python runs the function as it stands: the call is made at once.
        """
        if self.mode not in COMPILED:
            return "calling"
        module = type(error).__module__
        building = module.startswith("torch._inductor") or type(error).__name__ == "BackendCompilerFailed"
        if building or module.startswith("torch._dynamo"):
            return "building" if building else "tracing"
        return "running" if graphs() else "calling"

    def execute(self, text: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a call's text.

        Raises:
            SystemExit: if the call broke the GPU's context, so that this process can make no other call on it.
        """
        if self.mode in COMPILED:
            forget_programs()
        try:
            return execute(text, inputs)
        except RuntimeError as error:
            if self.device == "cuda" and any(words in str(error) for words in _BROKEN_DEVICE):
                raise SystemExit(str(error)) from error
            raise
