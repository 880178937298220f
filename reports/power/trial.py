"""The trial of wrong implementations: ask them every case, and record which cases notice them.

Each process tries one case file at a time.
"""

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
"""The way in which a case notices an adapter that changes its inputs, or fails before it asks its framework."""
RAISED: Final = "raised"
"""The way in which a case notices an adapter that refuses a valid call."""
_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(slots=True, kw_only=True)
class Trial:
    """The result of one implementation: the number of cases asked, and the way in which each case noticed it.

    A way is the kind of a difference, ``raised`` or ``fault``. Cases that did not notice it are not in ``caught``.
    """

    name: str
    asked: int = 0
    caught: dict[str, str] = field(default_factory=dict)


def names() -> list[str]:
    """Return all mutants of the catalogue as ``OPERATOR/SLIP``, grouped by operator."""
    return [f"{operator}/{entry.name}" for operator, entry in tried()]


def try_all(names: Sequence[str], files: Sequence[Path], workers: int) -> dict[str, Trial]:
    """Ask implementations every judged case, in ``workers`` processes, and return their trials by name.

    ``names`` are names of mutants, or ``module:Class`` of adapters.
    """
    found = {name: Trial(name=name) for name in names}
    heaviest_first = sorted(shares(names, files), key=lambda share: -share.weight)
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(workers, mp_context=context, initializer=_end_quietly) as pool:
        for done in as_completed([pool.submit(try_file, share) for share in heaviest_first]):
            for trial in done.result():
                found[trial.name].asked += trial.asked
                found[trial.name].caught |= trial.caught
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A process's share of the work: a case file, and the implementations that are asked its cases."""

    file: Path
    names: tuple[str, ...]
    weight: int


def shares(names: Sequence[str], files: Sequence[Path]) -> Iterator[Share]:
    """Yield each file whose cases are asked of some of the implementations, with these implementations."""
    for file in files:
        cases = judged(file)
        concerned = tuple(name for name in names if any(concerns(name, case) for case in cases))
        if concerned:
            yield Share(file=file, names=concerned, weight=len(cases) * len(concerned))


def judged(file: Path) -> list[Case]:
    """Return the cases of a file whose answers can be right or wrong, without the slow ones."""
    return [case for case in load(file) if case.behaviour is None and not case.slow]


def concerns(name: str, case: Case) -> bool:
    """Tell whether an implementation is asked a case.

    An adapter is asked every case, a mutant the cases of its operator, and a mutant of relu the pipelines with a relu.
    """
    operator, is_mutant, _ = name.partition("/")
    if not is_mutant:
        return True
    if operator in OPERATORS:
        return case.operator == operator
    return case.operator == PIPELINE and any(step.case.operator == operator for step in case.steps)


def try_file(share: Share) -> list[Trial]:
    """Ask a share's implementations its file's cases, and return a trial for each.

    Each implementation is made anew for each file, so what it keeps between calls does not depend on earlier files.
    """
    cases = [_Prepared(case=case, question=question(case), expected=_expected(case)) for case in judged(share.file)]
    return [_try(name, [prepared for prepared in cases if concerns(name, prepared.case)]) for name in share.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A case, the part of it that a worker is sent, and the definition's answer."""

    case: Case
    question: dict[str, Any]
    expected: Arrays


def _expected(case: Case) -> Arrays:
    if case.invalid is not None or case.steps:
        return {}
    return literal(case) or Oracle().run(case, fill(case))


def _try(name: str, cases: Iterable[_Prepared]) -> Trial:
    adapter = make(name)
    adapter.configure(adapter.modes[0], "cpu")
    trial = Trial(name=name)
    for prepared in cases:
        trial.asked += 1
        if isinstance(adapter, Mutant) and not adapter.may_show(prepared.case):
            continue  # for this case the mutant does the same as the definition
        if way := _noticed(adapter, prepared):
            trial.caught[prepared.case.id] = way
    return trial


def _noticed(adapter: Any, prepared: _Prepared) -> str:
    """Return the way in which a case notices an implementation; empty if it doesn't. Unsupported is no fault."""
    outcome = ask(adapter, prepared.question)
    if isinstance(outcome, str):
        return FAULT
    difference = departure(prepared.case, prepared.expected, outcome)
    if difference is None:
        return ""
    return RAISED if isinstance(outcome, Raised) else difference.kind


def make(name: str) -> Any:
    """Make the adapter with a mutant's name, or of ``module:Class``.

    Raises:
        ImportError, AttributeError: if there is no such adapter.
    """
    if "/" in name:
        return getattr(mutants, name.replace("/", "__").replace("-", "_"))()
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def _end_quietly() -> None:
    """Let Ctrl-C end this process without a traceback. It reaches all processes, and the parent prints the message."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Make NumPy use one thread in each process, since each processor has a process already."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
