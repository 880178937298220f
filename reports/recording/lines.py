"""A file of JSON lines. Lines are appended as they come and are read again at their offsets."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

Line = dict[str, Any]


class UnwritableError(Exception):
    """A file that can't be written any more, as on a full disk; the message says what to do."""


class Lines:
    """A file of JSON lines. Several threads may use it. A thread that holds ``lock`` keeps several calls together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._file: BinaryIO | None = None
        self._end = 0
        self._unwritable = False

    def whole(self) -> Iterator[tuple[Line, int]]:
        """Yield every whole line with its offset. A killed run may leave part of a line at the end of the file."""
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset = self._end
                self._end += len(line)
                yield json.loads(line), offset

    def append(self, line: Line) -> int:
        """Write a line at the end of the file and return its offset.

        Raises:
            UnwritableError: if the file can't be written.
        """
        with self.lock, self._writing():
            if self._file is None:
                self._file = self._open()
            offset = self._file.tell()
            self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            return offset

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn what the operating system raises into one line that says what to do."""
        try:
            yield
        except OSError as error:
            self._unwritable = True
            msg = f"{self.path}: cannot be written ({error.strerror}); mend that, then run the same again with --resume"
            raise UnwritableError(msg) from None

    def _open(self) -> BinaryIO:
        """Open the file for writing at its end. Cut off the part of a line that a killed run may have left there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("ab")
        file.truncate(self._end)
        file.seek(0, os.SEEK_END)  # it still stood at the end of what was cut off, and said so of the next line
        return file

    def at(self, offset: int) -> Line:
        """Read the line at an offset."""
        self.flush()
        with self.path.open("rb") as file:
            file.seek(offset)
            line: Line = json.loads(file.readline())
        return line

    @property
    def is_open(self) -> bool:
        """Tell whether the file is being written."""
        return self._file is not None and not self._file.closed

    def flush(self) -> None:
        """Give all written lines to the operating system, so that they survive this process.

        Raises:
            UnwritableError: if the file can't be written.
        """
        with self.lock, self._writing():
            if self._file is not None and not self._file.closed:
                self._file.flush()

    def close(self) -> None:
        """Close the file.

        Raises:
            UnwritableError: if what is left can't be written, and nobody was told before.
        """
        if self._file is not None:
            with contextlib.suppress(OSError) if self._unwritable else self._writing():  # told once already
                self._file.close()
