"""The one writer of programs: it prints a ``Call`` in a framework's dialect.

The program runs below the definitions of the case's arrays, whose names it takes. It makes tensors of the arrays, makes
the call in the line that starts with ``result = ``, and makes arrays of the result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from textwrap import indent
from typing import ClassVar, Final, Protocol

from adapters.call import Argument, Call, Expression, Function, Words, refuse_unsaid, said
from adapters.outcome import STRIDES
from adapters.program import CALL, literal
from cases.model.case import Case

_BFLOAT16: Final = "bfloat16"
_WITHOUT_LAYOUT: Final = ("filter", "bias", "filter_gradient", "bias_gradient")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A call as a mode makes it: the line's ``call``, and what is defined ``above`` and ``below`` the tensors for it.

    ``names`` says where results and gradients are after the call, and ``unpacked`` are the statements that this needs.
    """

    call: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    unpacked: tuple[str, ...] = ()
    names: dict[str, str]


class Dialect(Protocol):
    """How one framework says what all programs have."""

    words: ClassVar[Words]
    one_line: ClassVar[bool]
    """The outputs stand in one line, however many they are."""
    always_ahead: ClassVar[bool]
    """The framework knows no layout but channels ahead of the spatial axes, whatever a case asks for."""
    ahead: ClassVar[str]
    """The tensor ``{text}`` with its channels moved ahead: to the axis ``{at}`` from the end, or by ``{to_ahead}``."""
    behind: ClassVar[str]
    """The tensor ``{text}`` with its channels moved behind: from the axis ``{at}``, or by the order ``{to_behind}``."""

    def head(self, case: Case) -> tuple[str, ...]:
        """Return the lines of imports and settings."""
        ...

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return the text of a tensor that holds an array's elements, in bfloat16 if so asked."""
        ...

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return the text of an input's tensor, complete."""
        ...

    def array(self, case: Case, name: str, text: str) -> str:
        """Return the text of an output's array, made of its tensor."""
        ...

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call as the mode makes it, with its gradients if the case asks for them."""
        ...


def program(case: Case, call: Call, dialect: Dialect) -> str:
    """Return the whole program of a case's call.

    Raises:
        NotSupported: if the case gives an argument that the call does not have.
    """
    refuse_unsaid(case, call)
    wrapped = dialect.wrap(case, call, written(case, call.expression, dialect.words))
    lines = [
        *dialect.head(case),
        *(written(case, part, dialect.words) for part in call.functions),
        *wrapped.above,
        *_tensors(case, dialect),
        *(written(case, part, dialect.words) for part in call.before),
        *wrapped.below,
        CALL + wrapped.call,
        *wrapped.unpacked,
        *(line.format(**wrapped.names) for line in call.after),
        _outputs(case, call, wrapped, dialect),
        *call.last,
    ]
    return "\n".join(lines)


def written(case: Case, part: Expression, words: Words) -> str:
    """Return the text of an expression."""
    match part:
        case str():
            return part
        case tuple():
            return "".join(written(case, each, words) for each in part)
        case Argument():
            return said(case, "", part, words)
        case Function():
            return _function(case, part, words)


def _function(case: Case, function: Function, words: Words) -> str:
    texts = []
    for part in function.operands:
        if isinstance(part, Argument):
            texts.append(said(case, function.name, part, words))
        else:
            texts.append(written(case, part, words))
    for name, own in function.arguments.items():
        texts.append(said(case, function.name, Argument(name=name, own=own), words))
    return f"{function.name.format(len(case.strides))}({', '.join(text for text in texts if text)})"


def definition(name: str, takes: Iterable[str], lines: Iterable[str]) -> str:
    """Return the definition of a function: its name, what it takes, and the lines of its body."""
    return f"def {name}({', '.join(takes)}):\n{indent(chr(10).join(lines), '    ')}\n"


def results(case: Case, call: Call) -> tuple[str, ...]:
    """Return the names of what a call returns, and then of the gradients that the case asks for."""
    return (*call.returns, *(f"{name}_gradient" for name in case.gradients))


def places(names: Collection[str]) -> list[str]:
    """Return where each of several results is in a program; one alone is the result itself."""
    return ["result"] if len(names) == 1 else [f"result[{number}]" for number in range(len(names))]


def takes(case: Case, call: Call) -> tuple[str, ...]:
    """Return the names of the tensors that the call's expression takes."""
    return call.takes or tuple(name for name in case.inputs if name != "cotangent")


def _tensors(case: Case, dialect: Dialect) -> list[str]:
    """Return the statements that make tensors of arrays; an array that may stay as it is needs none."""
    texts = {name: as_tensor(case, name, dialect, name) for name in case.inputs}
    return [f"{name} = {text}" for name, text in texts.items() if text != name]


def as_tensor(case: Case, name: str, dialect: Dialect, array: str) -> str:
    """Return the text of an input's tensor, made of the array that the text ``array`` names."""
    if name in case.given:
        return literal(case.given[name])
    spec = case.inputs[name]
    text = dialect.enter(array, bfloat16=spec.dtype == _BFLOAT16)
    if _moves(case, name, dialect):
        text = _moved(case, dialect.ahead, text, len(spec.shape))
    return dialect.tensor(case, name, text)


def _outputs(case: Case, call: Call, wrapped: Wrapped, dialect: Dialect) -> str:
    texts = {name: text.format(**wrapped.names) for name, text in call.outputs.items()}
    texts |= {f"{name}_gradient": wrapped.names[f"{name}_gradient"] for name in case.gradients}
    entries = [f'"{name}": {as_array(case, name, text, dialect)}' for name, text in texts.items()]
    if dialect.one_line or len(entries) == 1:
        return f"outputs = {{{', '.join(entries)}}}"
    return "\n".join(("outputs = {", *(f"    {entry}," for entry in entries), "}"))


def as_array(case: Case, name: str, text: str, dialect: Dialect) -> str:
    """Return the text of an output's array, channels-last."""
    if _moves(case, name, dialect):
        text = _moved(case, dialect.behind, text, len(case.strides) + 2)
    return dialect.array(case, name, text)


def _moves(case: Case, name: str, dialect: Dialect) -> bool:
    """Tell whether an input or output has another layout in the call than in the case, where all are channels-last."""
    return (
        name not in _WITHOUT_LAYOUT and not name.startswith(STRIDES) and (case.channels_first or dialect.always_ahead)
    )


def _moved(case: Case, how: str, text: str, rank: int) -> str:
    """Return the text of a tensor of ``rank`` dimensions with its channels moved, as ``how`` says it."""
    orders = {"to_ahead": [0, rank - 1, *range(1, rank - 1)], "to_behind": [0, *range(2, rank), 1]}
    return how.format(text=text, at=-len(case.strides) - 1, **orders)
