"""A rule that a call breaks, as the rules say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A broken rule, the argument of the call that breaks it, and both sides of the conflict in one line.

    ``sides`` are the two numbers that don't fit together, where there are two.
    """

    rule: str
    argument: str
    reason: str
    sides: tuple[int, int] | None = None
