"""The verdict on one answer: its status, its difference, the diagnosis, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, get_args

from reports.judging.compare import Difference, Headroom
from reports.judging.facts import Fact

Status = Literal[
    "passed", "differing", "unsupported", "raised", "crashed", "timed out", "recorded", "not asked", "unjudged"
]
Follows = Literal["pass", "skip", "known", "gone", "new", "changed", "vanished", "error"]
FAILING: Final = frozenset({"new", "changed", "vanished", "error"})
"""The values of ``follows`` that fail the run."""
LENIENT: Final = "a drawn wrong call that is not refused: counted, and nothing new"
NOT_REACHED: Final = "a drawn wrong call that ended before the framework was called: counted, and nothing new"
DRAWN: Final[dict[Status, str]] = {"differing": LENIENT, "raised": NOT_REACHED}
"""Status of a wrong call -> the reason given in a run of drawn calls, of which no behaviour is recorded."""
RECORDED: Final = "as recorded in reports/known/behaviours"
"""The reason given where a recorded behaviour accepts a difference, and no fact does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on an answer, made once.

    ``status`` says how the answer compares. A call without a right answer is ``recorded``. A call that was not made is
    ``not asked``. An answer is ``unjudged`` if there is nothing to compare it with. ``follows`` says what pytest and
    every page make of the answer. ``note`` gives people the cause, where neither a difference nor a reason does.

    ``fact`` is the fact that explains the answer, or from which the answer departs. ``of_version`` is set if only
    another version is known to do so, or to have done otherwise; nothing fails then, and ``gone`` says that the answer
    is right now. ``by_processor`` and ``may_vary`` repeat what facts say of the case: ``by_processor`` that the
    processor decides, ``may_vary`` that bits vary from call to call. ``others`` holds the verdicts on repeats of the
    call that did not return the same.

    In a pipeline ``step`` is the first step that differs. ``later`` holds the verdicts on later steps that differ as
    well, and on how the pipeline ended if a step raised; each step is judged by what it was given.
    """

    status: Status
    difference: Difference | None = None
    diagnosis: str | None = None
    headroom: Headroom | None = None
    reason: str = ""
    step: str = ""
    later: tuple[Verdict, ...] = ()
    others: tuple[Verdict, ...] = ()
    follows: Follows = "pass"
    note: str = ""
    accepted: str = ""
    fact: Fact | None = None
    of_version: str = ""
    by_processor: bool = False
    may_vary: bool = False

    @property
    def fails(self) -> bool:
        """Tell whether the answer fails the run."""
        return self.follows in FAILING

    @property
    def summary(self) -> str:
        """Return a line about the answer; empty if there is nothing to say of it."""
        return self.difference.summary if self.difference else self.reason or self.note


def to_json(verdict: Verdict, facts: Sequence[Fact]) -> dict[str, Any]:
    """Return a verdict as JSON holds it, without fields at their defaults.

    A fact is written as its position in ``facts``.
    """
    line: dict[str, Any] = {}
    for part in fields(Verdict):
        value = getattr(verdict, part.name)
        if value != part.default:
            line[part.name] = _plain(value, facts)
    return line


def _plain(value: Any, facts: Sequence[Fact]) -> Any:
    match value:
        case Fact():
            return next(position for position, fact in enumerate(facts) if fact is value)
        case Difference() | Headroom():
            return asdict(value)
        case tuple():
            return [to_json(verdict, facts) for verdict in value]
        case _:
            return value


def from_json(line: dict[str, Any], facts: Sequence[Fact]) -> Verdict:
    """Return the verdict that ``to_json`` wrote.

    Raises:
        AttributeError, IndexError, KeyError, TypeError, ValueError: if ``line`` was not written by ``to_json`` for
            these facts.
    """
    given = dict(line)
    if line["status"] not in get_args(Status) or line.get("follows", "pass") not in get_args(Follows):
        msg = f"no verdict has the status {line['status']!r} and this end"
        raise ValueError(msg)
    if "difference" in line:
        difference = Difference(**line["difference"])
        given["difference"] = replace(difference, position=tuple(difference.position))
    if "headroom" in line:
        given["headroom"] = Headroom(**line["headroom"])
    for name in ("later", "others"):
        given[name] = tuple(from_json(verdict, facts) for verdict in line.get(name, ()))
    if "fact" in line:
        given["fact"] = facts[line["fact"]]
    return Verdict(**given)
