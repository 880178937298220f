"""Calls without a result: calls that break a rule, that have no single answer, or whose result has no element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from cases.explain.parts import Array, Step
from cases.model import fill, shapes
from cases.model.case import ARGUMENTS, Case

_ELEMENTS: Final = 60
"""The number of elements up to which an input is printed whole."""
_WIDTH: Final = 92


def reason(case: Case) -> Step | None:
    """Say why a case has no result to work out; return None if it has one."""
    if case.invalid is not None:
        return Step(heading="This call is wrong", text=tuple(_broken(case, case.invalid)))
    if case.behaviour is not None:
        return no_answer(case.behaviour)
    return None


def no_answer(why: str) -> Step:
    """Say why a call has no single right answer."""
    return Step(
        heading="This call has no single right answer",
        text=(f"{_sentence(why)} What each framework does is recorded, not judged.",),
    )


def empty(case: Case) -> Step:
    """Say why nothing is drawn: the result of a valid case holds no element."""
    text = f"The result's shape is {shapes.output_shape(case)}: it holds no element, so there is nothing to compute."
    return Step(heading="The result is empty", text=(text,))


def inputs(case: Case) -> Step:
    """Show the arguments and the tensors of a call as the call gives them."""
    plain = {name: getattr(case, name) for name in ARGUMENTS if name != "groups" or case.groups != 1}
    said = plain | case.given
    arguments = [f"{name} = {value!r}" for name, value in said.items() if value is not None and name not in case.inputs]
    tensors = [f"{name} = {case.given[name]!r}" for name in case.inputs if name in case.given]
    for name, array in fill.fill(case).items():
        if name not in case.given:
            tensors += _tensor(name, case.inputs[name].dtype, array)
    return Step(heading="The arguments and the tensors", text=(", ".join(arguments),), sums=tuple(tensors))


def _broken(case: Case, why: str) -> Iterator[str]:
    assert case.broken is not None  # noqa: S101 - the loader refuses an invalid case that breaks no rule
    yield f"It breaks the rule {case.broken.rule!r}. {_sentence(why)}"
    yield f"In numbers: {case.broken.reason}. The argument to look at: {case.broken.argument}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _tensor(name: str, dtype: str, array: Array) -> list[str]:
    printed = np.array2string(array, max_line_width=_WIDTH, threshold=_ELEMENTS, edgeitems=2)
    return [f"{name}: {dtype} {array.shape}", *filter(None, printed.splitlines())]
