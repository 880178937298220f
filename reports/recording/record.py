"""One recorded answer, as a run keeps it in memory: how a call ended, and which two answers are the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from adapters.engine.process import HUNG
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from adapters.program import CALL
from adapters.worker.pipeline import part

Key = tuple[str, str]
"""A case and a target."""
_KINDS: Final[dict[str, type[Any]]] = {
    "raised": Raised,
    "unsupported": Unsupported,
    "crashed": Crashed,
    "timed_out": TimedOut,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A result, but for the text of its call, which stays in the file at ``offset``.

    ``arrays`` maps output names to digests where the call returned.
    """

    case: str
    target: str
    kind: str
    fields: dict[str, Any]
    arrays: dict[str, str]
    seconds: float
    offset: int


def described(outcome: Outcome) -> tuple[str, dict[str, Any]]:
    """An outcome's kind, and its fields but for arrays, as JSON holds them."""
    if isinstance(outcome, Returned):
        return "returned", {}
    return next(name for name, cls in _KINDS.items() if isinstance(outcome, cls)), asdict(outcome)


def restored(record: Record) -> Outcome:
    """The outcome that ``described`` was given, of any kind but returned."""
    outcome: Outcome = _KINDS[record.kind](**record.fields)
    return outcome


def end(record: Record) -> str:
    """How a call ended, in words: without what a message says, which is no part of it, and without the time it took."""
    if record.kind == "raised":
        return f"raised {record.fields['type']} while {record.fields['stage']}"
    if record.kind == "crashed":
        return f"crashed with {record.fields['signal'].removesuffix(HUNG)}"  # how fast it died is the machine's
    return record.kind.replace("_", " ")


def same(one: Record, other: Record) -> bool:
    """Whether two calls ended alike, and returned the same bits if they returned."""
    return end(one) == end(other) and one.arrays == other.arrays


def call_line(text: str, step: str = "") -> str:
    """The framework's call in a call's text, as one line; of a pipeline a step's, or the last one that was made."""
    lines = [line for line in (part(text, step) if step else text).splitlines() if line.startswith(CALL)]
    return (lines[-1] if lines else text.strip()).removeprefix(CALL)
