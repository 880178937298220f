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
    return _read(text, _tree(text), compiled)


@functools.cache
def conjuncts(whole: Expression) -> tuple[Expression, ...]:
    """Return the expressions that ``and`` joins to this one, from left to right; the expression alone if none does.

    The whole is true if each of them is. To take them one by one reads no more names than it has to.
    """
    parts = [*_joined(_tree(whole.text))]
    if len(parts) == 1:
        return (whole,)
    return tuple(_of_node(whole.text, nodes.Not(nodes.Not(cast("nodes.Expr", part)))) for part in parts)


def _tree(text: str) -> nodes.Node:
    (output,) = _SANDBOX.parse(f"{{{{ {text} }}}}").body
    (node,) = cast("nodes.Output", output).nodes
    return node


def _joined(node: nodes.Node) -> Iterator[nodes.Node]:
    match node:
        case nodes.And():
            yield from (*_joined(node.left), *_joined(node.right))
        case _:
            yield node


def _of_node(text: str, node: nodes.Node) -> Expression:
    """Compile a part of an expression's tree, as Jinja's ``compile_expression`` does with a whole."""
    result = nodes.Assign(nodes.Name("result", "store"), cast("nodes.Expr", node), lineno=1)
    template = _SANDBOX.from_string(nodes.Template([result], lineno=1))
    return _read(text, node, TemplateExpression(template, undefined_to_none=False))


def _read(text: str, node: nodes.Node, compiled: TemplateExpression) -> Expression:
    tree = nodes.Output([cast("nodes.Expr", node)])  # a node does not find itself
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
    node = _tree(condition.text)
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


def _handed(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            texts = (node.value for node in call.args if isinstance(node, nodes.Const) and isinstance(node.value, str))
            yield from ((call.node.name, text) for text in texts)
