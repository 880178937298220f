"""More adapters that do one thing each: they die in other ways, take memory, say stages, count their processes."""

# ruff: noqa: ARG002 - a fake keeps the protocol's parameters

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from adapters.program import inside
from cases.model.case import Case
from tests.fakes import Arrays, Crashes, Hangs, Raises, Right


class Greedy(Right):
    """Holds 64 MiB from the start, and asks for as many MiB more as the end of the case's name says."""

    def __init__(self) -> None:
        self.held = np.ones(64 * 2**20, dtype="uint8")

    def call(self, case: Case) -> Any:
        if "bad" not in case.id:
            return super().call(case)
        size = int(case.id.rpartition("-")[2]) * 2**20
        return f'result = np.frombuffer(bytearray({size}), "uint8")[:1]\noutputs = {{"output": result}}\n'


class Floods(Crashes):
    """Writes 16 MB to its stderr before it dies."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        for _ in range(256):
            os.write(2, b"words and words\n" * 4096)
        return super().bad(case, inputs)


class Explains(Crashes):
    """Says why it dies, then writes a stack as frameworks do, longer than what is kept."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        os.write(2, b"F0000 check failed: 2 vs. 3\n" + b"    @     0x7f6d9a2b94f7  a::long::name()\n" * 400)
        return super().bad(case, inputs)


class Chatters(Crashes):
    """Writes to its stderr in every call that it answers."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        os.write(2, b"chatter\n")
        return super().good(case, inputs)


class Ends(Hangs):
    """Hangs or crashes, or closes its pipes and then hangs instead of ending, as the case's id says."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if "slowly" in case.id:
            os.closerange(0, 64)
            time.sleep(3600)
        return super().bad(case, inputs)


class Stages(Raises):
    """Says that a call had come as far as the last word of the case's name."""

    def run(self, case: Case, inputs: Arrays) -> Any:
        self.word = case.id.rpartition("-")[2]
        return super().run(case, inputs)

    def stage(self, error: Exception) -> Any:
        return self.word


class Traces(Right):
    """Tells tracing from running as the adapters of frameworks do."""

    def call(self, case: Case) -> Any:
        body = "1 / 0" if "inside" in case.id else "1"
        return f"def f():\n    return {body}\nresult = f() / 0\noutputs = {{}}\n"

    def stage(self, error: Exception) -> Any:
        return "tracing" if inside(error) else "running"


class Counted(Hangs):
    """Each process leaves its pid in a numbered file of the folder $COUNTED.

    Starting takes $COUNTED_START seconds, and from process $COUNTED_HANG on it never ends.
    """

    def __init__(self) -> None:
        folder = Path(os.environ["COUNTED"])
        for number in itertools.count():
            try:
                with (folder / str(number)).open("x") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:
                continue
            break
        hangs = number >= int(os.environ.get("COUNTED_HANG", "1000"))
        time.sleep(3600 if hangs else float(os.environ.get("COUNTED_START", "0")))

    def good(self, case: Case, inputs: Arrays) -> Any:
        time.sleep(0.8 if "long" in case.id else 0)
        return super().good(case, inputs)


class DiesNowAndThen(Right):
    """Ends before its first call in its first process, before its second in its second one, and then no more.

    The processes leave files in the folder $COUNTED.
    """

    def __init__(self) -> None:
        folder = Path(os.environ["COUNTED"])
        self.number = len(list(folder.iterdir()))
        (folder / str(self.number)).touch()
        self.made = 0

    def call(self, case: Case) -> Any:
        if self.number == self.made < 2:
            os.abort()
        return super().call(case)

    def run(self, case: Case, inputs: Arrays) -> Any:
        outputs = super().run(case, inputs)
        self.made += 1
        return outputs
