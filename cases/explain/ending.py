"""The last step of every operator: the result of all windows together, as the dtype holds it."""

from __future__ import annotations

import numpy as np

from cases.explain.parts import Array, Kind, Kinds, Picture, Step, pictured
from cases.explain.view import View
from cases.explain.windows import Place
from cases.model import dtypes
from cases.model.case import Case

Answer = tuple[tuple[Step, ...], dict[str, Array]]
"""The steps of a case, and the results that these steps computed."""


def one_step(windows: dict[str, Step]) -> list[Step]:
    """Join the steps of several windows, by name, into one step, if each has at most one picture."""
    if len(windows) == 1 or any(len(step.pictures) > 1 for step in windows.values()):
        return list(windows.values())
    *others, last = windows
    return [
        Step(
            heading=f"The {', the '.join(others)} and the {last} window",
            text=tuple(dict.fromkeys(line for step in windows.values() for line in step.text)),
            pictures=tuple(picture for step in windows.values() for picture in step.pictures),
            sums=tuple(line for step in windows.values() for line in step.sums),
        )
    ]


def ending(
    seen: View, output: Array, text: str, *more: Picture, kinds: Kinds | None = None, origin: Place | None = None
) -> Step:
    """Make the last step: the result as the case's dtype holds it; ``more`` is drawn beside it."""
    held = rounded(seen.case, output)
    rounds = not np.array_equal(held, output, equal_nan=True)
    rounding = (f"Computed in float64, and rounded to {seen.case.dtype} at the very end.",) if rounds else ()
    kinds = np.full(held.shape, Kind.RESULT, dtype=np.int8) if kinds is None else kinds
    shown = pictured("output", held, kinds, origin=origin)
    return Step(heading="The result", text=(text, *rounding), pictures=(shown, *more))


def rounded(case: Case, output: Array) -> Array:
    """Round a result to the case's dtype, and return it in float64."""
    return dtypes.rounded(output, case.dtype).astype(np.float64) if case.dtype in dtypes.FLOATS else output
