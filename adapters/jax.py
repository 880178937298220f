"""JAX: convolutions are its own, pooling is ``lax.reduce_window``, the primitive that its libraries pool with.

Its ``lax.conv_transpose`` takes no output_shape. Its SAME and VALID give one size each; for another the case's window
is said as padding of the dilated value: (kernel - 1 - before) in front, and what the size then needs behind.
max_unpool is an indexed update and avg_unpool the transpose of summing over windows, for JAX has neither.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.program import execute
from cases import rules, shapes
from cases.case import INPUTS, Case
from cases.shapes import Axis

_IMPORTS: Final = "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax"
_OUTPUT: Final = 'outputs = {"output": np.asarray(result)}'
_PICK: Final = """\
def first_maximum(a, b):
    later = (b[0] > a[0]) | ((b[0] == a[0]) & (b[1] < a[1]))
    return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])
"""


class Jax:
    """The adapter of JAX: each call compiled by ``jax.jit``, NHWC tensors."""

    name = "jax"
    modes = ("jit",)

    def devices(self) -> tuple[str, ...]:
        """Only the processor, so far."""
        import jax  # noqa: F401, PLC0415 - a framework that isn't there shows here

        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """The versions of JAX and of the compiler's library."""
        import jax  # noqa: PLC0415 - the framework is loaded in the worker alone
        import jaxlib  # noqa: PLC0415

        return {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - there is one of each
        """The processor alone, and a cache of compiled programs that outlives the run."""
        import jax  # noqa: PLC0415

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_compilation_cache_dir", str(_cache()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        return {"compilation cache": "kept between runs"}

    def call(self, case: Case) -> str:
        """The call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if JAX can't be told what the case says.
        """
        before, expression, after = getattr(self, f"_{case.operator}")(case)
        names = ", ".join(INPUTS[case.operator])
        call = f"result = jax.jit(lambda {names}: {expression})({names})"
        return "\n".join((_IMPORTS, "", *before, call, *after))

    def run(self, case: Case, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Run the program that ``call`` shows."""
        return execute(self.call(case), inputs)

    def _conv(self, case: Case) -> tuple[list[str], str, list[str]]:
        layout = "dimension_numbers=('NHWC', 'HWIO', 'NHWC')"
        call = f"lax.conv_general_dilated(value, filter, {case.strides}, {case.padding!r}, {layout})"
        return [], call, [_OUTPUT]

    def _conv_transpose(self, case: Case) -> tuple[list[str], str, list[str]]:
        padding = _transposed_padding(case)
        call = f"lax.conv_transpose(value, filter, {case.strides}, {padding!r}, transpose_kernel=True)"
        return [], call, [_OUTPUT]

    def _max_pool(self, case: Case) -> tuple[list[str], str, list[str]]:
        return [], f"lax.reduce_window(value, -jnp.inf, lax.max, {_window(case)})", [_OUTPUT]

    def _max_pool_argmax(self, case: Case) -> tuple[list[str], str, list[str]]:
        shape = case.inputs["value"].shape[1:]
        before = [_PICK, f"places = np.arange({math.prod(shape)}, dtype=np.int32).reshape({(1, *shape)})"]
        operands = "(value, jnp.broadcast_to(places, value.shape))"
        starts = "(-jnp.inf, np.int32(2**31 - 1))"
        call = f"lax.reduce_window({operands}, {starts}, first_maximum, {_window(case)})"
        after = ['outputs = {"output": np.asarray(result[0]), "indices": np.asarray(result[1]).astype(np.int64)}']
        return before, call, after

    def _max_unpool(self, case: Case) -> tuple[list[str], str, list[str]]:
        wrong = rules.broken(case)
        if wrong is not None and wrong.argument == "output_shape":
            msg = "an indexed update knows no windows, so it can't tell which output_shape a pooling gives"
            raise NotSupported(msg)
        shape = case.output_shape or ()
        before = [f"image = np.arange({shape[0]}).reshape(-1, 1, 1, 1)"]
        zeros = f"jnp.zeros(({shape[0]}, {math.prod(shape[1:])}), value.dtype)"
        return before, f"{zeros}.at[image, indices].set(value).reshape({shape})", [_OUTPUT]

    def _avg_pool(self, case: Case) -> tuple[list[str], str, list[str]]:
        total = f"lax.reduce_window({{}}, 0., lax.add, {_window(case)})"
        return [], f"{total.format('value')} / {total.format('jnp.ones_like(value)')}", [_OUTPUT]

    def _avg_unpool(self, case: Case) -> tuple[list[str], str, list[str]]:
        before = ["def window_sum(image):", f"    return lax.reduce_window(image, 0., lax.add, {_window(case)})", ""]
        image = f"jax.ShapeDtypeStruct({case.output_shape}, value.dtype)"
        return before, f"jax.linear_transpose(window_sum, {image})(value)[0]", [_OUTPUT]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deconform" / "jax"


def _window(case: Case) -> str:
    padding: Any = case.padding
    if not isinstance(padding, str):
        padding = ((0, 0), *padding, (0, 0))
    return f"(1, {', '.join(map(str, case.ksize or ()))}, 1), (1, {', '.join(map(str, case.strides))}, 1), {padding!r}"


def _transposed_padding(case: Case) -> Any:
    """JAX's own word where it gives the case's size, else the window as padding of the dilated value."""
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument in {"output_shape", "output_padding"}:
        msg = f"lax.conv_transpose takes no output_shape or output_padding, so this can't be said: {wrong.reason}"
        raise NotSupported(msg)
    if wrong is not None:
        return case.padding
    axes = shapes.axes(case)
    if isinstance(case.padding, str) and all(_own_size(axis, case.padding) == axis.image for axis in axes):
        return case.padding
    return [_dilated_padding(axis) for axis in axes]


def _own_size(axis: Axis, word: str) -> int:
    """The size that JAX's SAME and VALID give."""
    return axis.count * axis.stride + (max(axis.kernel - axis.stride, 0) if word == "VALID" else 0)


def _dilated_padding(axis: Axis) -> tuple[int, int]:
    before = axis.kernel - 1 - axis.before
    return before, axis.image + axis.kernel - 1 - before - ((axis.count - 1) * axis.stride + 1)
