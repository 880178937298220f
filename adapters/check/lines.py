"""The lines that a check prints, and the lines for an adapter's answer to one sample case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adapters import program
from adapters.outcome import is_native
from adapters.wire import Array, Message
from cases.model import shapes
from cases.model.case import INDEX_DTYPE, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One checked thing. ``note`` says what to do if the check failed, and may hold a remark if it did not."""

    what: str
    fails: bool = False
    note: str = ""

    def __str__(self) -> str:
        return f"{'FAIL' if self.fails else 'ok  '}  {self.what}{self.note and ': '}{self.note}"


def compare_runs(case: Case, call: str, first: Message, second: Message) -> Iterator[Line]:
    """Yield the lines for a case that was run twice; ``call`` is the text of its call, empty if there is none."""
    if first.kind != "returned":
        yield _refusal(first)
        return
    yield _call(call)
    yield from _outputs(case, first.arrays)
    steady = second.kind == "returned" and _bytes(first) == _bytes(second)
    note = "" if steady else "two runs differ: set the framework's seed, or wait for its result"
    yield Line(what="twice", fails=not steady, note=note)


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
        return Line(what="call", note="there is none, so reports can't show what was run")
    try:
        fine = program.call_lines(text) is not None
    except SyntaxError:
        fine = False
    note = "" if fine else f"it must be a program with one line that starts with `{program.CALL}`"
    return Line(what="call", fails=not fine, note=note)


def _outputs(case: Case, arrays: dict[str, Array]) -> Iterator[Line]:
    wanted = case.outputs
    complete = {name for name in arrays if not is_native(name)} == set(wanted)
    note = "" if complete else f"returned {', '.join(arrays) or 'none'}: return {', '.join(wanted)}"
    yield Line(what="outputs", fails=not complete, note=note)
    for name, array in arrays.items():
        if name in wanted or is_native(name):
            yield _shape(name, array, shapes.output_shape(case))
            yield _dtype(name, array, case)


def _shape(name: str, array: Array, wanted: tuple[int, ...]) -> Line:
    if array.shape == wanted:
        return Line(what=f"{name} shape")
    has_channels_first = array.shape == (wanted[0], wanted[-1], *wanted[1:-1])
    hint = "channels come last here" if has_channels_first else "see cases.model.shapes.output_shape"
    return Line(what=f"{name} shape", fails=True, note=f"is {array.shape}, not {wanted}: {hint}")


def _dtype(name: str, array: Array, case: Case) -> Line:
    if is_native(name):
        fine, wanted = array.dtype.kind in "iu", "an integer dtype"
    elif name == "indices":
        fine, wanted = array.dtype == np.dtype(INDEX_DTYPE), INDEX_DTYPE
    else:
        fine, wanted = array.dtype == np.dtype(case.dtype), f"{case.dtype}, the value's"
    return Line(what=f"{name} dtype", fails=not fine, note="" if fine else f"is {array.dtype}: make it {wanted}")


def _bytes(answer: Message) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    arrays = answer.arrays.items()
    return {name: (array.dtype.name, array.shape, array.tobytes()) for name, array in arrays}
