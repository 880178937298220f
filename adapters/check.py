"""Trying an adapter by itself, before any case runs: does it keep the protocol? No value is judged.

The adapter runs in worker processes, so this imports no framework either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from adapters import program
from adapters.client import Missing, Ready, StartError, StartFailure, Worker
from adapters.launch import Launch, known
from adapters.pool import Pool
from adapters.probe import AFTER
from adapters.process import BrokenError, DiedError, SilentError
from adapters.samples import SAMPLES
from adapters.wire import Array, Message
from cases import shapes
from cases.case import INDEX_DTYPE, OUTPUTS, Case
from cases.fill import fill

CASE_LIMIT: Final = 60.0
START_LIMIT: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing checked: what, and, if it failed, what to do; otherwise perhaps a remark."""

    what: str
    fails: bool = False
    note: str = ""

    def __str__(self) -> str:
        return f"{'FAIL' if self.fails else 'ok  '}  {self.what}{self.note and ': '}{self.note}"


def check(launch: Launch, *, case_limit: float = CASE_LIMIT, start_limit: float = START_LIMIT) -> Iterator[Line]:
    """Try an adapter in every mode on every device, and give each check's line as it is made."""
    try:
        worker, ready = _start(launch, start_limit)
    except StartError as error:
        yield Line(what="start", fails=True, note=str(error))
        return
    try:
        if isinstance(ready, Missing):
            note = f"{ready.message}: install the framework, or name an interpreter that has it with --python"
            yield Line(what="framework", fails=True, note=note)
            return
        yield from _offer(ready)
        first, *others = product(ready.modes, ready.devices)
        yield from _target(worker, *first, case_limit, start_limit)
    finally:
        worker.end()
    for mode, device in others:
        yield from _afresh(launch, mode, device, case_limit, start_limit)


def _start(launch: Launch, limit: float) -> tuple[Worker, Ready | Missing]:
    worker = Worker(launch, "adapters.probe")
    try:
        return worker, worker.start(limit)
    except StartError:
        worker.end()
        raise


def _afresh(launch: Launch, mode: str, device: str, case_limit: float, start_limit: float) -> Iterator[Line]:
    try:
        worker, _ = _start(launch, start_limit)
    except StartError as error:
        yield Line(what=f"{mode}-{device} start", fails=True, note=str(error))
        return
    try:
        yield from _target(worker, mode, device, case_limit, start_limit)
    finally:
        worker.end()


def _offer(ready: Ready) -> Iterator[Line]:
    registered = ready.launch.name in known()
    if registered and ready.name != ready.launch.name:
        yield Line(what="name", fails=True, note=f"is {ready.name!r}: make it {ready.launch.name!r}, as registered")
    else:
        yield Line(what="name", note=ready.name)
    yield Line(what="modes", note=", ".join(ready.modes))
    yield Line(what="devices", note=", ".join(ready.devices))
    yield Line(what="versions", note=", ".join(f"{name} {version}" for name, version in ready.versions.items()))


def _target(worker: Worker, mode: str, device: str, case_limit: float, start_limit: float) -> Iterator[Line]:
    prefix = f"{mode}-{device}"
    try:
        settings = worker.configure(mode, device, start_limit)
        yield Line(what=f"{prefix} configure", note=", ".join(f"{name}={text}" for name, text in settings.items()))
        for case in SAMPLES:
            for line in _sample(worker, case, case_limit):
                yield Line(what=f"{prefix} {case.operator} {line.what}", fails=line.fails, note=line.note)
    except StartError as error:
        yield Line(what=f"{prefix} configure", fails=True, note=str(error))
    except (DiedError, SilentError, BrokenError):
        return  # its line is out, and nothing more can be learnt from this worker


