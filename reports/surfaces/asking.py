"""Running many programs in one interpreter of a framework, which each takes seconds to import.

Each program is a text with the arrays that it reads. It sets ``outputs``, as the texts of adapters do. Where the
process dies, the program that it was at has crashed, and another process goes on behind it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from adapters.engine.process import ending
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut
from reports.recording.record import Array

# The child needs NumPy and the framework alone. It reads its programs from a file and appends a line to another for
# each, so that nothing that a framework prints can get between.
_CHILD: Final = """
import base64, json, sys

import numpy as np

programs, answers = sys.argv[1:]


def described(array):
    array = np.asarray(array)
    return str(array.dtype), array.shape, base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def array(dtype, shape, data):
    return np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape).copy()


with open(programs, encoding="utf-8") as asked, open(answers, "a", encoding="utf-8") as file:
    for line in asked:
        program = json.loads(line)
        scope = {name: array(*facts) for name, facts in program["inputs"].items()}
        try:
            exec(compile(program["text"], "<call>", "exec", dont_inherit=True), scope)
            said = {"arrays": {name: described(array) for name, array in scope["outputs"].items()}}
        except Exception as error:
            said = {"type": type(error).__name__, "message": str(error)}
        print(json.dumps(said), file=file, flush=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program and the arrays that it reads by name."""

    text: str
    inputs: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that has a framework, the environment that the framework needs, and the seconds for all programs."""

    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1_800.0


def interpreter(
    pythons: Mapping[str, str], framework: str, environment: Mapping[str, str] | None = None
) -> Interpreter:
    """Return the interpreter of a framework: one of ``pythons``, else this one."""
    return Interpreter(python=pythons.get(framework, sys.executable), environment=environment or {})


def ask(programs: Sequence[Program], interpreter: Interpreter) -> Iterator[Outcome]:
    """Yield what each program did, in order."""
    done = 0
    while done < len(programs):
        found, ended = _run(programs[done:], interpreter)
        yield from found
        done += len(found)
        if done < len(programs):
            yield ended
            done += 1


def _run(programs: Sequence[Program], interpreter: Interpreter) -> tuple[list[Outcome], Outcome]:
    """Run programs until the process ends; return what they did, and what happened to the next one, if there is one."""
    with tempfile.TemporaryDirectory(prefix="surfaces-") as name:
        asked, answers, words = (Path(name, part) for part in ("programs", "answers", "stderr"))
        asked.write_text("".join(f"{json.dumps(_told(each))}\n" for each in programs), encoding="utf-8")
        answers.touch()
        with words.open("wb") as stderr:
            ended = _ended(interpreter, [str(asked), str(answers)], stderr, name)
        found = [_outcome(json.loads(line)) for line in answers.read_text(encoding="utf-8").splitlines()]
        if isinstance(ended, TimedOut):
            return found, ended
        return found, Crashed(signal=ended, stderr=words.read_text(encoding="utf-8", errors="replace")[-2_000:])


def _ended(interpreter: Interpreter, arguments: Sequence[str], stderr: Any, folder: str) -> str | TimedOut:
    try:
        done = subprocess.run(
            [interpreter.python, "-c", _CHILD, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=folder,
            env={**os.environ, **interpreter.environment},
            timeout=interpreter.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TimedOut(seconds=interpreter.seconds)
    return ending(done.returncode)


def _told(program: Program) -> dict[str, Any]:
    arrays = {
        name: (str(array.dtype), array.shape, base64.b64encode(np.ascontiguousarray(array).tobytes()).decode())
        for name, array in program.inputs.items()
    }
    return {"text": program.text, "inputs": arrays}


def _outcome(said: Mapping[str, Any]) -> Outcome:
    if "type" in said:
        return Raised(type=said["type"], message=said["message"], stage="calling")
    arrays = {
        name: np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape)
        for name, (dtype, shape, data) in said["arrays"].items()
    }
    return Returned(arrays=arrays)
