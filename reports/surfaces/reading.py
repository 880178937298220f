"""Reading a call that a user wrote: which function it is, and what its arguments mean. Nothing of it is evaluated."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.surfaces.catalogue import TENSORS, Parameter, Surface, Window, families, surfaces
from reports.surfaces.writing import written

_MOST: Final = 4_000
"""The characters of a call."""
_CALLS: Final = "a call such as torch.nn.functional.conv_transpose2d(x, w, stride=2, padding=1)"


_HARMLESS: Final = frozenset(
    {"name", "dtype", "device", "input_shape", "trainable", "precision", "preferred_element_type", "output_dtype"}
)
"""Arguments of any function that change no number of a float32 call, or no more than rounding. They are left out."""
_MAXIMA: Final = {
    "computation": ("lax.max", "jax.lax.max"),
    "initial": ("-jnp.inf", "-np.inf", "-math.inf", "-jax.numpy.inf", "-numpy.inf", "-float('inf')", "float('-inf')"),
}
"""What makes a maximum of ``reduce_window``."""


class SurfaceError(Exception):
    """A call that can't be read or translated. The message says what, where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An argument that is no literal: a tensor's name, or a name of the framework."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A call that a user wrote: the surface, and the values of its arguments by what they mean.

    An argument that the call leaves out has its default. ``text`` is the call with its whole name, ``more`` what a
    layer takes behind its value, and ``names`` are the tensors' names by what they mean.
    """

    surface: Surface
    arguments: Mapping[str, Any]
    text: str
    more: str
    names: Mapping[str, str]


def read_all(text: str) -> list[Written]:
    """Return the ways to read a call, one for each number of spatial axes that its function may have.

    Raises:
        SurfaceError: if the text is no call of a function of the catalogue, or its arguments do not fit one.
    """
    node = _call(text)
    inner, applied = (node.func, node) if isinstance(node.func, ast.Call) else (node, None)
    name = ast.unparse(inner.func)
    found: list[Written] = []
    faults: list[str] = []
    for surfaces_of_name in _named(name):
        if not found:
            tried = [_tried(surface, inner, applied) for surface in surfaces_of_name]
            found = [each for each in tried if isinstance(each, Written)]
            faults += [str(each) for each in tried if isinstance(each, SurfaceError)]
    if not found:
        raise SurfaceError(faults[0] if faults else _unknown(name))
    others = {each.surface.name for each in found}
    if len(others) > 1:
        msg = f"{name} may be {' or '.join(sorted(others))}; write the whole name"
        raise SurfaceError(msg)
    return found


def _tried(surface: Surface, node: ast.Call, applied: ast.Call | None) -> Written | SurfaceError:
    try:
        return _bound(surface, node, applied)
    except SurfaceError as error:
        return error


def _call(text: str) -> ast.Call:
    if len(text) > _MOST:
        msg = f"the call has {len(text):,} characters, and {_MOST:,} are the most"
        raise SurfaceError(msg)
    try:
        node = _expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        msg = f"{text.strip()[:60]!r} is no Python expression ({why}); write {_CALLS}"
        raise SurfaceError(msg) from None
    if not isinstance(node, ast.Call):
        msg = f"{text.strip()[:60]!r} is no call; write {_CALLS}"
        raise SurfaceError(msg)
    return node


def _expression(text: str) -> ast.expr:
    """Return the expression of a text, or that on the right of its ``name =``."""
    [statement, *more] = ast.parse(text).body or [ast.Pass()]
    if more or not isinstance(statement, (ast.Expr, ast.Assign)):
        msg = "one expression is wanted"
        raise ValueError(msg)
    return statement.value


def _named(name: str) -> Iterator[list[Surface]]:
    """Yield the surfaces of a name: those of its whole name, then those of its last word."""
    whole = {f"{long}.{name.partition('.')[2]}" for long in _longer(name)} | {name}
    yield [each for each in surfaces() if each.name in whole or ("." in each.name and name.endswith(f".{each.name}"))]
    last = name.rpartition(".")[2]
    of_name = [each for each in surfaces() if each.name.rpartition(".")[2] == last]
    yield [each for each in of_name if "." not in name or _may_name(each, name.partition(".")[0])]


def _may_name(surface: Surface, first: str) -> bool:
    """Tell whether a name's first word may stand for a surface's framework: it is one of its, or nobody's."""
    whose = [family for family in families().values() if first in {*family.prefixes, family.framework}]
    return not whose or surface.family in whose


def _longer(name: str) -> Iterator[str]:
    first = name.partition(".")[0]
    yield from (family.prefixes[first] for family in families().values() if first in family.prefixes)


def _unknown(name: str) -> str:
    known = sorted({surface.name for surface in surfaces()})
    lasts = {each.rpartition(".")[2]: each for each in known}
    whole = difflib.get_close_matches(name, known, n=3, cutoff=0.8)
    close = whole or [
        lasts[each] for each in difflib.get_close_matches(name.rpartition(".")[2], lasts, n=3, cutoff=0.5)
    ]
    meant = f"; close: {', '.join(close)}" if close else f"; there are: {', '.join(known)}"
    return f"{name} is no function that can be translated{meant}"