def _sample(worker: Worker, case: Case, limit: float) -> Iterator[Line]:
    """The lines for one case, which the adapter runs twice."""
    try:
        answers = [_ask(worker, case, limit) for _ in range(2)]
    except SilentError:
        yield Line(what="run", fails=True, note=f"no answer in {limit:g} seconds; later operators were not tried")
        raise
    except (DiedError, BrokenError) as error:
        end = worker.autopsy().signal if isinstance(error, DiedError) else str(error)
        yield Line(what="run", fails=True, note=f"the process ended with {end}; later operators were not tried")
        raise
    first, second = answers
    if first.kind != "returned":
        yield _refusal(first)
        return
    yield _call(worker.call or "")
    yield from _outputs(case, {name: array for name, array in first.arrays.items() if not name.startswith(AFTER)})
    yield _untouched(case, first.arrays)
    steady = second.kind == "returned" and _bytes(first) == _bytes(second)
    yield Line(what="twice", fails=not steady, note="" if steady else "two runs differ: seed it, or make it wait")


def _ask(worker: Worker, case: Case, limit: float) -> Message:
    worker.feed(case, limit)
    return worker.answer(limit)


def _refusal(answer: Message) -> Line:
    body = answer.body
    if answer.kind == "unsupported":
        return Line(what="run", note=f"not supported: {body['reason']}")
    if answer.kind == "fault":
        return Line(what="run", fails=True, note=body["message"])
    note = f"{body['type']} while {body['stage']}: {body['message']}; raise NotSupported if there is no such operator"
    return Line(what="run", fails=True, note=note)


def _call(text: str) -> Line:
    if not text:
        return Line(what="call", note="none, so reports cannot show what was run")
    try:
        fine = program.call_lines(text) is not None
    except SyntaxError:
        fine = False
    note = "" if fine else f"it must be a program with one line that starts with `{program.CALL}`"
    return Line(what="call", fails=not fine, note=note)


def _outputs(case: Case, arrays: dict[str, Array]) -> Iterator[Line]:
    wanted = OUTPUTS[case.operator]
    names = set(arrays) == set(wanted)
    note = "" if names else f"returned {', '.join(arrays) or 'none'}: return {', '.join(wanted)}"
    yield Line(what="outputs", fails=not names, note=note)
    for name, array in arrays.items():
        if name in wanted:
            yield _shape(name, array, shapes.output_shape(case))
            yield _dtype(name, array, case)


def _shape(name: str, array: Array, wanted: tuple[int, ...]) -> Line:
    if array.shape == wanted:
        return Line(what=f"{name} shape")
    first = array.shape == (wanted[0], wanted[-1], *wanted[1:-1])
    hint = "channels come last here" if first else "see cases.shapes.output_shape"
    return Line(what=f"{name} shape", fails=True, note=f"is {array.shape}, not {wanted}: {hint}")


def _dtype(name: str, array: Array, case: Case) -> Line:
    if name == "indices":
        fine, wanted = array.dtype == np.dtype(INDEX_DTYPE), INDEX_DTYPE
    else:
        fine, wanted = array.dtype == np.dtype(case.dtype), f"{case.dtype}, the value's"
    return Line(what=f"{name} dtype", fails=not fine, note="" if fine else f"is {array.dtype}: make it {wanted}")


def _untouched(case: Case, arrays: dict[str, Array]) -> Line:
    changed = [name for name, array in fill(case).items() if arrays[AFTER + name].tobytes() != array.tobytes()]
    note = f"the call changed {', '.join(changed)}: give the framework a copy" if changed else ""
    return Line(what="inputs", fails=bool(changed), note=note)


def _bytes(answer: Message) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    arrays = answer.arrays.items()
    return {name: (array.dtype.name, array.shape, array.tobytes()) for name, array in arrays}


def survey(launches: Sequence[Launch]) -> list[str]:
    """A line for each adapter: whether it can be used here, and in which versions."""
    with Pool() as pool:
        answers = pool.probe(launches)
    return [f"{answer.launch.name:<12}{_state(answer)}" for answer in answers]


def _state(answer: Ready | Missing | StartFailure) -> str:
    match answer:
        case Ready():
            versions = ", ".join(f"{name} {version}" for name, version in answer.versions.items())
            places = "; ".join((f"Python {answer.python}", ", ".join(answer.modes), ", ".join(answer.devices)))
            return f"{versions or 'ready'} ({places})"
        case Missing():
            return f"not installed: {answer.message}"
        case StartFailure():
            return f"broken: {answer.message}"
