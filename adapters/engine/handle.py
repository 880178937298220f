"""The parent's handle of a worker: load its adapter, start it, configure it, send it cases, read its answers in order.

It never restarts a worker: ``adapters.engine.restarting`` goes on with another one.
"""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from adapters.base import ModeOptions
from adapters.engine.launch import Launch, labelled
from adapters.engine.process import BrokenError, DiedError, Process, SilentError
from adapters.outcome import Crashed
from adapters.wire import Message, Wire, pack
from adapters.worker import pipeline
from adapters.worker.memory import GIB
from cases.model.case import Case, question

AHEAD: Final = 64
"""The largest number of cases that are sent and not yet answered."""
BYTES_AHEAD: Final = 16_384
"""The number of unanswered bytes from which no further case is sent.

A case larger than this is sent only to a worker that has answered everything. Twice this number of bytes fits into a
pipe, so sending to a worker that hangs does not block.
"""

_LOST: Final = "Python path configuration:"
"""The first words on stderr when an interpreter fails before it runs any code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An adapter that can be used here.

    ``name`` is the adapter's own name, and its targets are named after it. ``options`` has an entry for every mode.
    """

    launch: Launch
    name: str
    modes: tuple[str, ...]
    options: dict[str, ModeOptions]
    devices: tuple[str, ...]
    versions: dict[str, str]
    python: str
    processor: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An adapter whose framework is not installed in its interpreter; ``message`` is the import's error message."""

    launch: Launch
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFailure:
    """An adapter, or one of its targets, that can't be used until somebody repairs what ``message`` says."""

    launch: Launch
    message: str


class StartError(Exception):
    """A worker can't start; the message is one line that says what to do. If ``final``, another try would not help."""

    def __init__(self, message: str, *, final: bool = True) -> None:
        super().__init__(message)
        self.final = final


