"""The cases of one target, asked from the first to the last. If a worker dies, hangs or breaks, another one goes on."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from adapters.base import Target
from adapters.engine.handle import StartError, Worker
from adapters.engine.process import BrokenError, DiedError, SilentError
from adapters.outcome import Crashed, Fault, Outcome, Raised, Result, Returned, TimedOut, Unsupported
from adapters.wire import Message
from cases.model.case import Case

Deliver = Callable[[Result | Fault], Iterable[Case] | None]
"""What is called with each answer. It may return more cases for the same target, to be asked after all others."""

_FROM_OUTSIDE: Final = {signal.SIGKILL.name, signal.SIGTERM.name, signal.SIGHUP.name}
"""The signals that a framework hardly sends itself: a person, or a machine without memory, ended the worker."""
FEW: Final = 10
"""The smallest number of cases left for which a worker is started ahead. For fewer it costs more than it may save."""


class Lane:
    """A target's cases in order, sent to one worker at a time. It runs in a thread of its own.

    ``limit`` is the seconds that a case may take: from the moment when it is the oldest unanswered case to its answer.
    """

    def __init__(self, target: Target, cases: Iterable[Case], deliver: Deliver, limit: float) -> None:
        self._target = str(target)
        self._waiting = deque(cases)
        self._deliver = deliver
        self._limit = limit
        self._suspicions: set[bool] = set()
        """How workers ended with the oldest case: True for a signal from outside inside its call, False before it."""

    def run(self, open_worker: Callable[[bool], Worker]) -> None:
        """Deliver every case's answer, in order.

        ``open_worker`` returns a configured worker or raises StartError. Its argument tells whether to start one more
        worker meanwhile: once a worker was lost, the next one may be lost, too.

        Raises:
            Exception: any exception that ``deliver`` raises.
        """
        lost = False
        while self._waiting:
            try:
                worker = open_worker(lost and len(self._waiting) >= FEW)
            except StartError as error:
                self._give_up(str(error))
                return
            try:
                self._drain(worker)
            finally:
                worker.end()
            lost = True

    def _give_up(self, message: str) -> None:
        while self._waiting:
            self._tell(self._fault(self._waiting.popleft(), message))

    def _tell(self, answer: Result | Fault) -> None:
        self._waiting.extend(self._deliver(answer) or ())

    def _drain(self, worker: Worker) -> None:
        """Send cases to a worker and deliver its answers until no case is left or the worker has ended."""
        sent, alive = 0, True
        while self._waiting and alive:
            while sent < len(self._waiting) and worker.feed(self._waiting[sent], self._limit):
                sent += 1
            answer, alive = self._settle(worker, self._waiting[0])
            if answer is not None:
                self._suspicions.clear()
                self._waiting.popleft()
                sent -= 1
                self._tell(answer)

    def _settle(self, worker: Worker, case: Case) -> tuple[Result | Fault | None, bool]:
        """Return the oldest case's answer, or None if there is none yet, and whether the worker goes on."""
        started = time.monotonic()
        try:
            return self._answer(case, worker.answer(self._limit), worker.call), True
        except SilentError:
            timed_out = TimedOut(seconds=self._limit)
            return self._ended(case, worker.call, timed_out, time.monotonic() - started), False
        except DiedError:
            seconds = time.monotonic() - started
            crashed = worker.autopsy(self._limit - seconds)
            crashed = replace(crashed, stderr=f"step {worker.step}: {crashed.stderr}") if worker.step else crashed
            return self._ended(case, worker.call, crashed, seconds), False
        except BrokenError as error:
            return self._fault(case, f"the worker broke: {error.summary}\n{error}"), False

    def _answer(self, case: Case, message: Message, call: str | None) -> Result | Fault:
        outcome = read(message)
        if isinstance(outcome, str):
            return self._fault(case, outcome)
        return self._result(case, outcome, call, message.body["seconds"])

    def _ended(self, case: Case, call: str | None, outcome: Outcome, seconds: float) -> Result | Fault | None:
        """Return the result of a case whose worker ended, a fault, or None if the case is to be asked once more.

        If the worker ended inside the case's call, this end is the case's outcome. If it ended before the call, the
        case is asked once more; if that happens again, it is a fault. Before its call a case is not to blame: an
        earlier call may have left a thread that crashed, or the machine ran out of memory. If a signal from outside
        ended it inside the call, the case is asked once more, too; if that happens again, it is the outcome.
        """
        outside = isinstance(outcome, Crashed) and outcome.signal in _FROM_OUTSIDE
        inside = call is not None
        if inside not in self._suspicions and (outside or not inside):
            self._suspicions.add(inside)
            return None
        if call is not None:
            return self._result(case, outcome, call, seconds)
        how = f"{outcome.signal}\n{outcome.stderr}" if isinstance(outcome, Crashed) else str(outcome)
        return self._fault(case, f"the worker twice ended before it made the call: {how}")

    def _result(self, case: Case, outcome: Outcome, call: str | None, seconds: float) -> Result:
        return Result(case=case.id, target=self._target, outcome=outcome, call=call or "", seconds=seconds)

    def _fault(self, case: Case, message: str) -> Fault:
        return Fault(case=case.id, target=self._target, message=message)


def read(message: Message) -> Outcome | str:
    """Return the outcome in a worker's answer, or a text if the adapter failed before it asked the framework."""
    body = message.body
    match message.kind:
        case "fault":
            return str(body["message"])
        case "returned":
            return Returned(arrays=message.arrays)
        case "raised":
            said = {name: body[name] for name in ("type", "message", "stage")}
            return Raised(**said, before=message.arrays)
        case _:
            return Unsupported(reason=body["reason"], before=message.arrays)
