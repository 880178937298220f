"""A program that shows one answer in a bare interpreter: the inputs as literals, the call, and what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cases.case import Case
from cases.fill import fill

_LITERAL = 400
"""Elements up to which an input is written out; beyond, the program makes it with ``cases.fill`` from the clone."""


def program(case: Case, call: str, expected: tuple[str, npt.NDArray[Any]] | None = None) -> str:
    """Source that runs when pasted: it needs NumPy and the framework, and for large inputs the clone's folder.

    ``expected`` is the name of the output that differs and what it ought to be: the program then counts for itself.
    """
    inputs = fill(case)
    lines = ["import numpy as np", ""]
    if sum(array.size for array in inputs.values()) <= _LITERAL:
        lines += [f"{name} = {_literal(array)}" for name, array in inputs.items()]
    else:
        lines += _from_clone(case)
    lines += ["", call, "", "for name, array in outputs.items():", "    print(name, array.shape, array, sep='\\n')"]
    if expected is not None and expected[1].size <= _LITERAL:
        name, array = expected
        lines += ["", f"expected = {_literal(array)}"]
        lines += [f"actual = outputs[{name!r}]"]
        lines += ["differs = (actual != expected) | (np.signbit(actual) != np.signbit(expected))"]
        lines += ["print(differs.sum(), 'of', expected.size, 'differ, by', np.abs(actual - expected).max(), 'at most')"]
    return "\n".join(lines) + "\n"


def _literal(array: npt.NDArray[Any]) -> str:
    return f"np.array({array.ravel().tolist()}, dtype={str(array.dtype)!r}).reshape({array.shape})"


def _from_clone(case: Case) -> list[str]:
    names = ", ".join(case.inputs)
    return [
        "from pathlib import Path  # run this in the clone's folder: the inputs are made there",
        "from cases.fill import fill",
        "from cases.load import load",
        f"case_id = {case.id!r}",
        "case = next(case for case in load(Path(case_id.partition('::')[0])) if case.id == case_id)",
        f"{names} = fill(case).values()" if len(case.inputs) > 1 else f"{names} = fill(case)[{names!r}]",
    ]


def small(array: npt.NDArray[Any]) -> str:
    """An array as far as a person reads it."""
    with np.printoptions(threshold=200, edgeitems=3, linewidth=110, suppress=True):
        return str(array)
