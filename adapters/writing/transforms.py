"""A call by way of a transform of it, in frameworks that transform functions: PyTorch and JAX.

Each transform is made so that what it gives are the results of the call itself, which are known:

- ``jvp``, forward mode. A convolution is linear in the value and in the filter, a maximum is the element at an index,
  and all other operators are linear. So the derivative along the value itself is the result. Where gradients are asked,
  it is the derivative of the gradients (the value's is linear in the filter, the filter's in the value).
- ``double``, the gradient of a gradient. What pulls a cotangent back is linear in it, and what pulls that back gives
  the result. Where gradients are asked, the value's is pulled back to the filter, which gives the filter's, and the
  filter's to the value.
- ``jacobian``: all derivatives of all elements, of which the cotangent makes the gradients that are asked.
- ``vmap``: a function of a part of the call, vectorised (see ``adapters.writing.vectorized``). Where gradients are
  asked, the function has them in it: those of one image each, which are summed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from adapters.call import Call, refuse
from adapters.writing.vectorized import Layout, axes, part, parts
from adapters.writing.writer import Dialect, definition, program, results, takes
from cases.model.case import Case, TensorSpec
from cases.model.dtypes import FLOATS

MODES: Final = ("jvp", "double", "jacobian", "vmap")
DTYPES: Final = FLOATS
"""The dtypes that have derivatives."""
_ELEMENTS: Final = 256
"""The most elements of a result whose Jacobian is asked."""
_LEAST: Final = 2.0**-10
"""No literal number below it is halved: in float16 its half, or a product with it, may be too small to be exact."""
_LINEAR: Final = ("value", "columns", "volumes")
"""The operands that a result is linear in, and those that calls make of the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """What a framework calls the transforms of functions, and the definitions of two that split and join tensors.

    ``contracted`` is its function that multiplies the last axes of a tensor with the first ones of another.

    ``layout`` says where the axes of a case's tensors are.
    """

    vjp: str
    jvp: str
    vmap: str
    jacobian: str
    zeros: str
    contracted: str
    split: str
    joined: str
    layout: Callable[[Case], Layout]


def program_in(mode: str, case: Case, operator: Callable[[Case], Call], dialect: Dialect) -> str:
    """Return the program of a case's call in a mode, which may be a transform of it. ``operator`` returns a call.

    Raises:
        NotSupported: if the call can't be said, if the transform of the call is another call, or if it has no gradient
            by the value.
    """
    return program(case, _transformed(mode, case, operator) if mode in MODES else operator(case), dialect)


def _transformed(mode: str, case: Case, operator: Callable[[Case], Call]) -> Call:
    """Return the call that a mode transforms: of one part of the case, if the mode vectorises."""
    refuse("a transform of a wrong call is another call", when=case.broken is not None)
    if mode == "jacobian":
        refuse_jacobian(case)
    # Where an operator is said otherwise for gradients, that form has the derivatives.
    call = operator(case if case.gradients or mode == "vmap" else replace(case, gradients=("value",)))
    why = "the call takes tensors that are made ahead of it, so a function of them has no gradient by the value"
    refuse(why, when=bool(case.gradients) and bool(call.takes))
    if mode != "vmap":
        return call
    one = operator(part(case))
    return replace(call, functions=one.functions, before=one.before, steps=one.steps, expression=one.expression)


def refuse_jacobian(case: Case) -> None:
    """Refuse a Jacobian that is too large, or that is not what is asked.

    Raises:
        NotSupported: with the reason, if so.
    """
    refuse("no gradient is asked, and a Jacobian holds gradients alone", when=not case.gradients)
    refuse("a share of a mean rounds, and its product with the cotangent does not", when=case.operator == "avg_pool")
    specials = any(spec.special or spec.specials for spec in case.inputs.values())
    refuse("a zero of the Jacobian times what is not finite is NaN, and no product of the gradient", when=specials)
    count = math.prod(case.inputs["cotangent"].shape)
    refuse(f"the Jacobian of {count} elements is large", when=count > _ELEMENTS)


def watched(case: Case, call: Call) -> tuple[str, ...]:
    """Return the operands along which a result is its own derivative: the filter only if it and the value have halves.

    A result is the sum of its derivatives along half the value and half the filter.
    """
    linear = (*_LINEAR, *(["filter"] if _halves(case) else []), "bias")
    return tuple(name for name in linear if name in takes(case, call))


def _halves(case: Case) -> bool:
    """Tell whether the halves of the value and of the filter are exact: the smallest numbers have none."""
    tensors = [case.inputs.get(name) for name in ("value", "filter")]
    return case.tier == "exact" and all(spec is not None and _has_half(spec) for spec in tensors)


def _has_half(spec: TensorSpec) -> bool:
    least = min((abs(number) for number in spec.values or () if number), default=1.0)
    return spec.special is None and not spec.specials and least >= _LEAST


def direction(case: Case, name: str) -> str:
    """Return an operand as the direction of a derivative."""
    return f"{name} / 2" if _halves(case) and name != "bias" else name


def function(mode: str, case: Case, call: Call, text: str, words: Functions) -> str:
    """Return the definition of ``call``, a function of the call's tensors that returns its results and gradients.

    ``text`` is the call's expression.
    """
    if mode == "vmap":
        return _vectorized(case, call, text, words)
    body = {"jvp": _forward, "double": _doubled, "jacobian": _whole_jacobian}[mode]
    return definition("call", parameters(case, call), body(case, call, text, words))


