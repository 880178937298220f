"""Expressions in case files, facts and claims: Jinja expressions, evaluated in its sandbox.

The caller gives the names. An expression compares and calculates, and does nothing else: it has no attributes, no
functions of templates and few filters, and it is bounded in its length, its depth and its numbers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

_LONGEST: Final = 4_000
"""The characters of an expression's text."""
_DEEPEST: Final = 80
"""The parts of an expression that stand inside of each other. In a row of ``and``, each is inside of the next."""
_MOST_BITS: Final = 10_000
"""The bits of a power."""
_PARTS: Final = (
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Test, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos),
)
_FILTERS: Final = ("abs", "count", "first", "last", "length", "max", "min", "sum")


class _Sandbox(SandboxedEnvironment):
    """A sandbox in which products and powers are of numbers, and a power is not absurd."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, or refuse what could take the machine's memory.

        Raises:
            ValueError: if so.
        """
        if not all(isinstance(side, (int, float, np.number, np.bool_)) for side in (left, right)):
            msg = f"{operator} is for two numbers"
            raise ValueError(msg)
        if operator == "**" and abs(left) > 1 and abs(right) * math.log2(abs(left)) > _MOST_BITS:
            msg = f"a power has more than {_MOST_BITS:,} bits"
            raise ValueError(msg)
        return super().call_binop(context, operator, left, right)


def _sandbox() -> SandboxedEnvironment:
    made = _Sandbox(undefined=StrictUndefined)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


_SANDBOX: Final = _sandbox()
_FAULTS: Final = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""The errors of an expression that can't be evaluated, e.g. an unknown name, or a text compared with a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled expression.

    ``names`` are the names that it reads. ``handed`` has a pair (function, text) for each text that it passes to a
    function. ``compiled`` is a template that puts the value into its variable ``result``.
    """

    text: str
    names: frozenset[str]
    handed: tuple[tuple[str, str], ...]
    compiled: Template

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether the expression is true of these facts, given by name.

        Raises:
            ValueError: if the expression can't be evaluated, or is neither true nor false.
        """
        try:
            found = self.value(facts)
        except _FAULTS as error:
            raise ValueError(str(error)) from None
        if isinstance(found, (bool, np.bool_)):
            return bool(found)
        msg = f"{self.text!r} is {found!r}, neither true nor false"
        raise ValueError(msg)

    def value(self, facts: Mapping[str, Any]) -> Any:
        """Return the value.

        The context is made of the facts alone: Jinja's globals would be copied into each one.

        Raises:
            TemplateError, TypeError, ValueError, ArithmeticError, LookupError: if the expression can't be evaluated.
        """
        context = self.compiled.new_context(dict(facts), shared=True)
        for _ in self.compiled.root_render_func(context):
            pass
        found = context.vars["result"]
        if isinstance(found, Undefined):
            bool(found)  # raises the error that names what is undefined
        return found


@functools.cache
def expression(text: str) -> Expression:
    """Compile an expression. Cached, because one expression is used for many cases.

    Raises:
        ValueError: if the text is not an expression.
    """
    try:
        return _of_node(text, _tree(text))
    except TemplateError as error:
        raise ValueError(error.message) from None
    except RecursionError:
        msg = "the expression is nested too deeply"
        raise ValueError(msg) from None


@functools.cache
def conjuncts(whole: Expression) -> tuple[Expression, ...]:
    """Return the expressions that ``and`` joins to this one, from left to right; the expression alone if none does.

    The whole is true if each of them is. To take them one by one reads no more names than it has to.
    """
    parts = [*_joined(_tree(whole.text))]
    if len(parts) == 1:
        return (whole,)
    return tuple(_truth(whole.text, part) for part in parts)


def _tree(text: str) -> nodes.Expr:
    if len(text) > _LONGEST:
        msg = f"an expression has {_LONGEST:,} characters at most, this one {len(text):,}"
        raise ValueError(msg)
    parser = Parser(_SANDBOX, text, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail("the text goes on behind the expression")
    node.set_environment(_SANDBOX)
    if _depth(node) > _DEEPEST:
        parser.fail("the expression is nested too deeply, or has too many parts in a row; use brackets or a list")
    for part in nodes.Output([node]).find_all(nodes.Node):
        if not _may_stand(part):
            parser.fail(f"an expression can't hold this: {type(part).__name__.lower()}")
    return node


def _depth(node: nodes.Node) -> int:
    return 1 + max(map(_depth, node.iter_child_nodes()), default=0)


def _may_stand(part: nodes.Node) -> bool:
    """Tell whether a part compares or calculates: a text names no attribute, and a filter takes its operand alone."""
    match part:
        case nodes.Call():
            return isinstance(part.node, nodes.Name)
        case nodes.Filter():
            given = part.args or part.kwargs or part.dyn_args or part.dyn_kwargs
            return part.name not in _FILTERS or not given  # of an unknown filter the compiler tells the name
        case nodes.Getitem():
            return not (isinstance(part.arg, nodes.Const) and isinstance(part.arg.value, str))
    return isinstance(part, _PARTS)


def _joined(node: nodes.Expr) -> Iterator[nodes.Expr]:
    match node:
        case nodes.And():
            yield from (*_joined(node.left), *_joined(node.right))
        case _:
            yield node


def _truth(text: str, node: nodes.Expr) -> Expression:
    """Compile a part of an expression so that it is true or false, whatever its value is."""
    return _of_node(text, nodes.Not(nodes.Not(node)))


def _of_node(text: str, node: nodes.Expr) -> Expression:
    """Compile an expression's tree or a part of it."""
    result = nodes.Assign(nodes.Name("result", "store"), node, lineno=1)
    compiled = _SANDBOX.from_string(nodes.Template([result], lineno=1))
    tree = nodes.Output([node])  # a node does not find itself
    return Expression(
        text=text,
        names=frozenset(name.name for name in tree.find_all(nodes.Name)),
        handed=tuple(_handed(tree)),
        compiled=compiled,
    )


def may_hold(condition: Expression, known: Mapping[str, Any]) -> bool:
    """Tell whether a condition can be true where some of its names have these values, whatever the others are.

    A part of it that reads another name, or that can't be evaluated, may be true. Parts are joined by ``and`` and
    ``or``.
    """
    return _outline(condition)(known)


@functools.cache
def _outline(condition: Expression) -> Callable[[Mapping[str, Any]], bool]:
    return _outlined(condition.text, _tree(condition.text))


def _outlined(text: str, node: nodes.Expr) -> Callable[[Mapping[str, Any]], bool]:
    match node:
        case nodes.And() | nodes.Or():
            left, right = (_outlined(text, side) for side in (node.left, node.right))
            if isinstance(node, nodes.And):
                return lambda known: left(known) and right(known)
            return lambda known: left(known) or right(known)
    part = _truth(text, node)
    return lambda known: not part.names <= known.keys() or _unless_undecided(part, known)


def _unless_undecided(part: Expression, known: Mapping[str, Any]) -> bool:
    try:
        return part.holds(known)
    except ValueError:
        return True


def _handed(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            texts = (node.value for node in call.args if isinstance(node, nodes.Const) and isinstance(node.value, str))
            yield from ((call.node.name, text) for text in texts)
