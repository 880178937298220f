"""Wrong calls: a drawn call with one argument made wrong, whatever else is rare about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cases.coverage.feasible import build_call
from cases.drawing.draw import Drawn
from cases.drawing.entry import replaced
from cases.drawing.stream import Stream
from cases.loading.sizes import BuildError
from cases.model import rules
from cases.model.case import POOLING, Case, is_outward

Fields = dict[str, Any]
_NOT_WRONG: Final = {"gradients", "special", "position", "output_padding"}
"""Fields that a wrong call can't have, or that its shapes say."""
_UNSAYABLE: Final = ("ceil_mode", "divisor", "dilations")
"""Fields of a call of pooling for which some framework has no argument."""
_TRIES: Final = 20
_PLACES: Final = 600
"""The places of which wrong calls are drawn until none is left that is unlike those before."""


def draw_wrong(operator: str, valid: Mapping[str, Any], stream: Stream) -> Fields | None:
    """Return the fields of a call that breaks one rule of the definition, made from those of a valid call.

    None if none of the mistakes that were drawn breaks a rule of this call.
    """
    call = build_call(operator, dict(valid))
    fields = {name: value for name, value in valid.items() if name not in _NOT_WRONG}
    if is_outward(operator):
        fields["image"] = list((call.output_shape or ())[1:-1])
        fields["value"] = {"shape": list(call.inputs["value"].shape)}
    for _ in range(_TRIES):
        name = stream.one_of(tuple(_MISTAKES))
        wrong = fields | _MISTAKES[name](call, fields, stream)
        if found := _marked(operator, wrong):
            return found
    return None


def draw_unlike(operator: str, seed: int, number: int) -> Drawn:
    """Return wrong calls that follow from a seed, each with one argument at fault.

    No two break the same rule first, by the same argument, with as many axes. There are ``number`` calls, or fewer if
    so many kinds of mistakes are not found. They are in float32, and pooling has none of ``_UNSAYABLE``: what some
    frameworks refuse anyway would hide what else is wrong.
    """
    drawn, seen = Drawn(kind="wrong"), set()
    for place in range(1, _PLACES + 1):
        if len(drawn.entries) == number:
            break
        drawing = Drawn(rejected=drawn.rejected, given_up=drawn.given_up)
        drawing.add(operator, seed, place)
        [valid] = drawing.entries
        if valid["batch"] == 0:
            continue
        left_out = {"name", "gradients", "special", "position", *(_UNSAYABLE if operator in POOLING else ())}
        plain = {name: value for name, value in valid.items() if name not in left_out}
        plain |= {"dtype": "float32", "data": "integers"}
        wrong = draw_wrong(operator, plain, Stream(key=f"wrong\0{operator}\0{seed}\0{place}"))
        kind = _kind(operator, wrong) if wrong else None
        if wrong and kind and kind not in seen:
            seen.add(kind)
            drawn.entries.append({"name": f"d{len(seen):03}", **wrong})
    return drawn


def _kind(operator: str, wrong: Fields) -> tuple[str, str, int] | None:
    """Return the rule that a wrong call breaks, the argument at fault, and its axes; None if it breaks several."""
    call = _built(operator, {name: value for name, value in wrong.items() if name != "invalid"})
    if call is None or call.broken is None or len({one.argument for one in rules.all_broken(call)}) > 1:
        return None
    return call.broken.rule, call.broken.argument, len(wrong["kernel" if "kernel" in wrong else "ksize"])


def _marked(operator: str, fields: Fields) -> Fields | None:
    """Return a wrong call with the rule that it breaks; None if it can't be built or breaks no rule."""
    call = _built(operator, fields)
    if call is None or call.broken is None:
        return None
    return fields | {"invalid": {"rule": call.broken.rule, "reason": call.broken.reason}}


def _built(operator: str, fields: Fields) -> Case | None:
    try:
        return build_call(operator, fields | {"behaviour": "a call that may break a rule"})
    except (BuildError, ValueError, ZeroDivisionError):
        return None


