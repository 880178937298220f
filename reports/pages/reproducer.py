"""A program that shows one answer in a bare interpreter: the inputs as literals, the call, and what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cases.model.case import Case
from cases.model.fill import fill

_LITERAL = 400
"""Elements up to which an input is written out; beyond, the program makes it with ``cases.model.fill``."""


def program(case: Case, call: str, expected: tuple[str, npt.NDArray[Any]] | None = None) -> str:
    """Source that runs when pasted: it needs NumPy and the framework, and for large inputs the clone's folder.

    ``expected`` is the name of the output that differs and what it ought to be: the program then counts for itself.
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
    """Whether a case's inputs are too large to be written out, so that its program runs in the clone's folder only."""
    return sum(array.size for array in fill(case).values()) > _LITERAL


def _compared(name: str, expected: npt.NDArray[Any]) -> list[str]:
    """Lines that count how many elements of an output differ: NaN is NaN, and zeros have signs."""
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
    """Source of an array; of bfloat16, which NumPy alone doesn't know, as float32, which holds it."""
    known = array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    return f"np.array({known.ravel().tolist()}, dtype={str(known.dtype)!r}).reshape({known.shape})"


def _from_clone(case: Case) -> list[str]:
    names = ", ".join(case.inputs)
    return [
        "from pathlib import Path  # run this in the clone's folder: the inputs are made there",
        "from cases.model.fill import fill",
        "from cases.loading.load import load",
        f"case_id = {case.id!r}",
        "case = next(case for case in load(Path(case_id.partition('::')[0])) if case.id == case_id)",
        *_weighted(case),
        f"{names} = fill(case).values()" if len(case.inputs) > 1 else f"{names} = fill(case)[{names!r}]",
    ]


def _weighted(case: Case) -> list[str]:
    """The lines that give a pipeline real filters, if it had some."""
    archive = next((spec.file for spec in case.inputs.values() if spec.file), None)
    if archive is None:
        return []
    return ["from cases.loading.vgg_weights import with_weights", f"case = with_weights(case, Path({archive!r}))"]


def small(array: npt.NDArray[Any]) -> str:
    """An array as far as a person reads it."""
    with np.printoptions(threshold=200, edgeitems=3, linewidth=110, suppress=True):
        return str(array)
