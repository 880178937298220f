"""Keras 3: the functions of ``keras.ops``, called eagerly on one of its three backends.

Keras has the words valid and same for padding, and an output_padding for its transposed convolution. All else is
composed of its own functions: ``conv`` and ``pooling`` say how. It has no max pooling with indices, no unpooling of
maxima, and no function for gradients, which are left to the adapter of the framework below it.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.call import refuse
from adapters.keras import conv, pooling
from adapters.keras.dialect import Dialect
from adapters.keras.modes import OPTIONS, prepare, versions
from adapters.program import execute
from adapters.writing.writer import program
from cases.model.case import Case

_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_OF: Final = {function.__name__: function for function in _OPERATORS}
_KEPT: Final = 64
"""Runs after which the programs of JAX's eager operations are dropped from memory: else they stay for good."""


class Keras:
    """The adapter of Keras. A mode is a backend: the framework that computes what Keras is asked."""

    name = "keras"
    modes = tuple(OPTIONS)
    mode_options: dict[str, dict[str, Any]] = OPTIONS

    def __init__(self) -> None:
        self.mode = "tensorflow"
        self._runs = 0

    def devices(self) -> tuple[str, ...]:
        """Return the processor: each backend is asked there alone."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and of the backends that are installed; none is imported."""
        return versions()

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Set the backend's threads and device, and Keras' layout where a case says none.

        Raises:
            ValueError: if there is no such mode or device.
            RuntimeError: if the process was started for another backend, which is read when Keras is imported.
        """
        if mode not in self.modes or device not in self.devices():
            msg = f"{self.name} has no mode {mode!r} on device {device!r}"
            raise ValueError(msg)
        self.mode = mode
        return prepare(mode)

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if Keras can't be told what the case says.
        """
        call = _OF[case.operator](case)
        why = "Keras has no function for gradients; the adapter of its backend is asked for them"
        refuse(why, when=bool(case.gradients))
        return program(case, call, Dialect(mode=self.mode))

    def execute(self, text: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a call's text."""
        self._runs += 1
        if self.mode == "jax" and self._runs % _KEPT == 0:
            import jax  # noqa: PLC0415 - the framework is loaded in the worker alone

            jax.clear_caches()
        return execute(text, inputs)
