"""ONNX: the reference evaluator that comes with it, and ONNX Runtime.

Both run the models that ``adapters.onnx.program`` builds. They are two adapters, because facts go by the version of
the distribution that is named like the adapter. ONNX has one layout, channels before the spatial axes, so that every
data_format is the same call, and no gradients.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from adapters.onnx.program import program
from cases.model.case import Case

_PACKAGES: Final = {"onnx", "onnxruntime"}
_OPTIONS: Final = """\
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1"""
_PLAIN: Final = "options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL"
_SESSION: Final = (
    'onnxruntime.InferenceSession({model}.SerializeToString(), options, providers=["CPUExecutionProvider"])'
    ".run(None, {feeds})"
)


class Onnx:
    """The adapter of ONNX's reference evaluator, which is written in NumPy."""

    name = "onnx"
    modes = ("reference",)

    def devices(self) -> tuple[str, ...]:
        """Return the only device, the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return the version of ONNX."""
        import onnx  # noqa: PLC0415 - the framework is loaded in the worker alone

        return {"onnx": onnx.__version__, "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Choose nothing: there is one mode."""
        return {}

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if ONNX can't be told what the case says.
        """
        imports = "from onnx.reference import ReferenceEvaluator"
        return program(case, imports=imports, run="ReferenceEvaluator({model}).run(None, {feeds})")

    def stage(self, error: Exception) -> str:
        """Tell building a model and its evaluator from running it."""
        return stage(error)


class OnnxRuntime:
    """The adapter of ONNX Runtime on the processor, as released; ``plain`` leaves a graph as it was built."""

    name = "onnxruntime"
    modes = ("optimized", "plain")

    def __init__(self) -> None:
        self.mode = "optimized"

    def devices(self) -> tuple[str, ...]:
        """Return the only device that is asked, the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return the versions of ONNX Runtime, and of ONNX, which builds the models."""
        import onnx  # noqa: PLC0415 - the framework is loaded in the worker alone
        import onnxruntime  # noqa: PLC0415

        return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Set one thread, so that results don't depend on the number of cores, and what the mode says."""
        self.mode = mode
        return {"threads": "1", "graph optimisations": "on" if mode == "optimized" else "off"}

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if ONNX can't be told what the case says.
        """
        lines = (_OPTIONS, *([_PLAIN] if self.mode == "plain" else []))
        return program(case, imports="\n".join(lines), run=_SESSION)

    def stage(self, error: Exception) -> str:
        """Tell building a model and its session from running it."""
        return stage(error)


def stage(error: Exception) -> str:
    """Return how far a call that raised had come: ``running`` in a package's ``run``, else ``building``."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in _PACKAGES and frame.f_code.co_name == "run":
            return "running"
        trace = trace.tb_next
    return "building"
