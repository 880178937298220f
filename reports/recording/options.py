"""The options that a user chose on the command line, and the checks of them."""

from __future__ import annotations

import argparse
import contextlib
import heapq
import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.engine.threads import processors

_NAME: Final = re.compile(r"[\w.:]+(@[\w.+]+)?")
"""An adapter's name or ``module:Class``, and the label of an interpreter."""
FEWEST: Final = 2
"""The fewest answers to one call that can show that answers vary."""


class UsageError(Exception):
    """The user asked for something that can't be done. The message is one line: why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part ``number`` of ``count`` parts of a run, written ``2/5``."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def cases(self, costs: Mapping[str, float]) -> set[str]:
        """Return the ids of the part's cases. ``costs`` says for all cases of the run how long each takes.

        The most expensive case goes first, and each to the part that has the least so far. So all parts take about as
        long, and the same cases always go to the same parts.
        """
        loads = [(0.0, number) for number in range(1, self.count + 1)]  # a heap
        mine: set[str] = set()
        for case in sorted(costs, key=lambda name: (-costs[name], name)):
            load, number = loads[0]
            heapq.heapreplace(loads, (load + costs[case], number))
            mine |= {case} if number == self.number else set()
        return mine


def shard(text: str) -> Shard:
    """Return the part that a text such as ``2/5`` names.

    Raises:
        UsageError: if it names none.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        msg = f"--shard {text}: give the number of the part and how many there are, such as 2/5"
        raise UsageError(msg)
    return Shard(number=int(found[1]), count=int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that a user chose on the command line.

    ``timeout`` is in seconds, for one case. ``memory`` is in GiB, for the calls of one worker. ``workers`` is the
    number of targets that run at once, without the oracle's worker. ``pythons`` maps adapters to interpreters.
    ``weights`` is a file of real filters for the networks. ``determinism`` is how often every call is made; None means
    once. ``strict_versions`` tells that what is known of other versions explains nothing. ``own_facts`` are the facts
    that the user gave, as the run keeps them. ``fuzz_seed`` is the seed of drawn calls; None if the suite's own are
    asked. ``fuzz_seconds`` is the time after which no more of them are asked. ``shard`` is the part
    of the run that is asked here; None for all of it.
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
    shard: Shard | None = None

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


def named_interpreter(text: str) -> tuple[str, str]:
    """Return the adapter's name, perhaps with a label, and the path that a text NAME[@LABEL]=PATH states.

    Raises:
        argparse.ArgumentTypeError: if the text is not of this form.
    """
    name, _, path = text.partition("=")
    if not path or not _NAME.fullmatch(name):
        msg = f"{text}: give NAME=PATH or NAME@LABEL=PATH, e.g. torch=/path/to/venv/bin/python"
        raise argparse.ArgumentTypeError(msg)
    return name, path


def pair(text: str) -> tuple[str, str]:
    """Return what ``named_interpreter`` does, for an interpreter that is there.

    Raises:
        argparse.ArgumentTypeError: if the text is not of this form, or there is no program at PATH.
    """
    name, path = named_interpreter(text)
    if shutil.which(path) is None:
        msg = f"{text}: there is no program {path!r}; give the path of an interpreter"
        raise argparse.ArgumentTypeError(msg)
    return name, path
