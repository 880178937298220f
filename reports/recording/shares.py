"""The time of a run that ends after some seconds, shared out among its targets."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cases.model.case import Case

AHEAD: Final = 8
"""The calls of a target that are under way at once, so that its worker need not wait for the next one."""


class Shares:
    """Gives each target its next calls as long as its share of the time lasts.

    ``slots`` targets run at once. A target's share begins with its first answer: what is left of the time then is
    divided among the targets that have not had theirs. Without ``seconds`` every target gets all its calls at once.
    """

    def __init__(
        self,
        seconds: float | None,
        slots: int,
        work: Mapping[str, Sequence[Case]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._end = clock() + (math.inf if seconds is None else seconds)
        self._slots = slots
        self._waiting = {target: deque(cases) for target, cases in work.items()}
        self._ends: dict[str, float] = {}
        self._ahead = None if seconds is None else AHEAD

    def first(self, target: str) -> list[Case]:
        """Return the calls with which a target begins."""
        waiting = self._waiting[target]
        return [waiting.popleft() for _ in range(min(len(waiting), self._ahead or len(waiting)))]

    def more(self, target: str) -> list[Case]:
        """Return the next call of a target that has answered one; none if its time is over, or no call is left."""
        waiting = self._waiting.get(target)
        return [waiting.popleft()] if waiting and not self.is_over(target) else []

    def left(self, target: str) -> list[Case]:
        """Return the calls that a target is not asked any more. There are none before its time is over."""
        waiting = self._waiting.get(target)
        if not waiting or not self.is_over(target):
            return []
        left = list(waiting)
        waiting.clear()
        return left

    def is_over(self, target: str) -> bool:
        """Tell whether a target's time is over. The first time it is asked about a target, its share begins."""
        now = self._clock()
        if target not in self._ends:
            others = len(self._waiting) - len(self._ends)
            self._ends[target] = now + (self._end - now) * min(self._slots / others, 1.0)
        return now >= self._ends[target]
