"""What a target did with a case: a closed union, read with ``match``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The call returned these arrays, channels-last, by output name."""

    arrays: dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The framework refused the call with an exception.

    ``stage`` is ``calling`` where a call is made at once; where a program is made of it, ``tracing``, ``building`` or
    ``running``. It is ``preparing`` before the call, and ``reading`` where the result is read.
    """

    type: str
    message: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """The adapter says that the framework has no such operator or option. Counts as not passed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The worker died: the signal's name or the exit status, and the end of its stderr."""

    signal: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """No answer came within the limit, and the worker was killed."""

    seconds: float


Outcome = Returned | Raised | Unsupported | Crashed | TimedOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One target's answer to one case: the outcome, the call's text, and the time it took in seconds."""

    case: str
    target: str
    outcome: Outcome
    call: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Ours, not theirs: the adapter or the worker broke before the framework was asked. Never an outcome."""

    case: str
    target: str
    message: str
