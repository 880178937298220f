"""The comparison of two sets of arrays: names, then shapes, then dtypes, then values.

The functions here are pure and take arrays of any shape, dtype and bits. A target may return memory that nobody wrote,
so NumPy must not warn here: pytest makes an error of each warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from adapters.outcome import is_native
from cases.model.dtypes import PRECISION
from cases.model.tolerance import Tolerance

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


Kind = Literal["outcome", "shape", "dtype", "value", "index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference between the expected and the actual result: a line that says it, and its worst element.

    ``output`` names the array that differs. ``count`` of its ``total`` elements differ. ``worst`` is the largest
    absolute error, at ``position``. These four numbers are meaningful only where the kind is ``value`` or ``index``.
    """

    kind: Kind
    summary: str
    output: str = ""
    position: tuple[int, ...] = ()
    worst: float = 0.0
    count: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """The distance of a passing result of the bounded tier from failing, at its worst elements.

    ``of_failing`` is the error as a fraction of the error that fails, ``of_noted`` as a fraction of the error that is
    noted. ``ulps`` is the error in units of the last place of the right result. ``of_float32`` is the error as a
    fraction of the error that would fail if sums were accumulated in float32: beyond 1 they were not. It is None for a
    dtype that is no narrower than float32.
    """

    of_failing: float
    of_noted: float
    ulps: float
    of_float32: float | None = None


@np.errstate(all="ignore")
def compare(expected: Arrays, actual: Arrays, tolerance: Tolerance) -> Difference | None:
    """Return the first difference between ``actual`` and ``expected``, or None.

    In the bounded tier ``expected`` also holds ``output_float64`` and ``output_magnitude``, beside ``output``. Where it
    does not, the bits count: an explanation that only moves numbers rounds nothing. Where ``actual`` is an oracle's
    result as well, its arrays of these two names are not read.
    """
    names, returned = outputs(expected), outputs(actual)
    if set(names) != set(returned):
        return Difference(kind="outcome", summary=f"returned {sorted(returned)}, expected {sorted(names)}")
    found = (_compare(name, expected, actual[name], tolerance) for name in names)
    return next((difference for difference in found if difference), None)


def outputs(arrays: Iterable[str]) -> list[str]:
    """Return the names of the outputs to compare.

    The arrays that an oracle returns beside its result are left out, and so are a framework's native indices.
    """
    return [name for name in arrays if not name.startswith("output_") and not is_native(name)]


def holds_reals(array: Array) -> bool:
    """Tell whether an array holds real numbers: texts, dates and complex numbers have no diagnosis."""
    return array.dtype.kind in "fiub" or array.dtype.name == "bfloat16"


def with_values(expected: Arrays, actual: Arrays) -> Arrays:
    """Return arrays that are shapes and dtypes alone, with the expected values wherever these two are as expected."""

    def is_alike(name: str, array: Array) -> bool:
        return name in expected and (expected[name].shape, expected[name].dtype) == (array.shape, array.dtype)

    return {name: expected[name] if is_alike(name, array) else array for name, array in actual.items()}


@np.errstate(all="ignore")
def headroom(expected: Arrays, actual: Arrays, tolerance: Tolerance) -> Headroom:
    """Return how much of the tolerance a result of the bounded tier uses up, at its worst elements."""
    exact, magnitude = expected["output_float64"], expected["output_magnitude"]
    dtype = actual["output"].dtype.name
    error = np.abs(actual["output"].astype(np.float64) - exact)
    narrow = PRECISION[dtype] < PRECISION["float32"]
    wider = replace(tolerance, dtype="float32", result=dtype)
    return Headroom(
        of_failing=_largest_fraction(error, tolerance.fails_beyond(magnitude, exact)),
        of_noted=_largest_fraction(error, tolerance.noted_beyond(magnitude)),
        ulps=_largest_fraction(error, _last_place(exact, dtype)),
        of_float32=_largest_fraction(error, wider.fails_beyond(magnitude, exact)) if narrow else None,
    )


def _last_place(exact: Array, dtype: str) -> Array:
    """Return the unit in the last place of each element, as if ``dtype`` had exponents enough; 0 for 0."""
    _, exponents = np.frexp(exact)
    return np.where(exact == 0, 0.0, np.ldexp(1.0, exponents - PRECISION[dtype]))


