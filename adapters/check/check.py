"""The check of an adapter by itself, before any case runs: does it keep the protocol? No value is judged.

The adapter runs in worker processes, so nothing here imports a framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from adapters.base import ModeOptions, Target
from adapters.check.lines import Line, compare_runs
from adapters.check.samples import SAMPLES, in_dtype
from adapters.engine.handle import Missing, Ready, StartError, Worker, in_first_mode
from adapters.engine.launch import Launch, known
from adapters.engine.process import BrokenError, DiedError, SilentError
from adapters.wire import Message
from cases.model.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """The seconds that a case may take, and each step of starting a worker."""

    case: float = 60.0
    start: float = 120.0


def check(launch: Launch, limits: TimeLimits = TimeLimits()) -> Iterator[Line]:
    """Try an adapter in every mode on every device that it can be used on; yield each line as soon as it is known."""
    try:
        probed, ready = _ready(in_first_mode(partial(Worker, launch), limits.start), limits)
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


def _ready(worker: Worker, limits: TimeLimits) -> tuple[Worker, Ready | Missing]:
    try:
        return worker, worker.start(limits.start)
    except StartError:
        worker.end()
        raise


def _offer(ready: Ready) -> Iterator[Line]:
    is_registered = ready.launch.name in known()
    if is_registered and ready.name != ready.launch.name:
        note = f"is {ready.name!r}: make it {ready.launch.name!r}, the name under which it is registered"
        yield Line(what="name", fails=True, note=note)
    else:
        yield Line(what="name", note=ready.name)
    yield Line(what="modes", note=", ".join(ready.modes))
    yield Line(what="devices", note=", ".join(ready.devices))
    yield Line(what="versions", note=", ".join(f"{name} {version}" for name, version in ready.versions.items()))


def _everywhere(launch: Launch, ready: Ready, spare: list[Worker], limits: TimeLimits) -> Iterator[Line]:
    """Yield the lines of every target; the first target takes the spare worker if that has its environment."""
    for mode in ready.modes:
        options = ready.options[mode]
        if options.missing:
            yield Line(what=mode, note=f"not tried: {options.missing}")
            continue
        for device in ready.devices:
            if device in (options.devices or ready.devices):
                takes_spare = bool(spare) and spare[0].environment == options.environment
                start = spare.pop if takes_spare else partial(_started, launch, options, limits)
                yield from _target(start, Target(adapter=ready.name, mode=mode, device=device), options, limits)


def _started(launch: Launch, options: ModeOptions, limits: TimeLimits) -> Worker:
    return _ready(Worker(launch, options.environment), limits)[0]


def _target(start: Callable[[], Worker], target: Target, options: ModeOptions, limits: TimeLimits) -> Iterator[Line]:
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
        return  # the line about it is out, and this worker can't be asked anything more
    finally:
        worker.end()


def _sample(worker: Worker, case: Case, limit: float) -> Iterator[Line]:
    """Have the adapter run one case twice, and yield the lines about it."""
    try:
        first, second = [_ask(worker, case, limit) for _ in range(2)]
    except SilentError:
        yield Line(what="run", fails=True, note=f"no answer in {limit:g} seconds; later operators were not tried")
        raise
    except (DiedError, BrokenError) as error:
        end = worker.autopsy().signal if isinstance(error, DiedError) else str(error)
        yield Line(what="run", fails=True, note=f"the process ended with {end}; later operators were not tried")
        raise
    yield from compare_runs(case, worker.call or "", first, second)


def _ask(worker: Worker, case: Case, limit: float) -> Message:
    worker.feed(case, limit)
    return worker.answer(limit)
