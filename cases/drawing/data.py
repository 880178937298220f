"""The data that a drawn call may have: fill rules that suit its operator and dtype."""

from __future__ import annotations

from typing import Any, Final

from cases.drawing.options import Options
from cases.drawing.stream import Stream

Fields = dict[str, Any]
_BROAD: Final = {"float32": ("wide",), "float64": ("wide",), "int32": ("broad",), "int64": ("long",)}
"""Dtype -> rules with numbers that a narrower dtype rounds."""
_OF_SUMS: Final = {
    "float64": ("integers", "small", "wide"),
    "uint8": ("integers", "small", "ties"),  # without a sign, ties are 1 to 4, the least numbers that differ
}
_OF_OTHER_SUMS: Final = ("integers", "small")


def draw_data(options: Options, stream: Stream) -> list[Fields]:
    """Return fields for the data of an entry, to be tried in this order until they make an exact call."""
    rules = _rules(options)
    start = stream.below(len(rules))
    tried: list[Fields] = [{"data": rule} for rule in rules[start:] + rules[:start]]
    if options.filtered and options.dtype in {"int8", "uint8"}:
        tried.append({"data": rules[-1], "filter": {"fill": "ones"}})
    if options.large and options.gradients and options.dtype == "float64":
        return [*({**fields, "cotangent": {"fill": "wide"}} for fields in tried), *tried]
    return tried


def _rules(options: Options) -> tuple[str, ...]:
    broad = _BROAD.get(options.dtype, ())
    match options.operator:
        case "max_pool" | "max_pool_argmax":
            return _of_maxima(options, broad)
        case "max_unpool":
            return ("integers", "negative", *broad)
        case "avg_pool":
            return ("multiples", "twelves", "dozens", "integers")
        case "avg_unpool":
            return ("integers", "small", *(("wide",) if options.dtype == "float64" else ()))
        case _:
            return _OF_SUMS.get(options.dtype, _OF_OTHER_SUMS)


def _of_maxima(options: Options, broad: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rules for a maximum. Equal elements have no gradient, and a special zero needs data without a 0."""
    if "zero" in options.special or "subnormal" in options.special:
        return ("negative",) if options.gradients else ("negative", "integers")
    if options.gradients:
        return ("distinct", "negative")
    return ("distinct", "negative", "integers", "ties", *broad)


def draw_special(options: Options, size: int, stream: Stream) -> Fields:
    """Return the fields of the special value of an entry whose value has ``size`` elements: none for plain numbers."""
    place = stream.below(size) if options.special and size else None
    return {} if place is None else {"special": options.special, "position": place}
