"""Flax: the layers and poolings of ``flax.linen`` and ``flax.nnx``, which JAX executes.

Flax knows one layout, channels-last. Its transposed convolution has no groups, its poolings have no dilations, and it
has no function with indices. What all programs of JAX have comes from JAX's adapter in its mode ``eager``, in which
most users of Flax try a layer. Gradients are ``jax.vjp``'s, of a function that applies the layer.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.call import refuse
from adapters.flax import conv, pooling
from adapters.flax.dialect import Dialect
from adapters.jax import Jax
from adapters.writing.forms import layout_word
from adapters.writing.writer import program
from cases.model.case import DATA_FORMATS, Case

_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_OF: Final = {function.__name__: function for function in _OPERATORS}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {mode: {"one_in": 48, "cost": 40.0} for mode in ("linen", "nnx")}
_EXECUTED: Final = "eager"
"""The mode of JAX's adapter in which calls are executed."""


class Flax:
    """The adapter of Flax. A mode is one of its two libraries of layers; a call is made at once, without jit.

    Both are as released: without 64-bit dtypes, so that float64 and int64 arrays become 32 bits wide.
    """

    name = "flax"
    modes = tuple(_OPTIONS)
    mode_options: dict[str, dict[str, Any]] = _OPTIONS

    def __init__(self) -> None:
        self.mode = "linen"
        self._jax = Jax()
        self._jax.mode = _EXECUTED

    def devices(self) -> tuple[str, ...]:
        """Return the devices that JAX sees."""
        import flax  # noqa: F401, PLC0415 - one that isn't there shows here, under its own name

        return self._jax.devices()

    def versions(self) -> dict[str, str]:
        """Return the versions of Flax and of what it is built on."""
        import flax  # noqa: PLC0415 - the framework is loaded in the worker alone

        return {"flax": flax.__version__, **self._jax.versions()}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Choose the library of layers, and prepare JAX.

        Raises:
            ValueError: if there is no such mode.
            RuntimeError: if there is no such device.
        """
        if mode not in self.modes:
            msg = f"{self.name} has no mode {mode!r}"
            raise ValueError(msg)
        self.mode = mode
        return self._jax.configure(_EXECUTED, device)

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if Flax can't be told what the case says.
        """
        only = DATA_FORMATS[len(case.strides)][0] if len(case.strides) in DATA_FORMATS else None
        why = f"Flax takes no data_format, and knows channels-last alone, so {layout_word(case)!r} can't be said"
        refuse(why, when=case.data_format not in {None, only})
        dialect = Dialect(mode=self.mode, jax=self._jax.dialect())
        return program(case, _OF[case.operator](case, dialect.module), dialect)

    def execute(self, text: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a call's text."""
        return self._jax.execute(text, inputs)
