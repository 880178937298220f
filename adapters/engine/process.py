"""One worker process and the pipe to it. All use of execnet is here, and every wait has a limit.

execnet's own ``makegateway`` starts a process that can't be reached until it has sent something. It waits for that
without a limit, and waits for the process at exit. So the process is started here, and execnet is given its pipes.
"""

from __future__ import annotations

import contextlib
import io
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
from adapters.wire import Message, readable, unpack

PATIENCE: Final = 5.0
"""The seconds that a process may take to end after it closed its pipe, and after it was killed."""
STDERR_END: Final = 4000
"""The number of characters that are kept of the end of a dead process's stderr."""
STDERR_MOST: Final = 64 * 2**20
"""The number of bytes on the disk from which a process's stderr is forgotten; that is looked at twice a second."""
_STACK: Final = re.compile(r'  File "|    @ +0x|Extension modules: |  \.\.\.$')
"""The lines of a stack, of Python's fault handler or of a framework. The reason of a failure stands before them."""
_SLICE: Final = 0.5
_STOPPED: Final = 2.0
"""A wait that takes so many seconds longer than it should: this process was stopped meanwhile, as by Ctrl-Z."""
_GUARD: Final = 'read -r _ || kill -s KILL -- "-$0"'
"""A shell's program: kill a process group when the parent is gone, and end without a word after a line from it."""

# Our two packages are imported while our root is first in sys.path. Then the root goes last: if Deconform is installed
# in site-packages, the root also holds this interpreter's NumPy, which the other interpreter must not import. The empty
# entry that -c makes is the current folder; only plug-ins need it.
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
    """The process has ended or is about to end."""


class SilentError(Exception):
    """The process did not answer in time."""


class BrokenError(Exception):
    """The process stopped serving because of an exception in it; the message is the traceback."""

    @property
    def summary(self) -> str:
        """Return the exception at the traceback's end on one line: what stands behind the last indented line."""
        lines = str(self).rstrip().split("\n")
        start = max((place + 1 for place, line in enumerate(lines) if line.startswith(" ")), default=0)
        return " ".join(lines[start:] or lines[-1:]).strip()


