"""The worker's side: one adapter in one process, one case at a time. Started by ``adapters.process``.

It is sent questions, never what is expected of them. It needs the standard library, NumPy and the adapter's framework,
and runs on Python 3.10 and later.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import platform
import re
import resource
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from adapters import program
from adapters.base import Adapter
from adapters.wire import Channel, Wire, pack, unpack
from cases.case import Case, from_json
from cases.fill import fill

_EXTENSION = 2
"""``numpy.dtype.isbuiltin`` of a type that an extension registered, such as bfloat16."""


def serve(channel: Channel, locator: str, wrap: Callable[[Adapter], Adapter] = lambda adapter: adapter) -> None:
    """Load the adapter, say what it offers, then answer until the parent closes the channel.

    ``wrap`` may put something between the worker and the adapter.

    Raises:
        Exception: if the adapter is broken in any way but for a missing import; execnet takes it to the parent.
    """
    faulthandler.enable(all_threads=False)  # a framework has dozens, and the end of stderr is short
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # dumping takes seconds
    try:
        adapter = _load(locator)
        offer = _offer(adapter)
    except ImportError as error:
        if _broken(error, locator):
            raise
        channel.send(pack("missing", {"message": str(error)}))
        return
    channel.send(pack("ready", offer))
    _answer_all(channel, wrap(adapter))


def _load(locator: str) -> Adapter:
    module, _, name = locator.partition(":")
    adapter: Adapter = getattr(importlib.import_module(module), name)()
    return adapter


def _broken(error: ImportError, locator: str) -> bool:
    """Whether an import failed inside the adapter's own module or ours, so that no framework is to blame."""
    own = (locator.partition(":")[0], "adapters", "cases")
    missing = error.name or ""
    return any(missing == name or missing.startswith(f"{name}.") or name.startswith(f"{missing}.") for name in own)


def _offer(adapter: Adapter) -> dict[str, Any]:
    """What the parent must know of an adapter, with every type checked here, where a plug-in's author can be told."""
    for method in ("configure", "run"):
        if not callable(getattr(adapter, method, None)):
            msg = f"{type(adapter).__name__} has no method `{method}`"
            raise TypeError(msg)
    return {
        "name": _word("name", adapter.name),
        "modes": _words("modes", adapter.modes),
        "devices": _words("devices()", adapter.devices()),
        "versions": _texts("versions()", adapter.versions()),
        "python": platform.python_version(),
        "pid": os.getpid(),
    }


def _word(what: str, value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"\w+", value, re.ASCII):
        return value
    msg = f"{what} is {value!r}; it must be a word of letters, digits and underscores"
    raise TypeError(msg)


def _words(what: str, value: object) -> list[str]:
    if isinstance(value, tuple) and value:
        return [_word(f"an entry of {what}", entry) for entry in value]
    msg = f"{what} is {value!r}; it must be a tuple of one or more words"
    raise TypeError(msg)


def _texts(what: str, value: object) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(text, str) for item in value.items() for text in item):
        return value
    msg = f"{what} returned {value!r}; it must return a dict of strings"
    raise TypeError(msg)


def _answer_all(channel: Channel, adapter: Adapter) -> None:
    for wire in channel:
        message = unpack(wire)
        if message.kind == "configure":
            settings = _texts("configure()", adapter.configure(message.body["mode"], message.body["device"]))
            channel.send(pack("configured", {"settings": settings}))
        else:
            channel.send(_answer(adapter, message.body, channel))


def _answer(adapter: Adapter, question: dict[str, Any], channel: Channel) -> Wire:
    """Ask the adapter once. Whatever the framework raises is an answer; whatever comes before it is our fault."""
    text: str | None = None
    started = time.perf_counter()
    try:
        case = from_json(question)
        inputs = fill(case)
        text = _text(adapter, case)
        channel.send(pack("asking", {"call": text}))  # so that the parent knows the call if this process dies in it
        started = time.perf_counter()
        outputs = adapter.run(case, inputs)
        seconds = time.perf_counter() - started
    except Exception as error:  # noqa: BLE001 - the one place: their failure is data
        return _failed(error, text, time.perf_counter() - started)
    except BaseException as end:  # noqa: BLE001 - it would end a program, so it ends the worker
        _leave(end)
    return _returned(outputs, seconds)


def _text(adapter: Adapter, case: Case) -> str:
    call = getattr(adapter, "call", None)
    text = call(case) if call else ""
    if not isinstance(text, str):
        msg = f"call() returned {type(text).__name__}, not a text"
        raise TypeError(msg)
    return text


def _failed(error: Exception, text: str | None, seconds: float) -> Wire:
    # By its name, so that a plug-in need not import ours.
    if any(kind.__name__ == "NotSupported" for kind in type(error).__mro__):
        return pack("unsupported", {"reason": str(error), "seconds": seconds})
    if text is None:
        return _fault("failed before the call", error)
    stage = program.stage(error, text) if text else "calling"
    if stage is None:
        return _fault(f"failed outside the call's text, which run() must execute as {program.FILENAME}", error)
    name = type(error).__name__
    return pack("raised", {"type": name, "message": str(error), "stage": stage, "seconds": seconds})


def _fault(what: str, error: Exception) -> Wire:
    message = f"{what}: {type(error).__name__}: {error}\n{''.join(traceback.format_exception(error))}"
    return pack("fault", {"message": message.rstrip()})


def _returned(outputs: object, seconds: float) -> Wire:
    if not isinstance(outputs, dict) or not all(isinstance(name, str) for name in outputs):
        return pack("fault", {"message": f"run() returned {type(outputs).__name__}, not a dict of arrays by name"})
    for name, array in outputs.items():
        if not isinstance(array, np.ndarray):
            message = f"run() returned {name} as {type(array).__name__}, not as a NumPy array"
            return pack("fault", {"message": message})
        if array.dtype.kind not in "biufc" or array.dtype.isbuiltin == _EXTENSION:
            message = f"run() returned {name} as {array.dtype}, which NumPy alone does not know; convert it"
            return pack("fault", {"message": message})
    return pack("returned", {"seconds": seconds}, outputs)


def _leave(end: BaseException) -> NoReturn:
    """End as a program would: traceback on stderr, and the exit status that SystemExit names, else 1."""
    traceback.print_exception(end)
    status = end.code if isinstance(end, SystemExit) else 1
    os._exit(status & 0xFF if isinstance(status, int) else int(status is not None))