def _bound(surface: Surface, node: ast.Call, applied: ast.Call | None) -> Written:
    """Return a call of a surface with its arguments bound to its parameters."""
    arguments = _arguments(surface.name, surface.parameters, node)
    texts = [f"{name}={ast.unparse(value)}" for name, value in arguments.items()]
    named = {each.name: each for each in (*surface.parameters, *surface.applied)}
    more = ""
    if applied is not None:
        if surface.kind != "layer":
            msg = f"{surface.name} returns a tensor, and a tensor can't be called"
            raise SurfaceError(msg)
        value = Parameter(name="value", meaning="value", default=None)
        given = _arguments(f"{surface.name}(...)", (value, *surface.applied), applied)
        more = "".join(f", {name}={ast.unparse(each)}" for name, each in given.items() if name != "value")
        arguments |= given
        named["value"] = value
    by_name = {name: _value(surface, name, value) for name, value in arguments.items()}
    _refuse_untranslated(surface, named, by_name)
    values = {named[name].meaning: value for name, value in by_name.items()}
    for tensor in TENSORS:
        if tensor in values and values[tensor] is not None and not isinstance(values[tensor], Text):
            msg = f"{surface.name}: {tensor} is a tensor, so write its name, and its shape with --shapes"
            raise SurfaceError(msg)
    defaults = {each.meaning: each.default for each in named.values() if not each.required}
    names = {tensor: values[tensor].text for tensor in TENSORS if isinstance(values.get(tensor), Text)}
    return Written(
        surface=surface,
        arguments={**defaults, **values},
        text=written(surface, texts),
        more=more,
        names=names,
    )


def _refuse_untranslated(surface: Surface, named: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """Refuse an argument that changes the result and that no other framework's call is made of.

    Raises:
        SurfaceError: if there is one.
    """
    for name, value in values.items():
        meaning = named[name].meaning
        known = _MAXIMA.get(meaning)
        if (meaning == "unused" and value != named[name].default) or (known and str(value) not in known):
            only = f"; only {known[0]} is" if known else f"; leave it out, which means {named[name].default!r}"
            msg = f"{surface.name}: {name}={value!r} is not translated{only}"
            raise SurfaceError(msg)


def _arguments(name: str, parameters: Sequence[Parameter], node: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments of a call by the names of its parameters.

    Raises:
        SurfaceError: if an argument is unknown, given twice or missing.
    """
    known = [each.name for each in parameters]
    if len(node.args) > len(known) or any(isinstance(each, ast.Starred) for each in node.args):
        msg = f"{name} takes {len(known)} arguments at most, each written out: {', '.join(known)}"
        raise SurfaceError(msg)
    given = dict(zip(known, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg in _HARMLESS or (keyword.arg or "").endswith("_initializer"):
            continue
        if keyword.arg is None or any(isinstance(each, ast.Starred) for each in node.args):
            msg = f"{name}: write out what stands behind the stars"
            raise SurfaceError(msg)
        if keyword.arg not in known:
            msg = f"{name} has no argument {keyword.arg!r} that can be translated; there are: {', '.join(known)}"
            raise SurfaceError(msg)
        if keyword.arg in given:
            msg = f"{name} is given {keyword.arg!r} twice"
            raise SurfaceError(msg)
        given[keyword.arg] = keyword.value
    missing = [each.name for each in parameters if each.required and each.name not in given]
    if missing:
        msg = f"{name} lacks the argument {missing[0]!r}"
        raise SurfaceError(msg)
    return given


def _value(surface: Surface, name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        if isinstance(node, (ast.Name, ast.Attribute)) or name in {"rngs", "init_value"}:
            return Text(text=ast.unparse(node))
        msg = (
            f"{surface.name}: {name}={ast.unparse(node)[:60]} is neither a literal nor a name; write the numbers out, "
        )
        msg += "or the tensor's name"
        raise SurfaceError(msg) from None


def window_of(call: Written) -> Window:
    """Return the window that a call's words and forms choose.

    Raises:
        SurfaceError: if no window of the surface has these words.
    """
    arguments = call.arguments
    for loose in (False, True):
        for window in call.surface.windows:
            if all(_has_form(arguments.get(name), form, loose=loose) for name, form in window.forms):
                return window
    said = ", ".join(f"{name} {arguments.get(name)!r}" for name, _ in call.surface.windows[0].forms)
    known = "; ".join(window.said(call.surface) or "the defaults" for window in call.surface.windows)
    msg = f"{call.surface.name} has no window for {said}; known are: {known}"
    raise SurfaceError(msg)


def _has_form(value: Any, form: Any, *, loose: bool) -> bool:
    """Tell whether a value has a form. A looser form lets None stand for numbers of 0, and 0 for None."""
    if not isinstance(form, str) or not form.startswith("<"):
        alike = isinstance(value, str) and isinstance(form, str) and value.upper() == form.upper()
        return (
            bool(value == form and isinstance(value, bool) == isinstance(form, bool))
            or alike
            or (isinstance(value, (bool, int)) and isinstance(form, (bool, int)) and int(value) == int(form))
        )
    if value is None:
        return loose and form in {"<number>", "<pads>", "<pairs>"}
    if isinstance(value, (str, Text)):
        return False
    parts = list(value) if isinstance(value, (tuple, list)) else [value]
    pairs = all(isinstance(part, (tuple, list)) and len(part) == 2 for part in parts)  # noqa: PLR2004 - a pair
    plain = all(type(part) is int for part in parts)
    return pairs if form in {"<pairs>", "<whole_pairs>"} else plain
