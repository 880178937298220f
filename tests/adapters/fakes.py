"""More adapters that do one thing each: they die in other ways, take memory, tell stages, count their processes."""

# ruff: noqa: ARG002 - a fake keeps the protocol's parameters

from __future__ import annotations

import itertools
import os
import signal
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from adapters.program import inside
from cases.model.case import Case
from tests.adapters.processes import alive, eventually
from tests.fakes import Arrays, Crashes, Hangs, Raises, Right


class Greedy(Right):
    """Holds 64 MiB from the start, and asks for more MiB: the number at the end of the case's name."""

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
    """Writes why it dies, and then a framework's stack that is longer than the text that is kept."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        os.write(2, b"F0000 check failed: 2 vs. 3\n" + b"    @     0x7f6d9a2b94f7  a::long::name()\n" * 400)
        return super().bad(case, inputs)


class Chatters(Crashes):
    """Writes to stderr in every call that it answers."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        os.write(2, b"chatter\n")
        return super().good(case, inputs)


class Ends(Hangs):
    """Hangs, crashes, or closes its pipes and then hangs instead of ending, by the case's id."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if "slowly" in case.id:
            os.closerange(0, 64)
            time.sleep(3600)
        return super().bad(case, inputs)


class Stages(Raises):
    """Names the last word of the case's name as the stage that a call had reached."""

    def run(self, case: Case, inputs: Arrays) -> Any:
        self.word = case.id.rpartition("-")[2]
        return super().run(case, inputs)

    def stage(self, error: Exception) -> Any:
        return self.word


class Traces(Right):
    """Tells tracing from running in the way that the frameworks' adapters do."""

    def call(self, case: Case) -> Any:
        body = "1 / 0" if "inside" in case.id else "1"
        return f"def f():\n    return {body}\nresult = f() / 0\noutputs = {{}}\n"

    def stage(self, error: Exception) -> Any:
        return "tracing" if inside(error) else "running"


class Counted(Hangs):
    """Each process writes its pid into a numbered file of the folder $COUNTED, and returns it with every answer.

    From process $COUNTED_HANG on, starting never ends. With $COUNTED_PAIRS, processes start in pairs: the start of
    process 1, 3, 5, ... fails unless the start of the next process begins meanwhile. A case with ``beside`` in its
    name is answered as soon as another process lives, one with ``held`` as soon as the file $COUNTED_HOLD is there.
    """

    def __init__(self) -> None:
        self.folder = Path(os.environ["COUNTED"])
        for number in itertools.count():
            try:
                with (self.folder / str(number)).open("x") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:
                continue
            break
        if number >= int(os.environ.get("COUNTED_HANG", "1000")):
            time.sleep(3600)
        if "COUNTED_PAIRS" in os.environ and number % 2:
            assert eventually((self.folder / str(number + 1)).exists), f"process {number} starts alone"

    def good(self, case: Case, inputs: Arrays) -> Any:
        if "beside" in case.id:
            assert eventually(lambda: len(alive(self.folder)) > 1), "no other process lives"
        if "held" in case.id:
            assert eventually(Path(os.environ["COUNTED_HOLD"]).exists), "nobody lets it go"
        return {**super().good(case, inputs), "pid": np.array(os.getpid())}


class DiesNowAndThen(Right):
    """Ends before its first call in its first process, before its second call in its second process, then no more.

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


class LeavesSession(Right):
    """Dies while a child in a session of its own keeps the pipes open."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if os.fork() == 0:
            os.setsid()
            time.sleep(float(os.environ.get("LEFT_SECONDS", "30")))
            os._exit(0)
        os.abort()


class LeavesMess(Right):
    """Changes the surroundings of the calls that come after it, by the case's id."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if "alarm" in case.id:
            signal.alarm(1)
        if "folder" in case.id:
            os.chdir("/")
        if "variable" in case.id:
            os.environ["FAKE_VARIABLE"] = "left"
        if "filters" in case.id:
            warnings.simplefilter("error")
        if "descriptors" in case.id:
            os.close(0)
            os.close(1)
            os.close(2)
        if "numpy" in case.id:
            np.seterr(all="raise")
        return super().good(case, inputs)

    def good(self, case: Case, inputs: Arrays) -> Any:
        if "slow" in case.id:
            time.sleep(1.5)
        warnings.warn("a warning of a call", stacklevel=1)
        seen = (os.environ.get("FAKE_VARIABLE", ""), Path.cwd() == Path("/"), float(np.float64(1e308) * 10))
        assert seen == ("", False, np.inf), seen
        return super().good(case, inputs)


class DiesOnce(Right):
    """Is killed from outside the first time that it is asked a bad case, or each time."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        flag = Path(os.environ["DIES_ONCE"])
        if "always" in case.id or not flag.exists():
            flag.touch()
            number = getattr(signal, os.environ.get("DIES_OF", "SIGKILL"))
            if number != signal.SIGKILL:
                signal.signal(number, signal.SIG_DFL)  # nohup has one of them ignored
            os.kill(os.getpid(), number)
            time.sleep(60)
        return super().bad(case, inputs)


class Talks(Right):
    """Writes without end to stderr."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        block = b"words " * 2**20
        for _ in range(60):
            os.write(2, block)
            time.sleep(0.05)
        os.write(2, b"last words\n")
        if "abort" in case.id:
            os.abort()
        return super().bad(case, inputs)


class _MuteError(Exception):
    """Has no text of its own."""

    def __str__(self) -> str:
        raise KeyError("text")


class SaysOddly(Right):
    """Raises exceptions with texts that are none, too long, or steer a terminal."""

    def call(self, case: Case) -> Any:
        return "" if "bad" in case.id else super().call(case)

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if "mute" in case.id:
            raise _MuteError
        texts = {"long": "x" * 10**8 + "end", "odd": "\x1b[2J\x00 \udc80 <b>", "lines": "one\n\ttwo"}
        raise ValueError(next(text for name, text in texts.items() if name in case.id))