def parameters(case: Case, call: Call) -> tuple[str, ...]:
    """Return the names of what the function takes."""
    return (*takes(case, call), *(["cotangent"] if case.gradients else []))


def _listed(texts: Iterable[str]) -> str:
    names = tuple(texts)
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _pulled(call: Call, names: tuple[str, ...], text: str, words: Functions, *, last: str = "") -> str:
    """Return the statement that makes the call and the function which pulls a cotangent back to ``names``."""
    more = call.returns[1:]
    left = ", ".join(("output", "pullback", *more))
    given = ", ".join(names)
    return f"{left} = {words.vjp}(lambda {given}: {text}, {given}{', has_aux=True' if more else ''}){last}"


def _forward(case: Case, call: Call, text: str, words: Functions) -> list[str]:
    if not case.gradients:
        names = watched(case, call)
        along = _listed(direction(case, name) for name in names)
        more = ", has_aux=True" if call.returns[1:] else ""
        derived = f"{words.jvp}(lambda {', '.join(names)}: {text}, {_listed(names)}, {along}{more})"
        return [f"{', '.join(('_', *call.returns))} = {derived}", f"return {', '.join(call.returns)}"]
    operands = ("value", "filter") if "filter" in case.inputs else ("cotangent",)
    inner = [_pulled(call, case.gradients, text, words), f"return pullback(cotangent), {_listed(call.returns)}"]
    # The bias's gradient is that of the cotangent alone, so it has no derivative along the others.
    first, derived_ones = zip(*(_names(name, operands) for name in case.gradients), strict=True)
    left = f"{_listed(first)}, {_listed(derived_ones)}, {_listed(call.returns)}"
    return [
        *definition("gradients_of", operands, inner).splitlines(),
        f"{left} = {words.jvp}(gradients_of, {_listed(operands)}, {_listed(operands)}, has_aux=True)",
        f"return {', '.join(results(case, call))}",
    ]


def _names(name: str, operands: tuple[str, ...]) -> tuple[str, str]:
    """Return the names of a gradient and of its derivative: the one that is not asked is ``_``."""
    is_first = name == "bias" and "filter" in operands
    return (f"{name}_gradient", "_") if is_first else ("_", f"{name}_gradient")


def _doubled(case: Case, call: Call, text: str, words: Functions) -> list[str]:
    names = watched(case, call)
    if not case.gradients:
        weights = _listed(direction(case, name) for name in names)
        return [
            _pulled(call, names, text, words),
            f"_, again = {words.vjp}(pullback, {words.zeros}(output))",
            f"return {', '.join((f'again({weights})[0]', *call.returns[1:]))}",
        ]
    last = f"return {', '.join(results(case, call))}"
    if "filter" not in case.inputs:
        return [
            _pulled(call, ("value",), text, words),
            f"(value_gradient,), again = {words.vjp}(pullback, cotangent)",
            "(output,) = again((value,))",
            last,
        ]
    both = ("value", "filter")
    names = (*both, *(["bias"] if "bias" in case.gradients else []))
    pulled = tuple(f"{name}_gradient" for name in names)
    rest = pulled[2:]
    return [
        "def gradients_of(value, filter):",
        f"    {_pulled(call, names, text, words)}",
        f"    {', '.join(pulled)} = pullback(cotangent)",
        f"    return (value_gradient, filter_gradient), {_listed(('output', *rest))}",
        f"_, again, {_listed(('output', *rest))} = {words.vjp}(gradients_of, value, filter, has_aux=True)",
        "value_gradient, filter_gradient = again((value, filter))",
        last,
    ]


def _whole_jacobian(case: Case, call: Call, text: str, words: Functions) -> list[str]:
    names, places = case.gradients, _listed(str(number) for number in range(len(case.gradients)))
    made, jacobians = ", ".join(call.returns), _listed(f"{name}_jacobian" for name in names)
    gradients = (f"{words.contracted}(cotangent, {name}_jacobian, cotangent.ndim)" for name in names)
    return [
        *definition("made", names, [f"{made} = {text}", f"return output, {_listed(call.returns)}"]).splitlines(),
        f"{jacobians}, {_listed(call.returns)} = {words.jacobian}(made, {places}, has_aux=True)({', '.join(names)})",
        f"return {', '.join((*call.returns, *gradients))}",
    ]


def _vectorized(case: Case, call: Call, text: str, words: Functions) -> str:
    split, count, names = axes(case, words.layout(case)), parts(case), parameters(case, call)
    inner = [f"return {text}"]
    if case.gradients:
        inner = [
            _pulled(call, case.gradients, text, words),
            f"return {', '.join((*call.returns, '*pullback(cotangent)'))}",
        ]
    places = _listed("0" if name in split else "None" for name in names)
    given = ", ".join(f"split({name}, {split[name]}, {count})" if name in split else name for name in names)
    refuse("the call takes tensors that have no part for each image", when=not split.keys() & set(names))
    found = results(case, call)
    joined = []
    for name in found:
        axis = split.get("output" if name in call.returns else name.removesuffix("_gradient"))
        joined.append(f"{name}.sum(0)" if axis is None else f"joined({name}, {axis})")
    lines = [f"{', '.join(found)} = {words.vmap}(part, {places})({given})", f"return {', '.join(joined)}"]
    return "\n".join((words.split, words.joined, definition("part", names, inner), definition("call", names, lines)))
