"""YAML text -> plain data with the place of each part, so that every message can give file:line:column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

Location = tuple[str | int, ...]
"""A place in a YAML file, as keys and positions from the root."""


_MOST: Final = 200_000
"""The values of a file."""
_SHOWN: Final = 60
"""The characters of a wrong value that a message shows."""
_CALLED: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("layout", "format", "channels_last", "memory_format", "dimension_numbers"), ("data_format",)),
    **dict.fromkeys(("kernel", "ksize", "kernel_size", "pool_size", "window", "window_shape"), ("ksize", "kernel")),
    **dict.fromkeys(("stride", "window_strides"), ("strides",)),
    **dict.fromkeys(("dilation", "dilation_rate", "rhs_dilation"), ("dilations",)),
    **dict.fromkeys(("feature_group_count", "group"), ("groups",)),
    **dict.fromkeys(("pad", "pads"), ("padding",)),
    **dict.fromkeys(("size", "shape", "input_size"), ("image",)),
    **dict.fromkeys(("count_include_pad", "divisor_override"), ("divisor",)),
    **dict.fromkeys(("filters", "out"), ("out_channels",)),
    "id": ("name",),
}
"""A framework's or another tool's word -> the words here, of which the first that is known is suggested."""
_LARGEST: Final = 2**20
"""The bytes of a file."""


class CaseFileError(Exception):
    """A case file with faults. The message has one line for each: ``file:line:column: what and what to do``."""


class EmptyFileError(CaseFileError):
    """A file without any value."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: its data, and the YAML nodes with their places."""

    path: Path
    data: Any
    root: yaml.Node

    def line(self, location: Location, message: str) -> str:
        """Return ``file:line:column: message`` for a place in the file."""
        return _line(self.path, self._mark(location), message)

    def _mark(self, location: Location) -> yaml.Mark:
        """Return the start of the deepest part of ``location`` that exists; parts that don't exist are skipped."""
        node, mark = self.root, self.root.start_mark
        for position, part in enumerate(location):
            last = position == len(location) - 1
            child = _child(node, part)
            if child is not None:
                key, node = child
                mark = key.start_mark if last else node.start_mark
        return mark


def read(path: Path, wants: str = "a case file has the keys operator, about, source and cases") -> Document:
    """Parse a YAML file. ``wants`` is the end of the message about an empty file: it tells what a file has to hold.

    Raises:
        CaseFileError: if the file can't be read, isn't YAML, is empty, or has one key twice.
    """
    try:
        if path.stat().st_size > _LARGEST:
            msg = f"{path}: has more than {_LARGEST // 2**20} MiB; write several files"
            raise CaseFileError(msg)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text: {error}"
        raise CaseFileError(msg) from None
    try:
        return _parse(path, text, wants)
    except yaml.MarkedYAMLError as error:
        raise CaseFileError(_line(path, error.problem_mark, f"not YAML: {error.problem}")) from None
    except yaml.YAMLError as error:
        msg = f"{path}: not YAML: {' '.join(str(error).split())}"
        raise CaseFileError(msg) from None
    except RecursionError:
        msg = (
            f"{path}:1:1: nested too deeply or without end; no alias may stand for a part of the file that contains it"
        )
        raise CaseFileError(msg) from None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the known name that a framework calls so, or a similar one."""
    names = sorted(known)
    close = [word for word in _CALLED.get(name, ()) if word in names and word != name]
    if not close and name not in names:  # a name that is known elsewhere is like itself
        close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _parse(path: Path, text: str, wants: str) -> Document:
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            msg = f"{path}:1:1: the file is empty; {wants}"
            raise EmptyFileError(msg)
        if (count := _size(root, {})) > _MOST:
            msg = f"{path}:1:1: the file holds {count:,} values, aliases written out, and {_MOST:,} are the most"
            raise CaseFileError(msg)
        _refuse_twins(path, root)
        _refuse_nonsense(path, loader, root)
        return Document(path, loader.construct_document(root), root)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return the number of values in a node. An alias counts with all that it stands for."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(child, known) for child in _children(node))
    return known[id(node)]


def _refuse_twins(path: Path, node: yaml.Node) -> None:
    """Refuse a mapping that has one key twice. YAML allows it and silently keeps the last value."""
    seen: set[str] = set()
    for key, child in _pairs(node):
        if not isinstance(key, yaml.ScalarNode):
            raise CaseFileError(_line(path, key.start_mark, "a key is one word, not a list or a mapping"))
        if key.value in seen:
            raise CaseFileError(_line(path, key.start_mark, f"the key {key.value!r} is here twice; keep one"))
        seen.add(key.value)
        _refuse_twins(path, child)
    for child in node.value if isinstance(node, yaml.SequenceNode) else ():
        _refuse_twins(path, child)


def _refuse_nonsense(path: Path, loader: yaml.CSafeLoader, node: yaml.Node) -> None:
    """Refuse a word that only looks like a value: 2001-13-45 like a date, 0x_ like a number.

    PyYAML raises the errors of Python's own types for such a word.
    """
    for child in _children(node):
        _refuse_nonsense(path, loader, child)
    if isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":merge"):
        try:
            loader.construct_object(node)
        except (AttributeError, LookupError, ValueError) as error:
            text = node.value if len(node.value) < _SHOWN else f"{node.value[:_SHOWN]}..."
            raise CaseFileError(_line(path, node.start_mark, f"{text!r} is not a valid value: {error}")) from None


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return [part for pair in _pairs(node) for part in pair]


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return next(((key, child) for key, child in _pairs(node) if key.value == part), None)


def _line(path: Path, mark: yaml.Mark | None, message: str) -> str:
    where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
    return f"{path}{where}: {message}"
