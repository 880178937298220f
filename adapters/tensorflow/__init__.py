"""TensorFlow: convolutions and pooling are its own; unpooling, which it lacks, is composed of its own operators.

``conv`` and ``pooling`` say which functions an operator becomes. ``dialect`` says what the program
around it is, which differs with the mode and the device.
"""

from __future__ import annotations

import os
from typing import Any, Final

import numpy as np

from adapters.call import Call
from adapters.program import inside
from adapters.tensorflow import conv, pooling, raw
from adapters.tensorflow.dialect import MODE_OPTIONS, PROGRAMS, SHAPES, Dialect
from adapters.writing import transforms
from adapters.writing.whole import whole
from cases.model.case import Case

_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_THREADS: Final = 2
"""The threads of the mode ``threads``: as few as can show that an answer depends on their order."""
_OF: Final = {function.__name__: function for function in _OPERATORS}


class TensorFlow:
    """The adapter of TensorFlow: eager execution, graphs, XLA, and eager execution without oneDNN."""

    name = "tensorflow"
    modes = tuple(MODE_OPTIONS)
    mode_options = MODE_OPTIONS

    def __init__(self) -> None:
        self.mode = "eager"
        self.device = "cpu"

    def devices(self) -> tuple[str, ...]:
        """Return the processor, and a GPU if TensorFlow sees one; none is initialised."""
        import tensorflow as tf  # noqa: PLC0415 - the framework is loaded in the worker alone

        return ("cpu", "cuda") if tf.config.list_physical_devices("GPU") else ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return TensorFlow's version."""
        import tensorflow as tf  # noqa: PLC0415

        return {"tensorflow": str(tf.__version__), "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Set one thread, or two in the mode ``threads``, and hide every GPU from a target named for the processor.

        Raises:
            RuntimeError: if the process was started without the mode's environment, which is read at the start.
        """
        import tensorflow as tf  # noqa: PLC0415

        environment = MODE_OPTIONS[mode]["environment"]
        for name, text in environment.items():
            if os.environ.get(name) != text:
                msg = f"the mode {mode} needs a process started with {name}={text}"
                raise RuntimeError(msg)
        self.mode, self.device = mode, device
        threads = _THREADS if mode == "threads" else 1
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        settings: dict[str, str] = {"threads": str(threads), **environment}
        if device == "cuda":
            return settings | _use_gpu(tf)
        tf.config.set_visible_devices([], "GPU")
        if mode == "threads":
            settings["like"] = "eager"
        if mode in (*transforms.MODES, raw.RAW):
            settings["near"] = "eager"
        if mode in {SHAPES, "program"}:
            settings["near"] = "graph"
        if mode == "program_xla":
            settings["near"] = "xla"
        return settings | ({"like": _nearest()} if mode == "native" else {})

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if TensorFlow can't be told what the case says.
        """
        dialect = Dialect(mode=self.mode, device=self.device)
        if case.steps:
            return whole(case, _OF, dialect, PROGRAMS.get(self.mode, PROGRAMS["program"]), _by_answer)
        operator = _of_raw if self.mode == raw.RAW else _OF[case.operator]
        return transforms.program_in(self.mode, case, operator, dialect)

    def stage(self, error: Exception) -> str:
        """Tell tracing a graph, which comes first, from running it: XLA's compilation counts as running."""
        if self.mode not in {"graph", "xla", SHAPES, *PROGRAMS}:
            return "calling"
        return "tracing" if inside(error) else "running"


def _of_raw(case: Case) -> Call:
    """Return the call beside which gradients are calls of their own."""
    return raw.raw(case).call


def _by_answer(_call: Call) -> tuple[str, dict[str, str]]:
    """Assign an expression to one name: several tensors are its attributes."""
    return "answer", {"output": "answer"}


def _nearest() -> str:
    """Return the mode whose kernels TensorFlow chose for this processor. No public name tells it."""
    from tensorflow.python.util import _pywrap_util_port  # noqa: PLC0415

    return "eager" if _pywrap_util_port.IsMklEnabled() else "nodnn"


def _use_gpu(tf: Any) -> dict[str, str]:
    """Take memory as needed, compute float32 products as such, and move nothing without a GPU kernel to the CPU."""
    first, *_ = tf.config.list_physical_devices("GPU")
    tf.config.set_visible_devices([first], "GPU")
    tf.config.experimental.set_memory_growth(first, enable=True)
    tf.config.experimental.enable_tensor_float_32_execution(False)  # noqa: FBT003 - it takes no name
    tf.config.set_soft_device_placement(False)
    return {"TF32": "off", "soft device placement": "off", "GPU memory": "as needed"}