class _Pipes(Popen2IO):
    """A process's pipes in the form that execnet needs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process.stdin, process.stdout, get_execmodel("thread"))
        self.wait = process.wait
        self.kill = process.kill


class Process:
    """A Python process whose stderr goes to a file. One thread uses it; any thread may ``kill`` it.

    ``environment`` holds environment variables that the process gets in addition to ours, or in place of ours, before
    its Python starts.

    Raises:
        OSError: if there is no such interpreter.
    """

    def __init__(self, python: str | None, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._python = python
        self._environment = environment
        self._expired = False
        self._sender = 0
        """The process that speaks, once it has: the interpreter may be started by another program."""
        self.said = 0
        """The length of its stderr when the running call began: all that follows belongs to that call."""
        self._gateway: Gateway | None = None
        self._channel: Channel | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - stays open as long as the process
        try:
            self._process = self._popen()
        except OSError:
            self._log.close()
            raise
        try:
            self._guard = self._guarded()
        except OSError:
            self._kill_group()
            self._log.close()
            raise

    def _popen(self) -> subprocess.Popen[bytes]:
        # In a session of its own, Ctrl-C reaches only the parent, and a kill reaches the process's children, too.
        process = subprocess.Popen(
            [self._python or sys.executable, "-u", "-c", popen_bootstrapline],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | self._environment,
            start_new_session=True,
        )
        assert isinstance(process.stdout, io.BufferedReader)  # noqa: S101 - a pipe
        # A thread that reads a buffered file holds a lock, and closing the file would wait for that thread.
        process.stdout = process.stdout.detach()  # type: ignore[assignment]
        return process

    def _guarded(self) -> subprocess.Popen[bytes]:
        """Start what kills the process if we are killed, which no code of ours would notice.

        A process that hangs in C does not even read that its pipe is closed.
        """
        return subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def serve(self, entry: str, locator: str, path: tuple[str, ...], limit: float) -> None:
        """Make the process import the module ``entry`` and call its ``serve``, with ``path`` first in ``sys.path``.

        Raises:
            DiedError, SilentError, BrokenError: if it is no Python, or could not be reached within ``limit`` seconds.
        """
        spec = XSpec("popen")
        spec.id = locator
        spec.python = self._python  # None: the process imports execnet; otherwise execnet sends it its own source
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
        """Send an item that execnet can carry. Kill a process that has not read it within ``limit`` seconds.

        Raises:
            OSError: if the process is gone, or was killed at the limit. Its earlier answers can still be received.
        """
        assert self._channel is not None  # noqa: S101 - serve comes first
        with contextlib.nullcontext() if limit is None else self._alarm(limit):
            self._channel.send(item)

    def receive(self, limit: float) -> Message:
        """Return the next message; wait for it up to ``limit`` seconds.

        Raises:
            DiedError, SilentError, BrokenError: if there will be no message, or none came in time.
        """
        assert self._channel is not None  # noqa: S101 - serve comes first
        deadline, dead = time.monotonic() + limit, False
        while True:
            started = time.monotonic()
            left = max(0.0, deadline - started)
            self._forget()
            try:
                message = unpack(self._channel.receive(timeout=min(left, _SLICE)))
                self._sender = self._sender or message.sender
                if message.sender == self._sender:  # a call that forked may answer twice
                    return message
            except self._channel.RemoteError as error:
                raise BrokenError(str(error)) from None
            except EOFError:
                raise (SilentError if self._expired else DiedError) from None
            except self._channel.TimeoutError:
                # A child may keep the pipe of a dead process open. Wait one more slice for a message still in the pipe.
                late = time.monotonic() - started - _SLICE
                deadline += late if late > _STOPPED else 0.0  # the process's time is not over because ours stood still
                if late > _STOPPED:
                    continue
                gone = not self.alive()
                if dead or left <= _SLICE:
                    raise (DiedError if gone and not self._expired else SilentError) from None
                dead = gone

    @contextlib.contextmanager
    def _alarm(self, limit: float) -> Iterator[None]:
        """Kill the process if a step that blocks and has no limit of its own takes longer than ``limit`` seconds."""
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
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill the process and its children at once. Its owner must still ``end`` it."""
        if self._process.returncode is None:
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def autopsy(self, limit: float = PATIENCE) -> Crashed:
        """Return how a process that died ended, and the end of its stderr. Kill it if it hangs instead of ending.

        It may take ``limit`` seconds to end, but at most ``PATIENCE``, and at least half a second.
        """
        hung = not self._gone(min(PATIENCE, max(limit, _SLICE)))
        if hung:
            self._kill_group()
            self._gone(PATIENCE)
        how = ending(self._process.returncode)
        return Crashed(signal=f"{how}{HUNG}" if hung else how, stderr=self._stderr())

    def _forget(self) -> None:
        """Give the disk back what stderr takes, if it is too much. What follows stands where it would, behind zeros."""
        if os.fstat(self._log.fileno()).st_blocks * 512 > STDERR_MOST:
            os.ftruncate(self._log.fileno(), 0)

    def _stderr(self) -> str:
        # Read at a given position: the process shares the file's own offset.
        size = os.fstat(self._log.fileno()).st_size
        start = min(max(self.said, size - 16 * STDERR_END), size)
        end = os.pread(self._log.fileno(), size - start, start)
        lines = end.replace(b"\0", b"").decode(errors="replace").splitlines(keepends=True)
        return readable("".join(line for line in lines if not _STACK.match(line))[-STDERR_END:])

    def end(self) -> None:
        """Kill the process if it still runs, and close the pipes and the file."""
        self._kill_group()
        self._gone(PATIENCE)
        self._dismiss()
        if self._gateway is not None:
            self._gateway.join(timeout=_SLICE)  # its thread reads as long as a child of the process holds the pipe
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]

    def _dismiss(self) -> None:
        """Tell the guard that there is nothing to kill any more. Kill it if it does not end."""
        try:
            self._guard.communicate(b"\n", timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            self._guard.kill()
            self._guard.wait()

    def _gone(self, limit: float) -> bool:
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            return False
        return True


def ending(status: int | None) -> str:
    """Say how a process ended by its exit status; a status below 0 stands for a signal, and gives its name."""
    if status is None:
        return "no exit status"
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:  # a real-time signal
        return f"signal {-status}"
