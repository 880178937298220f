"""What the user chose on the command line, and whether it can be."""

from __future__ import annotations

import argparse
import contextlib
import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.engine.threads import processors

FEWEST: Final = 2
"""Answers to one call that can show that they vary."""


class UsageError(Exception):
    """What the user asked for can't be done: one line that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose on the command line.

    ``workers`` is how many targets run at once; the oracle's worker comes on top. ``memory`` is in GiB, and for the
    calls of one worker. ``weights`` is a file of real filters for the networks. ``determinism`` is how often every call
    is made, if more than once.
    """

    targets: tuple[str, ...] = ()
    device: str = "auto"
    adapters: tuple[str, ...] = ()
    pythons: dict[str, str] = field(default_factory=dict)
    report: Path = Path("reports/latest")
    timeout: float = 60.0
    memory: float = 4.0
    workers: int = field(default_factory=processors)
    slow: bool = False
    resume: bool = False
    weights: Path | None = None
    determinism: int | None = None

    def check(self) -> None:
        """Find out whether numbers are in range and the folder can be written.

        Raises:
            UsageError: if not.
        """
        if not 0 < self.timeout < math.inf:
            msg = f"--timeout {self.timeout:g}: give a number of seconds above 0"
            raise UsageError(msg)
        if not 0 < self.memory < math.inf:
            msg = f"--memory {self.memory:g}: give a number of GiB above 0"
            raise UsageError(msg)
        if self.workers < 1:
            msg = f"--workers {self.workers}: give a number of at least 1"
            raise UsageError(msg)
        if self.determinism is not None and self.determinism < FEWEST:
            msg = f"--determinism {self.determinism}: give a number of at least {FEWEST}, since one answer can't vary"
            raise UsageError(msg)
        try:
            self.report.mkdir(parents=True, exist_ok=True)
            (self.report / "run.jsonl").open("ab").close()
        except OSError as error:
            msg = f"--report {self.report}: cannot write there ({error.strerror}); give a folder that can be written"
            raise UsageError(msg) from None


def count(text: str) -> int:
    """A number of at least 1, as a command line has it."""
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text}: give a number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def seconds(text: str) -> float:
    """A number of seconds above 0, as a command line has it."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    msg = f"{text}: give a number of seconds above 0"
    raise argparse.ArgumentTypeError(msg)


def pair(text: str) -> tuple[str, str]:
    """An adapter's name and its interpreter, as a command line has them."""
    name, _, path = text.partition("=")
    if not name or shutil.which(path) is None:
        msg = f"{text}: give NAME=PATH, e.g. torch=/path/to/venv/bin/python"
        raise argparse.ArgumentTypeError(msg)
    return name, path
