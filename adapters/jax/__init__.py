"""JAX: convolutions are its own, pooling is ``lax.reduce_window``, the primitive that its libraries pool with.

It has no unpooling and no max pooling with indices: those are compositions of its operators, each as its users write
it. Gradients are ``jax.vjp``'s. Layouts and bfloat16 are changed by NumPy, because each jnp operation outside of the
jitted function would be compiled as a program of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from adapters.call import fault, refuse
from adapters.jax import conv, pooling
from adapters.jax.dialect import SHAPES, Dialect
from adapters.program import execute, inside
from adapters.writing import transforms
from adapters.writing.whole import by_returns, whole
from cases.model.case import OPERATORS, PIPELINE, Case

_ON: Final = 'jax.config.update("jax_default_device", jax.devices("{}")[0])'
_FULL_PRODUCTS: Final = 'jax.config.update("jax_default_matmul_precision", "highest")  # no TF32'
_WIDE: Final = 'jax.config.update("jax_enable_x64", True)'
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "jit": {"one_in": 48, "cost": 20.0},
    "eager": {"one_in": 512, "cost": 40.0},  # each operation of a call is compiled by itself, up to nine of them
    "float64": {"one_in": 48, "dtypes": ("float64", "int64"), "cost": 25.0},
    "program": {"by_name": True, "whole": True, "operators": (PIPELINE,), "cost": 20.0},
    SHAPES: {"by_name": True, "sizes_only": True, "operators": OPERATORS},
    **{mode: {"dtypes": transforms.DTYPES, "one_in": 8, "by_name": True, "cost": 25.0} for mode in transforms.MODES},
}
_KEPT: Final = 64
"""Runs after which eager operations' programs are dropped from memory: else they stay for good, some 3 MB a case."""
_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_OF: Final = {function.__name__: function for function in _OPERATORS}


class Jax:
    """The adapter of JAX. ``jit`` compiles a call as one program, ``eager`` dispatches operation by operation.

    Both are as released: without 64-bit dtypes, so that float64 and int64 arrays become 32 bits wide. ``float64`` is
    ``jit`` with them. The modes of ``adapters.writing.transforms`` compile a transform of a call as one
    program. ``shapes`` compiles and runs nothing: it is ``jax.eval_shape``.
    """

    name = "jax"
    modes = tuple(_OPTIONS)
    mode_options: dict[str, dict[str, Any]] = _OPTIONS

    def __init__(self) -> None:
        self.mode = "jit"
        self.device = self.default = "cpu"
        self._runs = 0

    def devices(self) -> tuple[str, ...]:
        """Return the processor, and CUDA's first GPU if JAX sees one."""
        jax = _jax()
        try:
            jax.devices("cuda")
        except RuntimeError:  # the documented answer for a platform that isn't there
            return ("cpu",)
        return ("cpu", "cuda")

    def versions(self) -> dict[str, str]:
        """Return the versions of JAX and of the compiler's library."""
        jax = _jax()
        import jaxlib  # noqa: PLC0415 - the framework is loaded in the worker alone

        return {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Choose one device for all, and a cache of compiled programs that outlives the run.

        Raises:
            ValueError: if there is no such mode.
            RuntimeError: if there is no such device.
        """
        if mode not in self.modes:
            msg = f"{self.name} has no mode {mode!r}"
            raise ValueError(msg)
        jax = _jax()
        self.mode, self.device, self.default = mode, device, jax.default_backend()
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        # Backends may be initialised by now, when it is too late for the choice of platforms.
        jax.config.update("jax_default_device", jax.devices(device)[0])
        if device != "cpu":
            jax.config.update("jax_default_matmul_precision", "highest")
        jax.config.update("jax_enable_x64", mode == "float64")
        jax.config.update("jax_compilation_cache_dir", str(home / "deconform" / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        precision = {} if device == "cpu" else {"matmul precision": "highest"}
        wide = "on" if mode == "float64" else "off"
        near = {"near": "jit"} if mode in {SHAPES, "program", *transforms.MODES} else {}
        return {"64-bit dtypes": wide, **precision, "compilation cache": "kept between runs", **near}

    def call(self, case: Case) -> str:
        """Return the call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if JAX can't be told what the case says.
        """
        dialect = self.dialect()
        if case.steps:
            return whole(case, _OF, dialect, "jax.jit(program)", by_returns)
        wrong = fault(case)
        unknown = "filter" not in case.inputs and wrong is not None and wrong.rule == "data_format"
        why = f"lax.reduce_window takes no data_format, so {case.data_format!r} can't be said"
        refuse(why, when=unknown and "data_format" not in case.given)
        return transforms.program_in(self.mode, case, _OF[case.operator], dialect)

    def dialect(self) -> Dialect:
        """Return the way to write programs in this mode, with the settings that it needs."""
        return Dialect(settings=_shown(self.mode, self.device, self.default), mode=self.mode)

    def stage(self, error: Exception) -> str:
        """Tell tracing a jitted function, which comes first, from running it: compiling counts as running."""
        if self.mode == "eager":
            return "calling"
        return "tracing" if inside(error) else "running"

    def execute(self, text: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a call's text."""
        self._runs += 1
        if self.mode == "eager" and self._runs % _KEPT == 0:
            _jax().clear_caches()
        return execute(text, inputs)


def _jax() -> Any:
    """Return the framework, with its GPU memory taken as needed: several frameworks share one GPU."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax  # noqa: PLC0415 - the framework is loaded in the worker alone

    return jax


def _shown(mode: str, device: str, default: str) -> tuple[str, ...]:
    """Return the settings without which a pasted call would give another result: none where they are the default."""
    here = () if device == default == "cpu" else (_ON.format(device),)
    products = () if device == "cpu" else (_FULL_PRODUCTS,)
    return (*here, *products, *((_WIDE,) if mode == "float64" else ()))