def _largest_fraction(error: Array, limit: Array) -> float:
    fractions = np.divide(error, limit, out=np.where(error > 0, np.inf, 0.0), where=limit > 0)
    return float(fractions.max(initial=0.0))


def _compare(name: str, arrays: Arrays, actual: Array, tolerance: Tolerance) -> Difference | None:
    expected = arrays[name]
    if expected.shape != actual.shape:
        summary = f"{name} has shape {actual.shape}, expected {expected.shape}"
        return Difference(kind="shape", summary=summary, output=name)
    if expected.dtype != actual.dtype:
        summary = f"{name} has dtype {actual.dtype}, expected {expected.dtype}"
        return Difference(kind="dtype", summary=summary, output=name)
    if expected.dtype.name == "bfloat16":  # NumPy can do little with such arrays; float32 holds them exactly
        expected, actual = expected.astype(np.float32), actual.astype(np.float32)
    if tolerance.tier == "bounded" and name == "output" and "output_magnitude" in arrays:
        limit = tolerance.fails_beyond(arrays["output_magnitude"], arrays["output_float64"])
        return _values(name, arrays["output_float64"], actual, limit)
    return _values(name, expected, actual, None)


def _values(name: str, expected: Array, actual: Array, limit: Array | None) -> Difference | None:
    """Compare values. ``limit`` is the largest error tolerated of each element; None demands the same bits."""
    error = _error(expected, actual)
    special = _special(expected, actual)
    wrong = special if limit is None else special | (error > limit)
    if limit is None:
        wrong = wrong | ((actual != expected) & ~(_nan(expected) & _nan(actual)))
        if not wrong.any():
            return _zero_signs(name, expected, actual)
    return _worst(name, expected, actual, error, wrong) if wrong.any() else None


def _error(expected: Array, actual: Array) -> Array:
    if expected.dtype.kind not in "fiub":  # such values have no distance: every wrong one is equally wrong
        return np.where(actual != expected, np.inf, 0.0)
    return np.asarray(np.abs(actual.astype(np.float64) - expected.astype(np.float64)))


def _nan(array: Array) -> Array:
    return np.asarray(array != array)  # noqa: PLR0124 - only NaN is unequal to itself, in any dtype


def _special(expected: Array, actual: Array) -> Array:
    """Mark the elements where one side is NaN or infinite and the other side is not the same.

    These are compared before any arithmetic.
    """
    if expected.dtype.kind != "f":
        return np.zeros(expected.shape, dtype=bool)
    infinite = np.isinf(expected) | np.isinf(actual)
    return np.asarray((np.isnan(expected) != np.isnan(actual)) | (infinite & (expected != actual)))


def _zero_signs(name: str, expected: Array, actual: Array) -> Difference | None:
    """Return the difference between zeros of unlike signs, or None.

    0 and -0 compare as equal, but a division by them tells them apart. So they never count as equal silently.
    """
    if expected.dtype.kind != "f":
        return None
    wrong = (np.signbit(expected) != np.signbit(actual)) & ~np.isnan(expected)
    if not wrong.any():
        return None
    position = _first(wrong)
    count, total = int(wrong.sum()), int(wrong.size)
    summary = f"{name} differs only in the sign of {count} zeros of {total} elements, first at {position}"
    return Difference(kind="value", summary=summary, output=name, position=position, count=count, total=total)


def _worst(name: str, expected: Array, actual: Array, error: Array, wrong: Array) -> Difference:
    ranked = np.where(wrong, np.where(np.isnan(error), np.inf, error), -1.0)
    position = tuple(int(i) for i in np.unravel_index(int(ranked.argmax()), ranked.shape))
    count, total = int(wrong.sum()), int(wrong.size)
    summary = (
        f"{name} differs in {count} of {total} elements, worst at {position}: "
        f"{actual[position]!s}, expected {expected[position]!s}"
    )
    return Difference(
        kind="index" if name == "indices" else "value",
        summary=summary,
        output=name,
        position=position,
        worst=float(ranked[position]),
        count=count,
        total=total,
    )


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])
