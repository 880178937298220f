"""The worker's side: one adapter in one process, one case at a time. Started by ``adapters.engine.process``.

It is sent questions, never what is expected of them. It needs the standard library, NumPy and the adapter's framework,
and runs on Python 3.10 and later.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import resource
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

import numpy as np

from adapters import program
from adapters.base import Adapter
from adapters.wire import Array, Channel, Message, Wire, is_known, pack, readable, unpack, words_of
from adapters.worker import pipeline
from adapters.worker.declare import declare, offer, texts
from adapters.worker.isolation import Isolation
from adapters.worker.memory import cap
from adapters.worker.surroundings import Surroundings
from cases.model.case import Case, Step, from_json
from cases.model.fill import fill

STAGES: Final = ("tracing", "building", "running", "calling")
"""What an adapter may say of a call that raised: where a program is made of it, how far it had come."""


def serve(channel: Channel, locator: str) -> None:
    """Load the adapter and say its modes; after the parent's next message, say what it offers; then answer.

    Most adapters import their framework only to say what they offer, which takes seconds. So the parent hears first
    whether a mode needs environment variables, and may start another process with them instead. All ends when the
    parent closes the channel.

    Raises:
        Exception: if the adapter is broken in any way but for a missing import; execnet takes it to the parent.
    """
    # To a copy, since a call may close stderr. Of one thread: a framework has dozens, and the end of stderr is short.
    faulthandler.enable(os.dup(2), all_threads=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # dumping takes seconds
    try:
        adapter = _load(locator)
        modes = declare(adapter)
        channel.send(pack("declared", modes))
        if next(iter(channel), None) is None:
            return
        offered = offer(adapter, modes["options"])
    except ImportError as error:
        if _broken(error, locator):
            raise
        channel.send(pack("missing", {"message": str(error)}))
        return
    channel.send(pack("ready", offered))
    _answer_all(channel, adapter, modes["options"])


def _load(locator: str) -> Adapter:
    module, _, name = locator.partition(":")
    adapter: Adapter = getattr(importlib.import_module(module), name)()
    return adapter


def _broken(error: ImportError, locator: str) -> bool:
    """Tell whether an import failed inside the adapter's own module or ours, so that no framework is to blame."""
    own = (locator.partition(":")[0], "adapters", "cases")
    missing = error.name or ""
    return any(missing == name or missing.startswith(f"{name}.") or name.startswith(f"{missing}.") for name in own)


def _answer_all(channel: Channel, adapter: Adapter, options: dict[str, dict[str, Any]]) -> None:
    whole, surroundings = False, Surroundings()
    for wire in channel:
        message = unpack(wire)
        if message.kind == "configure":
            settings = texts("configure()", adapter.configure(message.body["mode"], message.body["device"]))
            cap(message.body["memory"])
            surroundings = Surroundings()
            whole = bool(options.get(message.body["mode"], {}).get("whole"))
            channel.send(pack("configured", {"settings": settings}))
        else:
            channel.send(answer(adapter, message.body, channel, whole=whole))
            surroundings.restore()


def answer(adapter: Adapter, question: dict[str, Any], channel: Channel, *, whole: bool = False) -> Wire:
    """Ask the adapter the case of a question, and return its reply as it is sent (see ``reply``)."""
    message = reply(adapter, partial(_prepared, question), channel, whole=whole)
    return pack(message.kind, message.body, message.arrays)


def _prepared(question: dict[str, Any]) -> tuple[Case, dict[str, Array]]:
    case = from_json(question)
    return case, fill(case)


def reply(
    adapter: Adapter,
    prepare: Callable[[], tuple[Case, dict[str, Array]]],
    channel: Channel | None,
    *,
    whole: bool = False,
) -> Message:
    """Ask the adapter once. Whatever the framework raises is an answer; whatever comes before it is our fault.

    ``prepare`` returns the case and its inputs. Without a channel nobody is told of the calls.
    If ``whole``, a pipeline is one call.
    """
    asked = _Asked(adapter, channel, whole=whole)
    started = time.perf_counter()
    try:
        case, inputs = prepare()
        isolation = Isolation(inputs)
        run = asked.prepare(case)
        started = time.perf_counter()
        outputs = run(inputs)
        seconds = time.perf_counter() - started
    except Exception as error:  # noqa: BLE001 - the one place: their failure is data
        return _failed(adapter, error, asked, time.perf_counter() - started)
    except BaseException as end:  # noqa: BLE001 - it would end a program, so it ends the worker
        _leave(end)
    return _isolated(isolation, outputs) or _returned(outputs, seconds)


