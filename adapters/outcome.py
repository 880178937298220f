"""The outcome of a case on a target: a closed union, read with ``match``.

Each kind of outcome says in words how the call ended, and has its own form in JSON. Nothing else puts an outcome into
words or into JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final

import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]

HUNG: Final = " after hanging"
"""The end of ``Crashed.signal`` for a process that hung while dying, so that it had to be killed."""
_LAST_WORDS: Final = 300
"""Characters of a dead process's stderr that a line shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The call returned these arrays, channels-last, by output name."""

    kind: ClassVar = "returned"
    arrays: Arrays

    @property
    def end(self) -> str:
        """The end of the call in words, without messages and times."""
        return "returned"

    @property
    def told(self) -> str:
        """The end of the call in full: dtypes and shapes, without the framework's own indices."""
        arrays = {name: array for name, array in self.arrays.items() if not is_native(name)}
        return ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in arrays.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The framework refused the call with an exception.

    ``stage`` is ``calling`` where a call is made at once; where a program is made of it, ``tracing``, ``building`` or
    ``running``. It is ``preparing`` before the call, and ``reading`` where the result is read. ``before`` holds what
    the earlier steps of a pipeline returned; it takes no part in a comparison of outcomes.
    """

    kind: ClassVar = "raised"
    type: str
    message: str
    stage: str
    before: Arrays = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> str:
        """The end of the call in words, without the wording of the message."""
        return f"raised {self.type} while {self.stage}"

    @property
    def told(self) -> str:
        """The end of the call in full, with the message."""
        before = " before the call" if self.stage == "preparing" else ""
        return f"raised {self.type}{before}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """The adapter says that the framework has no such operator or option. Counts as not passed.

    ``before`` is that of ``Raised``.
    """

    kind: ClassVar = "unsupported"
    reason: str
    before: Arrays = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> str:
        """The end of the call in words: the call was not made."""
        return "unsupported"

    @property
    def told(self) -> str:
        """The reason why the call was not made."""
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The worker died: the signal's name or the exit status, and the end of its stderr."""

    kind: ClassVar = "crashed"
    signal: str
    stderr: str

    @property
    def end(self) -> str:
        """The end of the call in words, without ``HUNG``: how fast a process dies depends on the machine."""
        return f"crashed: {self.signal.removesuffix(HUNG)}"

    @property
    def told(self) -> str:
        """The end of the call in full, with the end of stderr."""
        return f"the process died: {self.signal}; its last words: {self.stderr.strip()[-_LAST_WORDS:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """No answer came within the limit, and the worker was killed."""

    kind: ClassVar = "timed out"
    seconds: float

    @property
    def end(self) -> str:
        """The end of the call in words, without the limit."""
        return "timed out"

    @property
    def told(self) -> str:
        """The end of the call in full, with the limit."""
        return f"no answer within {self.seconds:g} seconds"


Outcome = Returned | Raised | Unsupported | Crashed | TimedOut
_BY_KIND: Final[dict[str, type[Any]]] = {cls.kind: cls for cls in (Raised, Unsupported, Crashed, TimedOut)}


def arrays_of(outcome: Outcome) -> Arrays:
    """Return the arrays that came back: of the call, or of a pipeline's steps before the one that ended it."""
    match outcome:
        case Returned(arrays=arrays) | Raised(before=arrays) | Unsupported(before=arrays):
            return arrays
        case _:
            return {}


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON holds it: its kind and its fields. The arrays are stored elsewhere."""
    names = (one.name for one in fields(outcome) if one.name not in {"arrays", "before"})
    return {"kind": outcome.kind, "fields": {name: getattr(outcome, name) for name in names}}


def from_json(line: Mapping[str, Any], arrays: Arrays) -> Outcome:
    """Return the outcome that ``to_json`` wrote. ``arrays`` are those that came back.

    Raises:
        KeyError, TypeError: if ``line`` was not written by ``to_json``.
    """
    if line["kind"] == Returned.kind:
        return Returned(arrays=arrays)
    before = {"before": arrays} if arrays else {}
    outcome: Outcome = _BY_KIND[line["kind"]](**line["fields"], **before)
    return outcome


_NATIVE: Final = "native_"
STRIDES: Final = f"{_NATIVE}strides_"
"""Begins the name of an output that holds another's shape and strides, as the framework has it: two rows."""


def is_native(name: str) -> bool:
    """Tell whether an output is in a framework's own form, such as native indices. Such outputs are not compared."""
    return name.startswith(_NATIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One target's answer to one case: the outcome, the call's text, and the time that it took in seconds."""

    case: str
    target: str
    outcome: Outcome
    call: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault on our side, never an outcome: the adapter or the worker broke before the framework was asked."""

    case: str
    target: str
    message: str