class Worker:
    """A worker process. One thread uses it and must ``end`` it; any thread may ``kill`` it.

    ``environment`` holds environment variables that the process gets in addition to ours, or in place of ours.

    Raises:
        StartError: if the interpreter can't be run.
    """

    def __init__(self, launch: Launch, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._launch = launch
        self.environment = environment
        self._place = launch.python or sys.executable
        self._unanswered: deque[tuple[Case, int]] = deque()
        self._next: tuple[Case, Wire] | None = None
        self._deaf = False
        self._asked: Case | None = None
        self._declared: Message | None = None
        self._told: list[str] = []
        self.step = ""
        """The name of the running step of a pipeline."""
        try:
            self._process = Process(launch.python, environment)
        except OSError as error:
            msg = f"{launch.name}: cannot run the interpreter {self._place!r} ({error.strerror}): check its path"
            raise StartError(msg) from error
        self.kill = self._process.kill
        self.alive = self._process.alive
        self.autopsy = self._process.autopsy
        self.end = self._process.end

    def declare(self, limit: float) -> dict[str, str]:
        """Load the adapter's module, within ``limit`` seconds, and return the variables that its first mode needs.

        The dict is empty if an import of the module is missing; ``start`` then says so.

        Raises:
            StartError: if the interpreter, its process or the adapter's module fails.
        """
        deadline = time.monotonic() + limit
        try:
            self._process.serve("adapters.worker.serve", self._launch.locator, self._launch.path, limit)
            self._declared = self._process.receive(deadline - time.monotonic())
        except (DiedError, SilentError, BrokenError) as error:
            raise self._cannot("start", error, limit) from error
        if self._declared.kind == "missing":
            return {}
        modes, options = self._declared.body["modes"], self._declared.body["options"]
        environment: dict[str, str] = options.get(modes[0], {}).get("environment", {})
        return environment

    def start(self, limit: float) -> Ready | Missing:
        """Load the adapter and its framework, each within ``limit`` seconds.

        Raises:
            StartError: if the interpreter, its process, the adapter's module or its framework fails.
        """
        if self._declared is None:
            self.declare(limit)
        assert self._declared is not None  # noqa: S101 - ``declare`` sets it
        message = self._declared if self._declared.kind == "missing" else self._offer(limit)
        if message.kind == "missing":
            return Missing(launch=self._launch, message=message.body["message"])
        modes, options = tuple(self._declared.body["modes"]), self._declared.body["options"]
        name = labelled(message.body["name"], self._launch.label)
        fields = message.body | {"name": name, "modes": modes, "devices": tuple(message.body["devices"])}
        return Ready(launch=self._launch, options={mode: _options(options.get(mode, {})) for mode in modes}, **fields)

    def _offer(self, limit: float) -> Message:
        """Let the worker import the framework, and return what the adapter offers or what is missing."""
        self._send(pack("offer", {}), limit)
        try:
            return self._process.receive(limit)
        except (DiedError, SilentError, BrokenError) as error:
            raise self._cannot("start", error, limit) from error

    def configure(self, mode: str, device: str, limit: float, memory: int = 4 * GIB) -> dict[str, str]:
        """Prepare the adapter for one mode on one device, within ``limit`` seconds, and return its settings.

        From then on calls may take ``memory`` bytes.

        Raises:
            StartError: if the adapter can't be prepared.
        """
        self._send(pack("configure", {"mode": mode, "device": device, "memory": memory}), limit)
        try:
            settings: dict[str, str] = self._process.receive(limit).body["settings"]
        except (DiedError, SilentError, BrokenError) as error:
            what = f"configure {mode} on {device}"
            raise self._cannot(what, error, limit) from error
        return settings

    def _cannot(self, what: str, error: Exception, limit: float) -> StartError:
        match error:
            case BrokenError():
                why = error.summary
            case SilentError():
                why = f"it took longer than {limit:g} seconds"
            case _ if self._declared is None:
                why = f"{_obituary(self.autopsy())}; it must be Python 3.10 or later with NumPy and the framework"
            case _:
                why = f"{_obituary(self.autopsy())}; the framework or the adapter ended it"
        msg = f"{self._launch.name}: cannot {what} in {self._place}: {why}"
        return StartError(msg, final=not isinstance(error, DiedError))

    def feed(self, case: Case, limit: float) -> bool:
        """Send a case unless too much is unanswered, and tell whether it was sent.

        If the worker is dead, this raises nothing; ``answer`` does, after the answers that the worker still gave.
        ``limit`` is the seconds that the worker has to read a large case.
        """
        if self._deaf or len(self._unanswered) >= AHEAD or sum(size for _, size in self._unanswered) >= BYTES_AHEAD:
            return False
        if self._next is None or self._next[0] is not case:
            self._next = case, pack("case", question(case))
        wire = self._next[1]
        if self._unanswered and len(wire[0]) > BYTES_AHEAD:
            return False
        self._unanswered.append((case, len(wire[0])))
        self._send(wire, limit)
        return True

    @property
    def call(self) -> str | None:
        """The text of the call that is under way, once the worker has said so; of a pipeline, as far as it has come."""
        if self._asked is None or not self._told:
            return None
        if not self._asked.steps:
            return self._told[-1]
        steps = self._asked.steps[: len(self._told)]
        return pipeline.text(steps, self._told, self._asked.inputs) if all(self._told) else ""

    def _send(self, wire: Wire, limit: float) -> None:
        large = len(wire[0]) > BYTES_AHEAD
        try:
            self._process.send(wire, limit if large else None)
        except OSError:
            self._deaf = True

    def answer(self, limit: float) -> Message:
        """Return the answer to the oldest unanswered case. Wait ``limit`` seconds, and as long for each further step.

        Raises:
            DiedError, SilentError, BrokenError: if there is no answer; ``call`` then holds the call that was running.
        """
        self._asked, self._told, self.step = self._unanswered[0][0], [], ""
        deadline = time.monotonic() + limit
        message = self._process.receive(limit)
        while message.kind == "asking":
            if self._told:
                deadline = time.monotonic() + limit
            self._told.append(message.body["call"])
            self.step = message.body["step"]
            self._process.said = message.body["said"]
            message = self._process.receive(deadline - time.monotonic())
        self._unanswered.popleft()
        return message


def in_first_mode(spawn: Callable[[Mapping[str, str]], Worker], limit: float) -> Worker:
    """Return a worker with the environment of the adapter's first mode, which is known before a framework is.

    ``spawn`` returns a worker with an environment; loading the adapter may take ``limit`` seconds.

    Raises:
        StartError: as ``spawn`` and ``Worker.declare`` do.
    """
    worker = spawn({})
    try:
        environment = worker.declare(limit)
    except BaseException:
        worker.end()
        raise
    if not environment:
        return worker
    worker.end()
    return spawn(environment)


def _options(fields: dict[str, Any]) -> ModeOptions:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return ModeOptions(**given)


def _obituary(crash: Crashed) -> str:
    """Say in a line how a process ended and what it wrote last, before the text of Python's fault handler."""
    words, fatal, _ = crash.stderr.partition("Fatal Python error")
    if words.startswith(_LOST):
        home = re.search(r"^ *PYTHONHOME = (.*)$", words, re.MULTILINE)
        what = f"; PYTHONHOME is {home[1]}: unset it" if home and home[1] != "(not set)" else ""
        return f"its Python did not find its own standard library{what}"
    last = words.rstrip().rpartition("\n")[2] or fatal
    return f"its process ended with {crash.signal}" + (f" ({last})" if last else "")
