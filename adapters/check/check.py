"""Trying an adapter by itself, before any case runs: does it keep the protocol? No value is judged.

The adapter runs in worker processes, so this imports no framework either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from adapters import program
from adapters.base import ModeOptions, Target
from adapters.engine.handle import Missing, Ready, StartError, Worker
from adapters.engine.launch import Launch, known
from adapters.engine.process import BrokenError, DiedError, SilentError
from adapters.wire import Array, Message
from cases.model import shapes
from cases.model.case import INDEX_DTYPE, Case, TensorSpec

NATIVE: Final = "native_"
"""Stands before the names of outputs that are a framework's own, and not compared: its indices, as it gave them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing checked: what, and, if it failed, what to do; otherwise perhaps a remark."""

    what: str
    fails: bool = False
    note: str = ""

    def __str__(self) -> str:
        return f"{'FAIL' if self.fails else 'ok  '}  {self.what}{self.note and ': '}{self.note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many seconds a case may take, and each step of starting a worker."""

    case: float = 60.0
    start: float = 120.0


def check(launch: Launch, limits: Limits = Limits()) -> Iterator[Line]:
    """Try an adapter in every mode on every device that it can be used on; give each check's line as it is made."""
    try:
        probed, ready = _start(launch, ModeOptions(), limits)
    except StartError as error:
        yield Line(what="start", fails=True, note=str(error))
        return
    spare = [probed]
    try:
        if isinstance(ready, Missing):
            note = f"{ready.message}: install the framework, or name an interpreter that has it with --python"
            yield Line(what="framework", fails=True, note=note)
            return
        yield from _offer(ready)
        yield from _everywhere(launch, ready, spare, limits)
    finally:
        for worker in spare:
            worker.end()


def _start(launch: Launch, options: ModeOptions, limits: Limits) -> tuple[Worker, Ready | Missing]:
    worker = Worker(launch, options.environment)
    try:
        return worker, worker.start(limits.start)
    except StartError:
        worker.end()
        raise


def _everywhere(launch: Launch, ready: Ready, spare: list[Worker], limits: Limits) -> Iterator[Line]:
    """The lines of every target; the first that needs no environment of its own takes the spare worker."""
    for mode in ready.modes:
        options = ready.options[mode]
        if options.missing:
            yield Line(what=mode, note=f"not tried: {options.missing}")
            continue
        for device in ready.devices:
            if device in (options.devices or ready.devices):
                take = bool(spare) and not options.environment
                start = spare.pop if take else partial(_started, launch, options, limits)
                yield from _target(start, Target(adapter=ready.name, mode=mode, device=device), options, limits)


def _started(launch: Launch, options: ModeOptions, limits: Limits) -> Worker:
    return _start(launch, options, limits)[0]


def _offer(ready: Ready) -> Iterator[Line]:
    registered = ready.launch.name in known()
    if registered and ready.name != ready.launch.name:
        yield Line(what="name", fails=True, note=f"is {ready.name!r}: make it {ready.launch.name!r}, as registered")
    else:
        yield Line(what="name", note=ready.name)
    yield Line(what="modes", note=", ".join(ready.modes))
    yield Line(what="devices", note=", ".join(ready.devices))
    yield Line(what="versions", note=", ".join(f"{name} {version}" for name, version in ready.versions.items()))


