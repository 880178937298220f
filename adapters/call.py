"""A framework's call as data: which function, of which operands, with which arguments, and what is done around it.

Operators of an adapter return a ``Call``; ``adapters.writing.writer`` prints the call as a program. The arguments bear
the case's names. What a framework calls them, and which form their values take there, is a table of each adapter
(``Words``). An argument that a case gives as it is to stand replaces the call's own in one place: ``said``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from adapters.base import NotSupported
from adapters.program import literal
from cases.model import shapes
from cases.model.case import ARGUMENTS, Broken, Case

Expression: TypeAlias = "str | Argument | Function | tuple[Expression, ...]"
"""The text of a program, an argument, a function's call, or several of these in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An argument's value that is the text of a program, and that nothing given replaces."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument among the operands of a function: its name, its own value, and its word if the table's is not meant.

    An argument whose ``own`` is None is not said.
    """

    name: str
    own: Any
    word: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A call of one function. A ``{}`` in ``name`` stands for the number of spatial axes.

    ``operands`` come first. ``arguments`` maps names to values, which are printed as Python writes them; an argument
    whose value is None is not said.
    """

    name: str
    operands: tuple[Expression, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def function(name: str, *operands: Expression, **arguments: Any) -> Function:
    """Return the call of a function, written as the call is."""
    return Function(name=name, operands=operands, arguments=arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operator as one expression over tensors in the call's layout.

    An adapter's functions that return one raise NotSupported, by ``refuse``, for what the framework can't be told.

    ``takes`` names the tensors of the expression, by default the case's inputs. ``functions`` are defined above all,
    ``before`` are statements that make tensors, ``steps`` are statements with gradients. ``returns`` names what the
    expression gives. ``after`` are statements below the call and ``outputs`` says where each output is: in both, a name
    of ``returns`` in braces stands for that tensor. ``last`` are statements below the outputs.
    """

    expression: Expression
    takes: tuple[str, ...] = ()
    functions: tuple[Expression, ...] = ()
    before: tuple[Expression, ...] = ()
    steps: tuple[str, ...] = ()
    returns: tuple[str, ...] = ("output",)
    after: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: {"output": "{output}"})
    last: tuple[str, ...] = ()


def as_it_is(_case: Case, value: Any) -> Any:
    """Return an argument's value unchanged."""
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a framework calls an argument, and which form its value has there; an empty word means by position."""

    word: str
    form: Callable[[Case, Any], Any] = as_it_is


Words = Mapping[str, Mapping[str, Word]]
"""Function -> the case's name of an argument -> the word. The function "" stands for all; unlisted names are words."""


def said(case: Case, function: str, argument: Argument, words: Words) -> str:
    """Return the text of an argument, with its word: what the case gives, else the call's own value; else nothing."""
    given = argument.name in ARGUMENTS and argument.name in case.given and not isinstance(argument.own, Text)
    value = case.given[argument.name] if given else argument.own
    if value is None and not given:
        return ""
    tables = (words.get(name, {}) for name in (function.format(len(case.strides)), function, ""))
    known = (table[argument.name] for table in tables if argument.name in table)
    word = next(known, Word(word=argument.name))
    text = value.text if isinstance(value, Text) else literal(word.form(case, value))
    name = word.word if argument.word is None else argument.word
    return f"{name}={text}" if name else text


def composes(case: Case) -> bool:
    """Tell whether padding is in pairs that make a valid call, so that a call without pairs can be composed."""
    return not isinstance(case.given.get("padding", case.padding), str) and fault(case) is None


def dilates(case: Case) -> bool:
    """Tell whether a window's elements lie apart, or are said to."""
    return "dilations" in case.given or set(shapes.dilations(case)) != {1}


def refuse(why: str, *, when: bool) -> None:
    """Refuse a call that a framework can't be told.

    Raises:
        NotSupported: with the reason, if so.
    """
    if when:
        raise NotSupported(why)


def refuse_given(case: Case, *names: str) -> None:
    """Refuse a call in which an argument is given that the call does not have.

    Raises:
        NotSupported: if one of ``names`` is given.
    """
    for name in names:
        refuse(f"there is no argument for {name} here, so a wrong one can't be said", when=name in case.given)


def refuse_unsaid(case: Case, call: Call) -> None:
    """Refuse a call in which an argument is given that stands nowhere in the call; tensors always do.

    Raises:
        NotSupported: if there is such an argument.
    """
    found = {*case.inputs, *_names((call.expression, *call.functions, *call.before))}
    refuse_given(case, *(name for name in case.given if name not in found))


def _names(part: Expression) -> Iterator[str]:
    """Yield the names of all arguments in an expression."""
    if isinstance(part, tuple):
        for each in part:
            yield from _names(each)
    elif isinstance(part, Function):
        yield from part.arguments
        yield from _names(part.operands)
    elif isinstance(part, Argument):
        yield part.name


OF_ELEMENTS: Final = "index"
"""The rule that elements of indices break; all others are of sizes and types."""


def fault(case: Case) -> Broken | None:
    """Return the rule of sizes and types that a case breaks; wrong elements of its indices are no such fault."""
    return None if case.broken is None or case.broken.rule == OF_ELEMENTS else case.broken


def refuse_output(case: Case, why: str) -> None:
    """Refuse a wrong batch, channels or layout of the output, where all three follow from the value.

    ``why`` says that the framework takes no layout.

    Raises:
        NotSupported: if one of them is wrong or given.
    """
    refuse_given(case, "data_format")
    wrong = fault(case)
    if wrong is None or wrong.argument in case.given:
        return
    whole = wrong.argument == "output_shape" and case.operator != "max_unpool" and wrong.axis is None
    refuse(f"{case.operator} takes no batch or channels of the output, so a wrong one can't be said", when=whole)
    refuse(f"{why}, so a wrong one can't be said", when=wrong.rule == "data_format")


def is_sound(case: Case) -> bool:
    """Tell whether the call itself keeps all rules; its gradients may have a wrong cotangent."""
    return case.broken is None or case.broken.argument == "cotangent"


def errs(case: Case, *names: str) -> bool:
    """Tell whether one of these arguments is at fault, though the case does not give it as it is to stand."""
    found = fault(case)
    return found is not None and found.argument in names and found.argument not in case.given
