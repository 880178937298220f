"""A case worked out as on paper: steps with the case's own numbers, and pictures of what each step makes.

The steps on the page compute the result on the page, in NumPy float64, for one batch element and one channel of the
result. The definition is the one in cases/README.md; no adapter has a part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cases.explain import pooling, sums, unanswered, unpooling
from cases.explain.ending import Answer
from cases.explain.parts import Explanation, NoAnswerError, NotDrawnError, Step, by
from cases.explain.view import DRAWN, View, view
from cases.model import shapes
from cases.model.case import INPUTS, Case

__all__ = ["Explanation", "NotDrawnError", "explain"]

_OPERATORS: Final[dict[str, Callable[[View], Answer]]] = {
    "conv": sums.conv,
    "conv_transpose": sums.conv_transpose,
    "max_pool": pooling.max_pool,
    "max_pool_argmax": pooling.max_pool_argmax,
    "max_unpool": unpooling.max_unpool,
    "avg_pool": pooling.avg_pool,
    "avg_unpool": unpooling.avg_unpool,
}


def explain(case: Case, batch: int | None = None, channel: int | None = None) -> Explanation:
    """Explain a case: its steps, drawn for one batch element and one channel of the result; 0 by default.

    Raises:
        NotDrawnError: if the operator can't be explained, if the result has no such batch element or channel, or if the
            image is too large.
    """
    if case.operator not in _OPERATORS:
        article = "an" if case.operator[:1] in "aeiou" else "a"
        msg = f"{case.id} is {article} {case.operator}; `python -m cases show {case.id}` lists its steps"
        raise NotDrawnError(msg)
    if why := unanswered.reason(case):
        return _without_answer(case, why)
    seen = view(case, batch, channel)
    if seen is None:
        return _without_answer(case, unanswered.empty(case))
    try:
        steps, results = _OPERATORS[case.operator](seen)
    except NoAnswerError as error:
        return _without_answer(case, unanswered.no_answer(str(error)))
    return Explanation(title=case.id, facts=tuple(_facts(seen)), steps=steps, results=results)


def _without_answer(case: Case, why: Step) -> Explanation:
    facts = (f"{case.operator}: {case.about}",)
    return Explanation(title=case.id, facts=facts, steps=(why, unanswered.inputs(case)), results={})


def _facts(seen: View) -> Iterator[str]:
    yield f"{seen.case.operator}: {seen.case.about}"
    yield f"{_sizes(seen)}; {', '.join(_arguments(seen.case))}."
    yield _drawn(seen)
    if seen.case.gradients:
        asked = " and ".join(seen.case.gradients)
        yield f"The case asks for gradients too, of {asked}; this is the forward call, and they are not drawn."


def _sizes(seen: View) -> str:
    *value, inner = seen.tensors["value"].shape[1:]
    *output, outer = shapes.output_shape(seen.case)[1:]
    return f"{by(tuple(value))} with {_channels(inner)} to {by(tuple(output))} with {_channels(outer)}"


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count != 1 else ''}"


def _arguments(case: Case) -> Iterator[str]:
    """Yield the arguments that decide sizes and numbers."""
    yield f"kernel {by(shapes.kernel_size(case))}"
    yield f"strides {by(case.strides)}"
    yield from [f"ceil_mode {case.ceil_mode}"] if case.ceil_mode else []
    yield from [f"divisor {case.divisor}"] if case.divisor else []
    yield f"padding {case.padding if isinstance(case.padding, str) else ' '.join(map(str, case.padding))}"
    for name, sizes in (("dilations", case.dilations), ("output_padding", case.output_padding)):
        if sizes is not None:
            yield f"{name} {by(sizes)}"
    if case.groups > 1:
        yield f"{case.groups} groups"
    yield case.dtype


def _drawn(seen: View) -> str:
    batch, *_, channels = shapes.output_shape(seen.case)
    result = f"batch element {seen.batch} of {batch}, channel {seen.channel} of {channels} of the result"
    layout = (
        f" The call is asked in {seen.case.data_format}; here channels come last." if seen.case.channels_first else ""
    )
    return f"Drawn: {result}{_from(seen)}.{layout}"


def _from(seen: View) -> str:
    """Name the channels of the value that are summed."""
    if "filter" not in INPUTS[seen.case.operator]:
        return ""
    count = len(seen.inputs)
    if not count:
        return ", a sum over no channel"
    group = ", those of its group" if seen.case.groups > 1 else ""
    cut = f"; the first {DRAWN} are drawn, and all are summed" if count > DRAWN else ""
    return f", from {_named(seen.inputs)} of the value{group}{cut}"


def _named(channels: range) -> str:
    """Name channels: ``channel 0``, ``channels 0 and 1``, ``channels 0 to 5``."""
    first, last = channels[0], channels[-1]
    if first == last:
        return f"channel {first}"
    return f"channels {first} {'and' if last == first + 1 else 'to'} {last}"
