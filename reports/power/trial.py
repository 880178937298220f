"""Asking wrong implementations every case, and noting which cases notice them. A case file at a time, side by side."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters import mutants
from adapters.engine.in_process import ask
from adapters.mutants.catalogue import tried
from adapters.mutants.mutant import Mutant
from adapters.oracle import Oracle
from adapters.outcome import Raised
from cases.loading.load import load
from cases.model.case import OPERATORS, PIPELINE, Case, question
from cases.model.fill import fill
from reports.judging.compare import Arrays
from reports.judging.expectation import literal
from reports.judging.judge import departure

FAULT: Final = "fault"
"""How a case notices an adapter that changes its inputs, or breaks before it answers."""
RAISED: Final = "raised"
"""How a case notices an adapter that refuses a valid call."""
_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(slots=True, kw_only=True)
class Trial:
    """What the cases made of one implementation: how many were asked, and for each that noticed it, in what way.

    The way is the kind of a difference, ``raised`` or ``fault``.
    """

    name: str
    asked: int = 0
    caught: dict[str, str] = field(default_factory=dict)


def names() -> list[str]:
    """All mutants of the catalogue, ``OPERATOR/SLIP``, those of an operator together."""
    return [f"{operator}/{entry.name}" for operator, entry in tried()]


def try_all(names: Sequence[str], files: Sequence[Path], workers: int) -> dict[str, Trial]:
    """Ask implementations every case that is judged; ``names`` are mutants, or ``module:Class`` of adapters."""
    found = {name: Trial(name=name) for name in names}
    heaviest_first = sorted(tasks(names, files), key=lambda task: -task.weight)
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(workers, mp_context=context, initializer=_end_quietly) as pool:
        for done in as_completed([pool.submit(try_file, task) for task in heaviest_first]):
            for trial in done.result():
                found[trial.name].asked += trial.asked
                found[trial.name].caught |= trial.caught
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A case file, and the implementations that its operator's cases concern."""

    file: Path
    names: tuple[str, ...]
    weight: int


def tasks(names: Sequence[str], files: Sequence[Path]) -> Iterator[Task]:
    """The files that concern some of the implementations, each with these."""
    for file in files:
        cases = judged(file)
        concerned = tuple(name for name in names if any(concerns(name, case) for case in cases))
        if concerned:
            yield Task(file=file, names=concerned, weight=len(cases) * len(concerned))


def judged(file: Path) -> list[Case]:
    """The cases of a file that can be right or wrong, but for slow ones."""
    return [case for case in load(file) if case.behaviour is None and not case.slow]


def concerns(name: str, case: Case) -> bool:
    """Whether an implementation is asked a case: a mutant those of its operator, relu's the pipelines that have it."""
    operator, is_mutant, _ = name.partition("/")
    if not is_mutant:
        return True
    if operator in OPERATORS:
        return case.operator == operator
    return case.operator == PIPELINE and any(step.case.operator == operator for step in case.steps)


def try_file(task: Task) -> list[Trial]:
    """Every implementation anew, so that what one keeps between calls doesn't depend on which file came before."""
    cases = [_Asked(case=case, question=question(case), expected=_expected(case)) for case in judged(task.file)]
    return [_try(name, [asked for asked in cases if concerns(name, asked.case)]) for name in task.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A case, what a worker is sent of it, and what the definition gives."""

    case: Case
    question: dict[str, Any]
    expected: Arrays


def _expected(case: Case) -> Arrays:
    if case.invalid is not None or case.steps:
        return {}
    return literal(case) or Oracle().run(case, fill(case))


def _try(name: str, cases: Iterable[_Asked]) -> Trial:
    adapter = make(name)
    adapter.configure(adapter.modes[0], "cpu")
    trial = Trial(name=name)
    for asked in cases:
        trial.asked += 1
        if isinstance(adapter, Mutant) and not adapter.may_show(asked.case):
            continue  # there it is the definition itself
        if way := _noticed(adapter, asked):
            trial.caught[asked.case.id] = way
    return trial


def _noticed(adapter: Any, asked: _Asked) -> str:
    """In what way a case notices an implementation; empty if it doesn't. What is unsupported is no fault."""
    outcome = ask(adapter, asked.question)
    if isinstance(outcome, str):
        return FAULT
    difference = departure(asked.case, asked.expected, outcome)
    if difference is None:
        return ""
    return RAISED if isinstance(outcome, Raised) else difference.kind


def make(name: str) -> Any:
    """The adapter of a mutant's name, or of ``module:Class``.

    Raises:
        ImportError, AttributeError: if there is none.
    """
    if "/" in name:
        return getattr(mutants, name.replace("/", "__").replace("-", "_"))()
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def _end_quietly() -> None:
    """Whoever interrupts the command interrupts all its processes, and one of them has to say so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """NumPy's products of small matrices by one thread: there is a process for each processor already."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
