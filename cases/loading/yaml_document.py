"""YAML text -> plain data that remembers where each part stands, so that every complaint names file:line:column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Location = tuple[str | int, ...]
"""A place in a YAML file, as keys and positions from the root."""


class CaseFileError(Exception):
    """A case file that can't be used: one line a fault, each ``file:line:column: what and what to do``."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: its data, and the nodes that they came from."""

    path: Path
    data: Any
    root: yaml.Node

    def error(self, location: Location, message: str) -> CaseFileError:
        """A one-line error that points at a place in the file."""
        return CaseFileError(self.line(location, message))

    def line(self, location: Location, message: str) -> str:
        """``file:line:column: message`` for a place given as keys and positions from the root."""
        return _line(self.path, self._mark(location), message)

    def _mark(self, location: Location) -> yaml.Mark:
        """Where the deepest part of ``location`` that exists begins; pydantic's own labels are stepped over."""
        node, mark = self.root, self.root.start_mark
        for position, part in enumerate(location):
            last = position == len(location) - 1
            child = _child(node, part)
            if child is not None:
                key, node = child
                mark = key.start_mark if last else node.start_mark
        return mark


def read(path: Path, wants: str = "a case file has the keys operator, about, source and cases") -> Document:
    """Parse a YAML file. ``wants`` tells who gives an empty one what it should hold.

    Raises:
        CaseFileError: if it can't be read, isn't YAML, is empty, or says one key twice.
    """
    try:
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
        msg = f"{path}:1:1: nested without end; a case file holds no alias of what it stands in"
        raise CaseFileError(msg) from None


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: which known one is like it, if there is one."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _parse(path: Path, text: str, wants: str) -> Document:
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            msg = f"{path}:1:1: the file is empty; {wants}"
            raise CaseFileError(msg)
        _refuse_twins(path, root)
        _refuse_nonsense(path, loader, root)
        return Document(path, loader.construct_document(root), root)
    finally:
        loader.dispose()


def _refuse_twins(path: Path, node: yaml.Node) -> None:
    """YAML lets a key stand twice in one mapping and keeps the last: here the first would be lost silently."""
    seen: set[str] = set()
    for key, child in _pairs(node):
        if not isinstance(key, yaml.ScalarNode):
            raise CaseFileError(_line(path, key.start_mark, "a key is one word, not a list or a mapping"))
        if key.value in seen:
            raise CaseFileError(_line(path, key.start_mark, f"the key {key.value!r} stands here twice; keep one"))
        seen.add(key.value)
        _refuse_twins(path, child)
    for child in node.value if isinstance(node, yaml.SequenceNode) else ():
        _refuse_twins(path, child)


def _refuse_nonsense(path: Path, loader: yaml.CSafeLoader, node: yaml.Node) -> None:
    """2001-13-45 looks like a date and 0x_ like a number: PyYAML then raises whatever Python's own types raise."""
    for child in _children(node):
        _refuse_nonsense(path, loader, child)
    if isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":merge"):
        try:
            loader.construct_object(node)
        except (AttributeError, LookupError, ValueError) as error:
            raise CaseFileError(_line(path, node.start_mark, f"{node.value!r} has no value: {error}")) from None


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
