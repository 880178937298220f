"""The options that a user chose on the command line, and the checks of them."""

from __future__ import annotations

import argparse
import contextlib
import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.engine.threads import processors

FEWEST: Final = 2
"""The fewest answers to one call that can show that answers vary."""


class UsageError(Exception):
    """The user asked for something that can't be done. The message is one line: why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that a user chose on the command line.

    ``timeout`` is in seconds, for one case. ``memory`` is in GiB, for the calls of one worker. ``workers`` is the
    number of targets that run at once, without the oracle's worker. ``pythons`` maps adapters to interpreters.
    ``weights`` is a file of real filters for the networks. ``determinism`` is how often every call is made; None means
    once. ``strict_versions`` tells that what is known of other versions explains nothing. ``own_facts`` are the facts
    that the user gave, as the run keeps them. ``fuzz_seed`` is the seed of drawn calls; None if the suite's own are
    asked. ``fuzz_seconds`` is the time after which no more of them are asked.
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
    strict_versions: bool = False
    own_facts: tuple[dict[str, Any], ...] = ()
    fuzz_seed: int | None = None
    fuzz_seconds: float | None = None

    def check(self) -> None:
        """Check that numbers are in range and that the folder can be written.

        Raises:
            UsageError: if a number is out of range, or the folder can't be written.
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
    """Return the whole number of at least 1 that a text of the command line states.

    Raises:
        argparse.ArgumentTypeError: if the text states no such number.
    """
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text}: give a number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def seconds(text: str) -> float:
    """Return the number of seconds above 0 that a text of the command line states.

    Raises:
        argparse.ArgumentTypeError: if the text states no such number.
    """
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    msg = f"{text}: give a number of seconds above 0"
    raise argparse.ArgumentTypeError(msg)


def pair(text: str) -> tuple[str, str]:
    """Return the adapter's name and the interpreter that a text NAME=PATH of the command line states.

    Raises:
        argparse.ArgumentTypeError: if the text is not of this form, or there is no program at PATH.
    """
    name, _, path = text.partition("=")
    if not name or shutil.which(path) is None:
        msg = f"{text}: give NAME=PATH, e.g. torch=/path/to/venv/bin/python"
        raise argparse.ArgumentTypeError(msg)
    return name, path
