"""A difference: how an outcome departs from what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["outcome", "shape", "dtype", "value", "index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs, in one line, and where it is worst.

    ``count`` elements of ``total`` differ, ``worst`` is the largest absolute error and stands at ``position`` of the
    array named ``output``; all four say nothing where the kind isn't value or index.
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
    """How near a passing result of the bounded tier came to failing, at its worst elements.

    The error as a fraction of what fails and of what is noted; in units of the last place of the right result; and as
    a fraction of what would fail if sums were accumulated in float32: beyond 1 they were not. The last is None for a
    dtype that is no narrower than float32.
    """

    of_failing: float
    of_noted: float
    ulps: float
    of_float32: float | None = None
