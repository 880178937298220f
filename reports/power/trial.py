"""The trial of wrong implementations: ask them every case, and record which cases notice them.

Each process tries one case file at a time.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import multiprocessing
import os
import signal
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters import mutants
from adapters.engine.in_process import ask, ask_prepared
from adapters.mutants.call import frozen
from adapters.mutants.catalogue import tried
from adapters.mutants.mutant import Mutant
from adapters.mutants.shared import Shared
from adapters.oracle import Oracle
from adapters.oracle.exactness import NotExact
from adapters.outcome import Outcome, Raised, Returned
from cases.loading.load import load
from cases.model.case import OPERATORS, PIPELINE, Case, from_json, question
from cases.model.fill import fill
from reports.judging.compare import Arrays, Difference
from reports.judging.expectation import literal
from reports.judging.judge import departure
from reports.recording.options import UsageError
from reports.recording.sampling import LARGE

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


def try_all(
    names: Sequence[str], files: Sequence[Path], workers: int, only: frozenset[str] | None = None
) -> dict[str, Trial]:
    """Ask implementations every judged case, in ``workers`` processes, and return their trials by name.

    ``names`` are names of mutants, or ``module:Class`` of adapters. ``only`` are the ids of the cases to ask; all if it
    is None.
    """
    found = {name: Trial(name=name) for name in names}
    heaviest_first = sorted(shares(names, files, only), key=lambda share: -share.weight)
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
    only: frozenset[str] | None = None


def shares(names: Sequence[str], files: Sequence[Path], only: frozenset[str] | None = None) -> Iterator[Share]:
    """Yield each file whose cases are asked of some of the implementations, with these implementations."""
    for file in files:
        cases = judged(file, only)
        concerned = tuple(name for name in names if any(concerns(name, case) for case in cases))
        if concerned:
            yield Share(file=file, names=concerned, weight=len(cases) * len(concerned), only=only)


def judged(file: Path, only: Container[str] | None = None) -> list[Case]:
    """Return the cases of a file whose answers can be right or wrong, without the slow ones.

    ``only`` are the ids of those to return; all if it is None.
    """
    cases = load(file) if only is None else [case for case in load(file) if case.id in only]
    return [case for case in cases if case.behaviour is None and not case.slow]


def concerns(name: str, case: Case) -> bool:
    """Tell whether an implementation is asked a case.

    An adapter is asked every case, a mutant the cases of its operator that are not large, and a mutant of relu the
    pipelines with a relu. The large cases take as long as all others together.
    """
    operator, is_mutant, _ = name.partition("/")
    if not is_mutant:
        return True
    if case.topic == LARGE:
        return False
    if operator in OPERATORS:
        return case.operator == operator
    return case.operator == PIPELINE and any(step.case.operator == operator for step in case.steps)


def try_file(share: Share) -> list[Trial]:
    """Ask a share's implementations its file's cases, and return a trial for each.

    Each implementation is made anew for each file, so what it keeps between calls does not depend on earlier files. It
    is asked the cases in the file's order. Each case is prepared once, for all implementations.
    """
    trials = [(_configured(name), Trial(name=name)) for name in share.names]
    for case in judged(share.file, share.only):
        prepared = _Prepared(case)
        for adapter, trial in trials:
            if concerns(trial.name, case):
                _try(adapter, trial, prepared)
    return [trial for _, trial in trials]


def _configured(name: str) -> Any:
    adapter = make(name)
    adapter.configure(adapter.modes[0], "cpu")
    return adapter


class _Prepared:
    """A case, the part of it that a worker is sent, and the definition's answer."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.question = question(case)
        self.expected = _expected(case)

    @functools.cached_property
    def shared(self) -> Shared:
        """Return the case as all mutants are asked it: made of the question, as in a worker."""
        case = from_json(self.question)
        return Shared(case, frozen(fill(case)))

    @functools.cached_property
    def right(self) -> Arrays:
        """Return the arrays that mutants share and the judge finds right; none for a case without such arrays."""
        if self.case.invalid is not None or self.case.steps:
            return {}
        right = self.shared.right
        return {} if departure(self.case, self.expected, Returned(arrays=right)) else right


def _expected(case: Case) -> Arrays:
    if case.invalid is not None or case.steps:
        return {}
    try:
        return literal(case) or Oracle().run(case, fill(case))
    except NotExact as error:
        msg = f"the definition gives no answer that an implementation could be held against: {error}"
        raise UsageError(msg) from None


def _try(adapter: Any, trial: Trial, prepared: _Prepared) -> None:
    trial.asked += 1
    if isinstance(adapter, Mutant) and not adapter.may_show(prepared.case, prepared.shared.meets):
        return  # for this case the mutant does the same as the definition
    is_shared = "/" in trial.name and not prepared.case.steps
    if way := _shared_way(adapter, prepared) if is_shared else _way(prepared, ask(adapter, prepared.question)):
        trial.caught[prepared.case.id] = way


def _way(prepared: _Prepared, outcome: Outcome | str) -> str:
    """Return the way in which a case notices an implementation; empty if it doesn't. Unsupported is no fault."""
    if isinstance(outcome, str):
        return FAULT
    return _kind(outcome, departure(prepared.case, prepared.expected, outcome))


def _kind(outcome: Outcome, difference: Difference | None) -> str:
    if difference is None:
        return ""
    return RAISED if isinstance(outcome, Raised) else difference.kind


def _shared_way(mutant: Mutant, prepared: _Prepared) -> str:
    """Return the same as ``_way`` for a mutant, which shares what depends on the case alone.

    The judge is not asked again about the very arrays of the definition. It has found these right.
    """
    shared = prepared.shared
    inputs = {name: array.copy() for name, array in shared.inputs.items()} if mutant.writes else shared.inputs
    sharing: Any = _Sharing(mutant, shared)
    outcome = ask_prepared(sharing, shared.case, inputs)
    if not isinstance(outcome, Returned) or not prepared.right:
        return _way(prepared, outcome)
    same = {name for name, array in outcome.arrays.items() if array is prepared.right.get(name)}
    rest = Returned(arrays={name: array for name, array in outcome.arrays.items() if name not in same})
    expected = {name: array for name, array in prepared.expected.items() if name not in same}
    return _kind(rest, departure(prepared.case, expected, rest))


class _Sharing:
    """A mutant as an adapter that answers a shared case."""

    def __init__(self, mutant: Mutant, shared: Shared) -> None:
        self._mutant = mutant
        self._shared = shared

    def run(self, _case: Case, inputs: Arrays) -> Arrays:
        """Answer the shared case."""
        return self._mutant.answer(self._shared, inputs)


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
