"""Frameworks' messages, without the parts that differ from machine to machine or from run to run."""

from __future__ import annotations

import re
from typing import Final

from adapters.engine.process import STDERR_END
from adapters.outcome import Outcome, Raised

_WRAPPING: Final = tuple(
    (re.compile(pattern, flags), instead)
    for pattern, instead, flags in (
        (r"\x1b\[[0-9;]*[A-Za-z]", "", 0),  # colours
        # TensorFlow's executor and its compiler put a stack before or after their message.
        (r"Graph execution error:\s+Detected at node[^\n]*\n(\s*File [^\n]*\n|\s*\n)*", "", 0),
        (r"(Stack trace for op definition|The op is created at):\s*(\s*File [^\n]*(\n|$))+", "", 0),
        (r"\{\{(function_)?node [^}]*\}\}( = )?|\[Op:\w+\]( name:)?", "", 0),
        (r"(while converting )?_+inference_\w+?_\d+(\[[^\]]*\])?", "", 0),
        (r"\[\[\s*\]\]", "", 0),
        (r"\b([A-Za-z]\w*?)_\d+/(?=\w)", r"\1/", 0),  # the second node called name is name_1
        # MLIR says where an operation was written, with all calls that led there. Dynamo shows the source.
        (r"^\s*at loc\(.*$", "", re.MULTILINE),
        (r"from user code:\n.*?(?=\n\nSet TORCHDYNAMO|\Z)", "", re.DOTALL),
    )
)
_PLACES: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?:?\s*", ""),
        (r"\b([IWEF])\d{4} \d\d:\d\d:\d+\.\d+\s+\d+ ", r"\1 "),  # the beginning of a log line: time and thread
        (r"\b0x[0-9a-fA-F]{4,}", "0x..."),
        (r"\bgoo\.gle/debug\w+ ", ""),  # protobuf puts one of several words, drawn anew in each process
        (r"\b(pid|tid|process|thread)([ =:]+)\d+", r"\1\2..."),
        (r"(?<![\w./])(/[\w.+-]+){2,}", "(path)"),
        (r"(\(path\)|\b[\w/]+\.(?:cc|cpp|cu|h|py))(\"?)(:|, line )\d+", r"\1\2"),
    )
)
_ATTRIBUTE: Final = r"\w+=(?:\[[^\[\]]*\]|[^\[\],]*)"
_ATTRIBUTES: Final = re.compile(rf"(?<=with these attrs: \[){_ATTRIBUTE}(?:, {_ATTRIBUTE})*(?=\])")
"""An operation's attributes as TensorFlow lists them. Their order differs from process to process."""
_NOISE: Final = re.compile(
    r"^\s*(File \"|@ |\.\.\.|(Current )?[Tt]hread |Stack \(most|Extension modules: |Fatal Python error: |#\d+ "
    r"|\*\*\* (Begin|End|Check failure) |To enable the following instructions|WARNING: All log messages before "
    r"|[0-9: .-]*I[\d ])"
)
"""The beginnings of lines that belong to a stack, or that describe the machine and not how the process ended."""


def normal(message: str) -> str:
    """Return a message on one line, without addresses, paths, line numbers, times, stacks and TensorFlow's wrapping.

    What is no text, as half of a pair of surrogates, is written as its number.
    """
    for pattern, instead in _WRAPPING:
        message = pattern.sub(instead, message)
    text = " ".join(message.encode("utf-8", "backslashreplace").decode().split())
    for pattern, instead in _PLACES:
        text = pattern.sub(instead, text)
    return _ATTRIBUTES.sub(lambda found: ", ".join(sorted(re.findall(_ATTRIBUTE, found[0]))), text.strip())


def last_words(stderr: str) -> str:
    """Return what a dead process wrote at its end, on one line, without stacks and lists of modules.

    Return an empty text if the process wrote nothing else.
    """
    is_cut = len(stderr) >= STDERR_END  # then the first line is only the end of a line
    lines = stderr.splitlines()[1 if is_cut else 0 :]
    return normal("\n".join(line for line in lines if not _NOISE.match(line)))


def in_full(outcome: Outcome) -> str:
    """Return the message of an exception after a colon; nothing for other outcomes."""
    return f": {normal(outcome.message)}" if isinstance(outcome, Raised) else ""
