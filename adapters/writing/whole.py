"""A pipeline as one program that returns only its end: what compilers fuse and rewrite, and eager calls never show.

Each step is a function of its own, which the program calls with what earlier steps returned. Between steps tensors stay
the framework's, in the call's layout, with canonical indices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.call import Call, Words, refuse
from adapters.program import CALL
from adapters.writing.writer import Dialect, as_array, as_tensor, definition, places, written
from cases.model.case import Case, Step

Operators = Mapping[str, Callable[[Case], Call]]
Named = Callable[[Call], tuple[str, dict[str, str]]]
"""What a step's expression is assigned to, and where each of the call's results is then."""


def by_returns(call: Call) -> tuple[str, dict[str, str]]:
    """Assign an expression to the names of what it returns."""
    return ", ".join(call.returns), {name: name for name in call.returns}


def whole(case: Case, operators: Operators, dialect: Dialect, compiled: str, named: Named) -> str:
    """Return the program of a pipeline. ``compiled`` is the text of the function that ``program`` is made into.

    ``operators`` maps an operator's name to a function that returns the call of a case.

    Raises:
        NotSupported: if a step can't be said, or rounds: then the whole rounds otherwise than its steps.
    """
    refuse("the whole would round otherwise than its steps", when=case.tier != "exact")
    refuse("the steps have several layouts, and a program has one", when=len(_layouts(case)) > 1)
    roles = {tensor: (step.case, role) for step in reversed(case.steps) for role, tensor in step.takes.items()}
    texts = {tensor: as_tensor(*roles[tensor], dialect, tensor) for tensor in case.inputs}
    last = case.steps[-1]
    arrays = [
        f'"{name}": {as_array(last.case, output, place, dialect)}'
        for (output, name), place in zip(last.returns.items(), places(last.returns), strict=True)
    ]
    return "\n".join(
        (
            *dialect.head(case),
            _definitions(case, operators, dialect, named),
            *(f"{name} = {text}" for name, text in texts.items() if text != name),
            f"{CALL}{compiled}({', '.join(case.inputs)})",
            f"outputs = {{{', '.join(arrays)}}}",
        )
    )


def _layouts(case: Case) -> set[bool]:
    return {step.case.channels_first for step in case.steps}


def _definitions(case: Case, operators: Operators, dialect: Dialect, named: Named) -> str:
    steps = [(step, operators[step.case.operator](step.case)) for step in case.steps]
    above = [written(step.case, part, dialect.words) for step, call in steps for part in call.functions]
    functions = [_function(step, call, dialect.words, named) for step, call in steps]
    lines = [
        f"{', '.join(step.returns.values())} = step_{step.name}({', '.join(step.takes.values())})" for step, _ in steps
    ]
    end = f"return {', '.join(case.steps[-1].returns.values())}"
    return "\n\n".join((*dict.fromkeys(above), *functions, definition("program", case.inputs, [*lines, end])))


def _function(step: Step, call: Call, words: Words, named: Named) -> str:
    assigned, names = named(call)
    outputs = dict(call.outputs)
    if "native_indices" in outputs:
        outputs.setdefault("indices", outputs["native_indices"])  # the canonical ones but for their dtype
    lines = [
        *(written(step.case, part, words) for part in call.before),
        *call.steps,
        f"{assigned} = {written(step.case, call.expression, words)}",
        *(line.format(**names) for line in call.after),
        f"return {', '.join(outputs[name].format(**names) for name in step.returns)}",
    ]
    return definition(f"step_{step.name}", step.takes, lines)
