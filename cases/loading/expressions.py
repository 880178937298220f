"""Expressions in case files and in claims: Jinja expressions, evaluated in its sandbox. The caller gives the names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

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


def _handed(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            texts = (node.value for node in call.args if isinstance(node, nodes.Const) and isinstance(node.value, str))
            yield from ((call.node.name, text) for text in texts)