def _of_axis(name: str, *values: int) -> Callable[[Case, Fields, Stream], Fields]:
    """Return the mistake of one axis having a wrong number."""

    def mistake(call: Case, fields: Fields, stream: Stream) -> Fields:
        plain = fields.get(name) or [1] * len(call.strides)
        return {name: replaced(plain, stream.below(len(call.strides)), stream.one_of(values))}

    return mistake


def _window(call: Case, fields: Fields, stream: Stream) -> Fields:
    name = "kernel" if "kernel" in fields else "ksize"
    place = stream.below(len(call.strides))
    wrong = stream.one_of((0, -1, fields["image"][place] + 5))
    return {name: replaced(fields[name], place, wrong)}


def _padding(call: Case, _fields: Fields, stream: Stream) -> Fields:
    pairs = [[0, 0] for _ in call.strides]
    pairs[stream.below(len(pairs))][stream.below(2)] = -1
    return {"padding": stream.one_of(("FULL", "same", pairs, pairs[1:], [*pairs, [0, 0]]))}


def _rank(call: Case, fields: Fields, stream: Stream) -> Fields:
    name = stream.one_of(("strides", "dilations"))
    sizes = fields.get(name) or [1] * len(call.strides)
    return {"given": {name: stream.one_of((sizes[1:], [*sizes, 1]))}}


def _tensor(name: str) -> Callable[[Case, Fields, Stream], Fields]:
    """Return the mistake of a tensor having one element more or fewer along an axis, an axis less, or another dtype."""

    def mistake(call: Case, _fields: Fields, stream: Stream) -> Fields:
        spec = call.inputs.get(name)
        if spec is None:
            return {}
        place, kind = stream.below(len(spec.shape)), stream.below(4)
        if kind == 0:
            return {name: {"dtype": stream.one_of(("float32", "float64", "int32", "bool", "complex64"))}}
        if kind == 1:
            return {name: {"shape": list(spec.shape[1:])}}
        size = spec.shape[place] + stream.one_of((1, -1))
        return {name: {"shape": replaced(spec.shape, place, max(size, 0))}}  # no array has fewer elements than none

    return mistake


def _groups(call: Case, fields: Fields, stream: Stream) -> Fields:
    return {"given": {"groups": stream.one_of((0, -1, fields.get("in_channels", 1) + 1))}} if _filtered(call) else {}


def _filtered(call: Case) -> bool:
    return "filter" in call.inputs


def _excess(call: Case, _fields: Fields, stream: Stream) -> Fields:
    if call.output_shape is None:
        return {}
    rank = len(call.output_shape)
    return {"excess": replaced([0] * rank, stream.below(rank), stream.one_of((1, -1, 2, 7)))}


def _data_format(_call: Case, _fields: Fields, stream: Stream) -> Fields:
    return {"data_format": stream.one_of(("NCWH", "nchw", "HWC", "NHWC", "NCW", "NDHWC"))}


def _type(call: Case, fields: Fields, stream: Stream) -> Fields:
    further = ("ceil_mode",) * (call.operator in POOLING) + ("divisor",) * (call.operator == "avg_pool")
    name = stream.one_of(
        ("strides", "padding", "dilations", "ksize" if "ksize" in fields else "output_shape", *further)
    )
    if name == "output_shape" and call.output_shape is None:
        return {}
    return {"given": {name: stream.one_of((None, "2", 1.5, [1.5] * len(call.strides), True))}}


_MISTAKES: Final[dict[str, Callable[[Case, Fields, Stream], Fields]]] = {
    "strides": _of_axis("strides", 0, -1),
    "dilations": _of_axis("dilations", 0, -1),
    "window": _window,
    "padding": _padding,
    "rank": _rank,
    "value": _tensor("value"),
    "filter": _tensor("filter"),
    "bias": _tensor("bias"),
    "indices": _tensor("indices"),
    "groups": _groups,
    "output_shape": _excess,
    "data_format": _data_format,
    "type": _type,
}