class _Asked:
    """What the adapter is asked at the moment: one call, or one step of a pipeline after another.

    A pipeline is one call if ``whole``. ``text`` is the call's, None before there is one; ``step`` is empty for what is
    no pipeline. ``made`` holds what the steps of a pipeline have returned.
    """

    def __init__(self, adapter: Adapter, channel: Channel | None, *, whole: bool) -> None:
        self._adapter = adapter
        self._whole = whole
        self._channel = channel
        self.text: str | None = None
        self.step = ""
        self.made: dict[str, Array] = {}

    def prepare(self, case: Case) -> Callable[[dict[str, Array]], Any]:
        """Write the text of every call, once, and return what makes the calls.

        The steps before one that is not supported are asked all the same.
        """
        if not case.steps or self._whole:
            self._tell(_text(self._adapter, case))
            return partial(self.run, case)
        written: dict[str, str | Exception] = {}
        for step in case.steps:
            self.step = step.name
            try:
                written[step.name] = _text(self._adapter, step.case)
            except Exception as error:
                if not (written and _is_unsupported(error)):
                    raise
                written[step.name] = error  # raised when its turn comes
                break
        return partial(pipeline.run, self, case, begin=partial(self._begin, written), made=self.made)

    def run(self, case: Case, inputs: dict[str, Array]) -> Any:
        """Make the call whose text the parent was told."""
        adapter: Any = self._adapter
        if hasattr(adapter, "run"):
            return adapter.run(case, inputs)
        execute = getattr(adapter, "execute", program.execute)
        return execute(self.text or "", inputs)

    def _begin(self, written: dict[str, str | Exception], step: Step) -> None:
        self.step = step.name
        text = written[step.name]
        if isinstance(text, Exception):
            raise text
        self._tell(text)

    def _tell(self, text: str) -> None:
        """Tell the parent the text, so that it knows the call if this process dies in it.

        The parent also learns where the call's own words begin on stderr.
        """
        self.text = text
        if self._channel is not None:
            self._channel.send(pack("asking", {"call": text, "said": os.fstat(2).st_size, "step": self.step}))


def _text(adapter: Adapter, case: Case) -> str:
    call = getattr(adapter, "call", None)
    text = call(case) if call else ""
    if not isinstance(text, str):
        msg = f"call() returned {type(text).__name__}, not a text"
        raise TypeError(msg)
    return text


def _failed(adapter: Adapter, error: Exception, asked: _Asked, seconds: float) -> Message:
    text, where = asked.text, asked.step and f"step {asked.step}: "
    if _is_unsupported(error):
        reason = f"{where}{words_of(error)}"
        return Message(kind="unsupported", body={"reason": reason, "seconds": seconds}, arrays=asked.made)
    if isinstance(error, pipeline.StepError):
        return _message("fault", {"message": words_of(error)})
    if text is None:
        return _fault("failed before the call", error)
    stage: str | None = program.stage(error, text) if text else "calling"
    if stage is None:
        return _fault(f"failed outside the call's text, which run() must execute as {program.FILENAME}", error)
    if stage == "calling" and hasattr(adapter, "stage"):
        stage = adapter.stage(error)
        if stage not in STAGES:
            return _fault(f"stage() returned {stage!r}; it must be one of {', '.join(STAGES)}", error)
    name = type(error).__name__
    body = {"type": name, "message": f"{where}{words_of(error)}", "stage": stage, "seconds": seconds}
    return Message(kind="raised", body=body, arrays=asked.made)


def _is_unsupported(error: Exception) -> bool:
    """Tell by the name of an exception, so that a plug-in need not import ours."""
    return any(kind.__name__ == "NotSupported" for kind in type(error).__mro__)


def _message(kind: str, body: dict[str, Any]) -> Message:
    return Message(kind=kind, body=body, arrays={})


def _fault(what: str, error: Exception) -> Message:
    stack = readable("".join(traceback.format_exception(error)))
    return _message("fault", {"message": f"{what}: {type(error).__name__}: {words_of(error)}\n{stack}".rstrip()})


def _isolated(isolation: Isolation, outputs: object) -> Message | None:
    message = isolation.fault(outputs)
    return _message("fault", {"message": message}) if message else None


def _returned(outputs: object, seconds: float) -> Message:
    if not isinstance(outputs, dict) or not all(isinstance(name, str) for name in outputs):
        return _message("fault", {"message": f"run() returned {type(outputs).__name__}, not a dict of arrays by name"})
    for name, array in outputs.items():
        if not isinstance(array, np.ndarray):
            message = f"run() returned {name} as {type(array).__name__}, not as a NumPy array"
            return _message("fault", {"message": message})
        if not is_known(array.dtype):
            message = f"run() returned {name} as {array.dtype}, which NumPy alone does not know; convert it"
            return _message("fault", {"message": message})
    return Message(kind="returned", body={"seconds": seconds}, arrays=outputs)


def _leave(end: BaseException) -> NoReturn:
    """End as a program would: traceback on stderr, and the exit status that SystemExit names, else 1."""
    traceback.print_exception(end)
    status = end.code if isinstance(end, SystemExit) else 1
    os._exit(status & 0xFF if isinstance(status, int) else int(status is not None))