def _target(start: Callable[[], Worker], target: Target, options: ModeOptions, limits: Limits) -> Iterator[Line]:
    prefix = f"{target.mode}-{target.device}"
    try:
        worker = start()
    except StartError as error:
        yield Line(what=f"{prefix} start", fails=True, note=str(error))
        return
    try:
        settings = worker.configure(target.mode, target.device, limits.start)
        yield Line(what=f"{prefix} configure", note=", ".join(f"{name}={text}" for name, text in settings.items()))
        for case in SAMPLES:
            sample = in_dtype(case, options.dtypes[0]) if options.dtypes else case
            for line in _sample(worker, sample, limits.case):
                yield Line(what=f"{prefix} {case.operator} {line.what}", fails=line.fails, note=line.note)
    except StartError as error:
        yield Line(what=f"{prefix} configure", fails=True, note=str(error))
    except (DiedError, SilentError, BrokenError):
        return  # its line is out, and nothing more can be learnt from this worker
    finally:
        worker.end()


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
    yield from _outputs(case, first.arrays)
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
    wanted = case.outputs
    names = {name for name in arrays if not name.startswith(NATIVE)} == set(wanted)
    note = "" if names else f"returned {', '.join(arrays) or 'none'}: return {', '.join(wanted)}"
    yield Line(what="outputs", fails=not names, note=note)
    for name, array in arrays.items():
        if name in wanted or name.startswith(NATIVE):
            yield _shape(name, array, shapes.output_shape(case))
            yield _dtype(name, array, case)


def _shape(name: str, array: Array, wanted: tuple[int, ...]) -> Line:
    if array.shape == wanted:
        return Line(what=f"{name} shape")
    first = array.shape == (wanted[0], wanted[-1], *wanted[1:-1])
    hint = "channels come last here" if first else "see cases.shapes.output_shape"
    return Line(what=f"{name} shape", fails=True, note=f"is {array.shape}, not {wanted}: {hint}")


def _dtype(name: str, array: Array, case: Case) -> Line:
    if name.startswith(NATIVE):
        fine, wanted = array.dtype.kind in "iu", "an integer dtype"
    elif name == "indices":
        fine, wanted = array.dtype == np.dtype(INDEX_DTYPE), INDEX_DTYPE
    else:
        fine, wanted = array.dtype == np.dtype(case.dtype), f"{case.dtype}, the value's"
    return Line(what=f"{name} dtype", fails=not fine, note="" if fine else f"is {array.dtype}: make it {wanted}")


def _bytes(answer: Message) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    arrays = answer.arrays.items()
    return {name: (array.dtype.name, array.shape, array.tobytes()) for name, array in arrays}


_IMAGE: Final = (2, 7, 9, 3)
_POOLED: Final = (2, 3, 4, 3)


def _tensor(*shape: int, fill: str = "integers", dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape=shape, dtype=dtype, fill=fill)


def _pooling(operator: str, fill: str) -> Case:
    inputs = {"value": _tensor(*_IMAGE, fill=fill)}
    return Case(id=operator, operator=operator, inputs=inputs, strides=(2, 2), padding="VALID", ksize=(2, 2))


def _unpooling(operator: str, **more: TensorSpec) -> Case:
    return Case(
        id=operator,
        operator=operator,
        inputs={"value": _tensor(*_POOLED, fill="multiples"), **more},
        strides=(2, 2),
        padding="VALID",
        ksize=(2, 2),
        output_shape=(2, 6, 8, 3),
    )


def in_dtype(case: Case, dtype: str) -> Case:
    """The same case with every tensor but the indices in ``dtype``."""
    inputs = {name: spec if name == "indices" else replace(spec, dtype=dtype) for name, spec in case.inputs.items()}
    return replace(case, inputs=inputs)


SAMPLES: Final = (
    Case(
        id="conv",
        operator="conv",
        inputs={"value": _tensor(*_IMAGE), "filter": _tensor(3, 2, 3, 5)},
        strides=(2, 2),
        padding="VALID",
    ),
    Case(
        id="conv_transpose",
        operator="conv_transpose",
        inputs={"value": _tensor(2, 3, 4, 5), "filter": _tensor(3, 2, 3, 5)},
        strides=(2, 2),
        padding="VALID",
        output_shape=(2, 7, 8, 3),
    ),
    _pooling("max_pool", "distinct"),
    _pooling("max_pool_argmax", "distinct"),
    _unpooling("max_unpool", indices=_tensor(*_POOLED, fill="indices", dtype=INDEX_DTYPE)),
    _pooling("avg_pool", "multiples"),
    _unpooling("avg_unpool"),
)
