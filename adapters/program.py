"""Running the text of a call, and finding out at which of its lines an exception arose.

An adapter's ``call`` is a program whose line starting with ``result = `` is the framework's call. Adapters execute
that very text, so that what a report shows is what was run, and so that the stage of an exception can be read from its
traceback rather than guessed.
"""

from __future__ import annotations

import ast
import functools
import linecache
import math
import traceback
from types import CodeType
from typing import Any, Final, Literal

Stage = Literal["preparing", "calling", "reading"]
"""Where in a call's text an exception arose: before the call, in it, or in what reads its result."""

FILENAME: Final = "<call>"
CALL: Final = "result = "


def literal(value: Any) -> str:
    """Return the text of a value in a program: its ``repr``, but NaN and infinities have no name in Python."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if type(value) not in (tuple, list):
        return repr(value)
    parts = ", ".join(map(literal, value))
    if isinstance(value, list):
        return f"[{parts}]"
    return f"({parts},)" if len(value) == 1 else f"({parts})"


def execute(text: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run a call's text with ``namespace`` as its globals, which stay as they are, and return its ``outputs``.

    Raises:
        LookupError: if the text sets no ``outputs``.
        Exception: whatever the text raises.
    """
    # Frameworks that read a function's source (tf.function does) then find it, as they would in a pasted reproducer.
    linecache.cache[FILENAME] = (len(text), None, text.splitlines(keepends=True), FILENAME)
    scope = {"__name__": "__main__", **namespace}
    exec(_compiled(text), scope)  # noqa: S102 - the adapter's own text
    if "outputs" not in scope:
        msg = "the call's text sets no `outputs`"
        raise LookupError(msg)
    outputs: dict[str, Any] = scope["outputs"]
    return outputs


@functools.lru_cache(maxsize=4)
def _compiled(text: str) -> CodeType:
    """Compile a call's text. Cached, because diagnosis runs one text on many inputs."""
    return compile(text, FILENAME, "exec", dont_inherit=True)


def stage(error: BaseException, text: str) -> Stage | None:
    """Return where in ``text`` an exception arose: before the call, in it or after it; None if not in the text.

    The outermost frame of the text counts. A function defined above the call and traced by it runs in the call.
    """
    lines = _lines(error)
    span = call_lines(text) if lines else None
    if span is None:
        return None
    return "preparing" if lines[0] < span[0] else "calling" if lines[0] <= span[1] else "reading"


def inside(error: BaseException) -> bool:
    """Tell whether the call was running a function of the text when an exception arose, as in tracing."""
    return len(_lines(error)) > 1


def _lines(error: BaseException) -> list[int]:
    """Return the lines of the text that were under way when an exception arose, the outermost first."""
    frames = traceback.walk_tb(error.__traceback__)
    return [line for frame, line in frames if frame.f_code.co_filename == FILENAME]


def call_lines(text: str) -> tuple[int, int] | None:
    """Return the first and the last line of the statement that starts with ``result = ``; None if not exactly one does.

    Raises:
        SyntaxError: if ``text`` is no program.
    """
    lines = text.splitlines()
    statements = [node for node in ast.parse(text).body if lines[node.lineno - 1].startswith(CALL)]
    if len(statements) != 1:
        return None
    return statements[0].lineno, statements[0].end_lineno or statements[0].lineno
