"""The runner of programs: each runs in an interpreter of its own, and what it did is compared with the run's record."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from adapters.engine.process import PATIENCE, ending
from adapters.engine.threads import processors
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut
from adapters.worker.memory import GIB
from reports.judging.behaviours import behaviour
from reports.recording.messages import in_full
from reports.recording.record import Array
from reports.recording.run import digest
from reports.recording.targets import interpreter_of

_MEMORY: Final = 6 * GIB
"""Bytes of private, writable memory that a program may use.

A worker's calls have 4 GiB beside the memory that the framework takes when it is loaded.
"""
_SLICE: Final = 0.02
_SHOWN: Final = 200
"""Characters of a message that a line shows."""
# The program's text runs unchanged, as __main__. The first entry of sys.path is the current folder, as for a program
# that is pasted into an interpreter. What the program did is written to a file, because stdout belongs to the program.
_BOOT: Final = """
import base64, json, resource, runpy, signal, sys

program, answer, memory, seconds = sys.argv[1:]
signal.alarm(int(seconds))  # in case that nobody is left to end this process
for limit, most in ((resource.RLIMIT_DATA, int(memory)), (resource.RLIMIT_CORE, 0)):
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
sys.argv = [program]


def say(**facts):
    text = json.dumps(facts)
    with open(answer, "w", encoding="utf-8") as file:
        file.write(text)


def described(array):
    return str(array.dtype), array.shape, base64.b64encode(array.tobytes()).decode()


try:
    outputs = runpy.run_path(program, run_name="__main__")["outputs"]
except Exception as error:
    say(type=type(error).__name__, message=str(error))
    sys.exit(1)
say(arrays={name: described(array) for name, array in outputs.items()})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program, and what the run says that its call did.

    ``recorded`` is the behaviour in the run. ``digests`` holds the outputs that must come back bit for bit: none where
    a call has no right result. ``folder`` is the folder to run in; None for the folder that holds the program.
    """

    case: str
    target: str
    text: str
    folder: Path | None
    recorded: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The number of programs that run at once, the seconds for each, imports included, and interpreters by adapter."""

    workers: int = field(default_factory=processors)
    timeout: float = 120.0
    pythons: Mapping[str, str] = field(default_factory=dict)


def reproduce(
    programs: Iterable[Program], folder: Path, limits: Limits
) -> Generator[tuple[Program, str, Path], None, None]:
    """Run programs, several at once, and yield each as it ends.

    Yields the program, what it did otherwise than the run ("" if nothing), and the path of its text. Only the texts
    of programs that did otherwise stay in ``folder``.
    """
    waiting = [(each, folder / f"{number:04}-{each.target}.py") for number, each in enumerate(programs)][::-1]
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < limits.workers:
                running.append(_Running(*waiting.pop(), limits))
            time.sleep(_SLICE)
            for one in [one for one in running if one.is_over()]:
                running.remove(one)
                yield one.program, one.end(), one.path
    finally:
        for one in running:
            one.kill()


class _Running:
    """A running program, in a process and a session of its own. The caller must ``end`` or ``kill`` it."""

    def __init__(self, program: Program, path: Path, limits: Limits) -> None:
        self.program = program
        self.path = path
        self._answer = path.with_suffix(".json")
        self._timeout = limits.timeout
        self._deadline = time.monotonic() + limits.timeout
        path.write_text(program.text, encoding="utf-8")
        python = limits.pythons.get(interpreter_of(program.target), sys.executable)
        self._process = subprocess.Popen(
            [python, "-c", _BOOT, str(path), str(self._answer), str(_MEMORY), str(int(limits.timeout + PATIENCE))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=program.folder or path.parent,
            start_new_session=True,  # so that a kill reaches its children, and Ctrl-C is ours to handle
        )

    def is_over(self) -> bool:
        """Tell whether the program has ended or has used up its time."""
        return self._process.poll() is not None or time.monotonic() > self._deadline

    def kill(self) -> None:
        """Kill the program and every process that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)

    def end(self) -> str:
        """End the program and return what it did otherwise than the run; delete its text if that is nothing ("")."""
        status = self._process.poll()
        self.kill()
        found = otherwise(self.program, self._outcome(status))
        self._answer.unlink(missing_ok=True)
        if not found:
            self.path.unlink()
        return found

    def _outcome(self, status: int | None) -> Outcome:
        """Return what the program did. A program that returned and died after that has crashed."""
        if status is None:
            return TimedOut(seconds=self._timeout)
        told = json.loads(self._answer.read_text(encoding="utf-8")) if status >= 0 and self._answer.exists() else {}
        if "type" in told and status == 1:
            return Raised(**told, stage="calling")
        if "arrays" in told and status == 0:
            return Returned(arrays={name: _array(*facts) for name, facts in told["arrays"].items()})
        return Crashed(signal=ending(status), stderr="")


def _array(dtype: str, shape: list[int], data: str) -> Array:
    return np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape)


def otherwise(one: Program, outcome: Outcome) -> str:
    """Return what a program did otherwise than the run says; empty if it did the same."""
    line = behaviour(outcome).partition(" while ")[0]
    if line != one.recorded:
        return line + in_full(outcome)[:_SHOWN]
    arrays = outcome.arrays if isinstance(outcome, Returned) else {}
    other = [name for name, text in one.digests.items() if name not in arrays or digest(arrays[name]) != text]
    return f"other values in {', '.join(other)}" if other else ""
