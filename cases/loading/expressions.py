"""Expressions in case files and in claims: Jinja expressions, evaluated in its sandbox. The caller gives the names."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import SandboxedEnvironment

_SANDBOX: Final = SandboxedEnvironment(undefined=StrictUndefined)
_FAULTS: Final = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""The errors of an expression that can't be evaluated, e.g. an unknown name, or a text compared with a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled expression.

    ``names`` are the names that it reads. ``handed`` has a pair (function, text) for each text that it passes to a
    function.
    """

    text: str
    names: frozenset[str]
    handed: tuple[tuple[str, str], ...]
    compiled: TemplateExpression

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether the expression is true of these facts, given by name.

        Raises:
            ValueError: if the expression can't be evaluated, or is neither true nor false.
        """
        try:
            found = self.compiled(facts)
            if isinstance(found, Undefined):
                bool(found)  # raises the error that names what is undefined
        except _FAULTS as error:
            raise ValueError(str(error)) from None
        if isinstance(found, (bool, np.bool_)):
            return bool(found)
        msg = f"{self.text!r} is {found!r}, neither true nor false"
        raise ValueError(msg)


@functools.cache
def expression(text: str) -> Expression:
    """Compile an expression. Cached, because one expression is used for many cases.

    Raises:
        ValueError: if the text is not an expression.
    """
    try:
        compiled = _SANDBOX.compile_expression(text, undefined_to_none=False)
    except TemplateError as error:
        raise ValueError(str(error)) from None
    tree = _SANDBOX.parse(f"{{{{ {text} }}}}")
    return Expression(
        text=text,
        names=frozenset(name.name for name in tree.find_all(nodes.Name)),
        handed=tuple(_handed(tree)),
        compiled=compiled,
    )


def possible(condition: Expression, name: str, values: Iterable[str]) -> frozenset[str]:
    """Return the values of a name for which a condition can be true, whatever the other names are.

    Only what the condition demands of the name by ``==`` or ``in`` is read, through ``and`` and ``or``.
    """
    tree = _SANDBOX.parse(f"{{{{ {condition.text} }}}}")
    (output,) = tree.body
    (node,) = cast("nodes.Output", output).nodes
    return frozenset(value for value in values if _can_be_true(node, name, value))


def _can_be_true(node: nodes.Node, name: str, value: str) -> bool:
    match node:
        case nodes.And():
            return _can_be_true(node.left, name, value) and _can_be_true(node.right, name, value)
        case nodes.Or():
            return _can_be_true(node.left, name, value) or _can_be_true(node.right, name, value)
        case nodes.Compare(expr=nodes.Name(name=found), ops=[nodes.Operand(op="eq", expr=nodes.Const(value=only))]):
            return found != name or only == value
        case nodes.Compare(expr=nodes.Name(name=found), ops=[nodes.Operand(op="in", expr=nodes.List(items=items))]):
            values = [item.value for item in items if isinstance(item, nodes.Const)]
            return found != name or len(values) < len(items) or value in values
    return True


def _handed(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            texts = (node.value for node in call.args if isinstance(node, nodes.Const) and isinstance(node.value, str))
            yield from ((call.node.name, text) for text in texts)
