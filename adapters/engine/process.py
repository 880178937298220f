"""One worker process and the pipe to it. Everything that concerns execnet is here, and no wait is without a bound.

execnet's own ``makegateway`` starts a process that cannot be reached until it has spoken, waits for that without a
limit and joins it at exit. So the process is made here, and execnet is given its pipes.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from execnet.gateway import Gateway
from execnet.gateway_base import Channel, Popen2IO, get_execmodel
from execnet.gateway_bootstrap import bootstrap
from execnet.gateway_io import popen_bootstrapline
from execnet.xspec import XSpec

from adapters.outcome import HUNG, Crashed
from adapters.wire import Message, unpack

PATIENCE: Final = 5.0
"""Seconds that a process has to be gone after it closed its pipe, and after it was killed."""
STDERR_END: Final = 4000
"""Characters of a dead process's stderr that are kept."""
_STACK: Final = re.compile(r'  File "|    @ +0x|Extension modules: |  \.\.\.$')
"""Lines of stacks, the fault handler's and the framework's own: what went wrong stands before them."""
_SLICE: Final = 0.5

# Our two packages are imported with our root in front, then it goes last: where they are installed beside others, it
# holds NumPy for this interpreter, not for that one. The empty entry of -c is the current folder, wanted by plug-ins
# alone.
_BOOT: Final = """
import sys
root, entry, locator, first = channel.receive()
if sys.version_info < (3, 10):
    raise RuntimeError("Python %s is too old, it must be 3.10 or later" % sys.version.split()[0])
rest = [place for place in sys.path if place]
sys.path[:] = [root] + rest
import adapters, cases
sys.path[:] = list(first) + rest + [root]
__import__(entry)
sys.modules[entry].serve(channel, locator)
"""
_ROOT: Final = str(Path(__file__).resolve().parents[2])


class DiedError(Exception):
    """The process has ended, or is ending."""


class SilentError(Exception):
    """The process did not answer in time."""


class BrokenError(Exception):
    """The process serves no more, for an exception of its own; this holds the traceback."""

    @property
    def summary(self) -> str:
        """The traceback's last line."""
        return str(self).rstrip().rpartition("\n")[2]


class _Pipes(Popen2IO):
    """A process' pipes as execnet wants them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process.stdin, process.stdout, get_execmodel("thread"))
        self.wait = process.wait
        self.kill = process.kill


class Process:
    """A Python process that serves ``entry``, with its stderr in a file. One thread uses it; any may ``kill`` it.

    ``environment`` holds variables that it has beside ours, or instead, from before Python starts.

    Raises:
        OSError: if there is no such interpreter.
    """

    def __init__(self, python: str | None, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._python = python
        self._environment = environment
        self._expired = False
        self.said = 0
        """How long its stderr was when the call began that is under way: what comes behind is that call's."""
        self._gateway: Gateway | None = None
        self._channel: Channel | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - stays open as long as the process
        try:
            self._process = self._popen()
        except OSError:
            self._log.close()
            raise

    def _popen(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C is the parent's to handle, and a kill reaches the process' children as well.
        return subprocess.Popen(
            [self._python or sys.executable, "-u", "-c", popen_bootstrapline],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | self._environment,
            start_new_session=True,
        )

    def serve(self, entry: str, locator: str, path: tuple[str, ...], limit: float) -> None:
        """Have the process call ``entry``'s ``serve``, with ``path`` in front of where it looks for modules.

        Raises:
            DiedError, SilentError, BrokenError: if it is no Python, or did not get that far within ``limit`` seconds.
        """
        spec = XSpec("popen")
        spec.id = locator
        spec.python = self._python  # None: the process imports execnet; else it is sent execnet's source
        spec.execmodel = "thread"
        try:
            with self._alarm(limit):
                self._gateway = bootstrap(_Pipes(self._process), spec)
                self._channel = self._gateway.remote_exec(_BOOT)
                self._channel.send((_ROOT, entry, locator, path))
        except AssertionError:
            msg = "it wrote to its stdout before it was asked anything; it must be a Python that does not"
            raise BrokenError(msg) from None
        except (EOFError, OSError) as error:
            raise (SilentError if self._expired else DiedError) from error

    def send(self, item: object, limit: float | None = None) -> None:
        """Send an item that execnet can carry; ``limit`` bounds the wait for a process that reads nothing.

        Raises:
            OSError: if the process is gone, or was killed at the limit. What it answered before can still be received.
        """
        assert self._channel is not None  # noqa: S101 - serve comes first
        with contextlib.nullcontext() if limit is None else self._alarm(limit):
            self._channel.send(item)

    def receive(self, limit: float) -> Message:
        """The next message, awaited for ``limit`` seconds.

        Raises:
            DiedError, SilentError, BrokenError: if there will be none, or there was none in time.
        """
        assert self._channel is not None  # noqa: S101 - serve comes first
        deadline, dead = time.monotonic() + limit, False
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                return unpack(self._channel.receive(timeout=min(left, _SLICE)))
            except self._channel.RemoteError as error:
                raise BrokenError(str(error)) from None
            except EOFError:
                raise (SilentError if self._expired else DiedError) from None
            except self._channel.TimeoutError:
                # A child may hold the pipe of a dead process open. One more slice, for what it had still to say.
                gone = not self.alive()
                if dead or left <= _SLICE:
                    raise (DiedError if gone and not self._expired else SilentError) from None
                dead = gone

    @contextlib.contextmanager
    def _alarm(self, limit: float) -> Iterator[None]:
        """Kill the process after ``limit`` seconds of a step that blocks and has no limit of its own."""
        timer = threading.Timer(limit, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _expire(self) -> None:
        self._expired = True
        self.kill()

    def alive(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill the process and its children at once. Whoever owns it still has to ``end`` it."""
        if self._process.returncode is None:
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def autopsy(self, limit: float = PATIENCE) -> Crashed:
        """How a process that died ended, and the end of its stderr. It is killed if it hangs while dying.

        It has ``limit`` seconds to be gone, but no more than others have, and no less than it takes to die.
        """
        hung = not self._gone(min(PATIENCE, max(limit, _SLICE)))
        if hung:
            self._kill_group()
            self._gone(PATIENCE)
        how = ending(self._process.returncode)
        return Crashed(signal=f"{how}{HUNG}" if hung else how, stderr=self._stderr())

    def _stderr(self) -> str:
        # Read at a position: the file's own offset is shared with the process.
        size = os.fstat(self._log.fileno()).st_size
        start = max(self.said, size - 16 * STDERR_END)
        end = os.pread(self._log.fileno(), size - start, start)
        lines = end.decode(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if not _STACK.match(line))[-STDERR_END:]

    def end(self) -> None:
        """Kill what still runs, and give back the pipes and the file."""
        self._kill_group()
        self._gone(PATIENCE)
        if self._gateway is not None:
            self._gateway.join(timeout=PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]

    def _gone(self, limit: float) -> bool:
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            return False
        return True


def ending(status: int | None) -> str:
    """How a process ended, from its exit status, which for a signal is below 0: the signal's name."""
    if status is None:
        return "no exit status"
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:  # a real-time signal
        return f"signal {-status}"
