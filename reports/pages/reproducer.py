"""Programs that show one recorded answer in a bare interpreter: the inputs, the call, and the expected output."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model.case import Case
from cases.model.fill import fill

_LITERAL: Final = 400
"""The most elements that a program writes out as literals. It makes larger inputs with ``cases.model.fill``."""


def program(case: Case, call: str, expected: tuple[str, npt.NDArray[Any]] | None = None) -> str:
    """Return a program that makes one call when it is pasted into an interpreter, and prints the outputs.

    The program needs NumPy and the framework. With large inputs it must run in the clone's folder. ``expected`` is the
    name of the output that differs and the right array. If it is given and small enough to write out, the program
    also counts the elements that differ.
    """
    lines = ["import numpy as np", "from numpy import inf, nan", ""]
    if needs_clone(case):
        lines += _from_clone(case)
    else:
        lines += [f"{name} = {_literal(array)}" for name, array in fill(case).items()]
    lines += ["", call, "", "for name, array in outputs.items():"]
    lines += ["    print(name, array.shape, array.dtype, array, sep='\\n')"]
    if expected is not None and expected[1].size <= _LITERAL:
        lines += _compared(*expected)
    return "\n".join(lines) + "\n"


def needs_clone(case: Case) -> bool:
    """Tell whether the inputs are too large to write out. Then the program runs only in the clone's folder."""
    return sum(array.size for array in fill(case).values()) > _LITERAL


def _compared(name: str, expected: npt.NDArray[Any]) -> list[str]:
    """Return lines that count the elements of an output that differ. NaN equals NaN, and 0 differs from -0."""
    return [
        "",
        f"expected = {_literal(expected)}",
        f"actual = outputs[{name!r}].astype(expected.dtype)",
        "alike = (actual == expected) & (np.signbit(actual) == np.signbit(expected))",
        "differs = ~(alike | (np.isnan(actual) & np.isnan(expected)))",
        "print('actual', actual[differs][:5], 'expected', expected[differs][:5])",
        "print(differs.sum(), 'of', expected.size, 'differ')",
    ]


def _literal(array: npt.NDArray[Any]) -> str:
    """Return source that makes an array. A bfloat16 array becomes float32, because NumPy alone has no bfloat16."""
    known = array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    return f"np.array({known.ravel().tolist()}, dtype={str(known.dtype)!r}).reshape({known.shape})"


def _from_clone(case: Case) -> list[str]:
    """Return lines that make the inputs with the suite's own code."""
    names = ", ".join(case.inputs)
    return [
        "from pathlib import Path  # run this in the clone's folder: the inputs are made there",
        "from cases.model.fill import fill",
        "from cases.loading.load import load",
        f"case_id = {case.id!r}",
        f"case = next(case for case in load(Path({case.file!r})) if case.id == case_id)",
        *_with_weights(case),
        f"{names} = fill(case).values()" if len(case.inputs) > 1 else f"{names} = fill(case)[{names!r}]",
    ]


def _with_weights(case: Case) -> list[str]:
    """Return lines that give a pipeline its real filters; none if the call had no real filters."""
    archive = next((spec.file for spec in case.inputs.values() if spec.file), None)
    if archive is None:
        return []
    return ["from cases.loading.vgg_weights import with_weights", f"case = with_weights(case, Path({archive!r}))"]


def small(array: npt.NDArray[Any]) -> str:
    """Return an array as text for people, with the middle of a large array left out."""
    with np.printoptions(threshold=200, edgeitems=3, linewidth=110, suppress=True):
        return str(array)
