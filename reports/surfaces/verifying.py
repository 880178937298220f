"""Running a written call and what it is translated to on the same numbers, each in its own framework's interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from adapters.outcome import Outcome, Raised, Returned
from cases.model import fill
from reports.recording.record import Array
from reports.surfaces.asking import Interpreter, Program, ask, interpreter
from reports.surfaces.meaning import Meaning
from reports.surfaces.saying import Said, index_of, names_of
from reports.surfaces.writing import program

SECONDS = 300.0
SAME = "the same bits"
ZEROS = "the same numbers, but for the sign of zeros"
ROUNDED = "the same but for rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where programs run: interpreters by framework, and the back end of the written call, if it has several."""

    pythons: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""


def arrays(meaning: Meaning) -> dict[str, Array]:
    """Return the tensors of a written call, by the names that it has for them: small whole numbers."""
    drawn = np.random.default_rng(7)
    found: dict[str, Array] = {}
    for tensor, name in names_of(meaning).items():
        shape = meaning.shapes[tensor]
        if tensor == "indices":
            found[name] = _indices(meaning)
        elif tensor == "value" and "pool" in meaning.case.operator:
            count = int(np.prod(shape))  # below zero at the border, so that a wrong padding of zeros shows
            found[name] = (drawn.permutation(count) - count).reshape(shape).astype(np.float32)
        else:
            found[name] = drawn.integers(-4, 5, shape).astype(np.float32)
    return found


def _indices(meaning: Meaning) -> Array:
    """Return indices of places, as the written call counts them."""
    canonical = fill.fill(meaning.case)["indices"]
    native = canonical // canonical.shape[-1] if index_of(meaning) == "planes" else canonical
    return np.ascontiguousarray(np.moveaxis(native, -1, 1) if meaning.value == "NC*" else native)


def run_written(meaning: Meaning, place: Place) -> Outcome:
    """Run the call as it was written."""
    written = meaning.written
    family = written.surface.family
    environment = dict(family.variants.get(place.variant, next(iter(family.variants.values()), {})))
    text = program(written.surface, written.text, names_of(meaning), written.more, meaning.case.outputs)
    return _run(text, meaning, interpreter(place.pythons, family.framework, environment))


def run_said(meaning: Meaning, said: Said, place: Place) -> Outcome:
    """Run the call as another framework says it. The program itself chooses a back end where there are several."""
    indices = ", 'indices': indices" if "indices" in meaning.case.outputs else ""
    text = f"{said.text}\noutputs = {{'output': y{indices}}}"
    return _run(text, meaning, interpreter(place.pythons, said.framework))


def _run(text: str, meaning: Meaning, python: Interpreter) -> Outcome:
    return next(ask([Program(text=text, inputs=arrays(meaning))], replace(python, seconds=SECONDS)))


def is_missing(outcome: Outcome) -> bool:
    """Tell whether a program ended because its framework is not installed there."""
    return isinstance(outcome, Raised) and outcome.type in {"ModuleNotFoundError", "ImportError"}


def compared(written: Returned, said: Returned) -> str:
    """Return how what one program returned compares with the other: ``SAME``, or in what it differs."""
    if "indices" in written.arrays and not np.array_equal(written.arrays["indices"], said.arrays["indices"]):
        return "other indices"
    one, other = written.arrays["output"], said.arrays["output"]
    for what in ("shape", "dtype"):
        if getattr(one, what) != getattr(other, what):
            return f"another {what}: {getattr(other, what)}, and the call as it was written gives {getattr(one, what)}"
    if np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes():
        return SAME
    return ZEROS if np.array_equal(one, other, equal_nan=True) else _apart(one, other)


def _apart(one: Array, other: Array) -> str:
    distance = np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0)
    if np.allclose(one, other, rtol=1e-6, atol=0):
        return f"{ROUNDED}: at most {distance:.2g} apart"
    return f"other values: {int((one != other).sum())} of {one.size}, at most {distance:.6g} apart"
