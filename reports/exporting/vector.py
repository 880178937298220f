"""A case's arrays: its inputs, its expected outputs, and what says how far an answer may be from them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact, Oracle
from adapters.oracle.zeros import of_either_sign
from cases.model.case import Case
from cases.model.dtypes import FLOATS
from cases.model.fill import fill
from reports.judging.compare import Arrays, outputs
from reports.judging.expectation import literal, tolerance


class NoVectorError(Exception):
    """A case has no test vector. The message says why, in words that many cases share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """The arrays of a case. All but ``inputs`` are by the name of an output, and a wrong call has none of them.

    ``expected`` has every output. Where an output is judged by a bound, ``exact`` holds it before it was rounded to its
    dtype, and ``bounds`` the largest error of each element, both as float64. ``either_sign`` marks the zeros of
    ``expected`` that may have either sign; an output without such zeros is not in it.
    """

    case: Case
    inputs: Arrays
    expected: Arrays = field(default_factory=dict)
    exact: Arrays = field(default_factory=dict)
    bounds: Arrays = field(default_factory=dict)
    either_sign: Arrays = field(default_factory=dict)


def why_none(case: Case) -> str:
    """Return why a case has no test vector, as its fields tell it; empty if it has one."""
    if case.steps:
        return "a pipeline is several calls"
    return "the call has no right answer" if case.behaviour is not None else ""


def vector(case: Case) -> Vector:
    """Return the test vector of a case.

    Raises:
        NoVectorError: if it has none.
    """
    if why := why_none(case):
        raise NoVectorError(why)
    inputs = fill(case)
    if case.invalid is not None:
        return Vector(case=case, inputs=inputs)
    try:
        return _of_result(case, inputs, literal(case) or Oracle().run(case, inputs))
    except (InvalidCall, NotExact, NotSupported) as error:
        msg = "the definition gives the call no exact result"
        raise NoVectorError(msg) from error


@np.errstate(all="ignore")
def _of_result(case: Case, inputs: Arrays, found: Arrays) -> Vector:
    """Return the vector of a valid call, from what the definition returned."""
    expected, exact, bounds = {name: found[name] for name in outputs(found)}, {}, {}
    if "output_magnitude" in found:
        exact["output"] = found["output_float64"]
        bounds["output"] = tolerance(case).fails_beyond(found["output_magnitude"], exact["output"])
    judged_by_bits = {name: array for name, array in expected.items() if name not in bounds}
    return Vector(
        case=case,
        inputs=inputs,
        expected=expected,
        exact=exact,
        bounds=bounds,
        either_sign=_either_sign(case, inputs, judged_by_bits),
    )


def _either_sign(case: Case, inputs: Arrays, expected: Arrays) -> Arrays:
    """Return the masks of zeros that may have either sign; nothing is computed where there are no zeros."""
    zeros = {name: np.asarray(array == 0) for name, array in expected.items()}
    if case.dtype not in FLOATS or not any(mask.any() for mask in zeros.values()):
        return {}
    free = {name: zeros[name] & mask for name, mask in of_either_sign(case, inputs).items() if name in zeros}
    return {name: mask for name, mask in free.items() if mask.any()}
