"""The rule that a call neither changes its inputs nor returns them.

A call on inputs that change meanwhile is not the call that the reproducer shows. A result in the memory of an input
changes when the input changes, and the input changes with the result. An array that nobody can write to, such as one
of JAX's, may be shared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]


class Isolation:
    """The inputs of a call, with a copy of their bytes from before the call."""

    def __init__(self, inputs: Arrays) -> None:
        self._before = [(name, array, array.tobytes()) for name, array in inputs.items()]

    def fault(self, outputs: object) -> str | None:
        """Return what the call that returned ``outputs`` did wrong and what to do; None if it kept the rule."""
        if changed := [name for name, array, content in self._before if array.tobytes() != content]:
            return f"run() changed {', '.join(changed)}: give the framework a copy"
        arrays = outputs.items() if isinstance(outputs, dict) else ()
        for name, output in arrays:
            if shared := [role for role, array, _ in self._before if _shares(output, array)]:
                return f"run() returned {name} in the memory of {', '.join(shared)}: return an array of its own"
        return None


def _shares(output: object, array: npt.NDArray[Any]) -> bool:
    return isinstance(output, np.ndarray) and output.flags.writeable and np.may_share_memory(output, array)
