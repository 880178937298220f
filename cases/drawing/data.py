"""The data that a drawn call may have: fill rules that suit its operator and dtype."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cases.drawing.options import Options
from cases.drawing.stream import Stream
from cases.model.case import is_chosen

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
    return [*_of_digits(options, stream), *tried] if options.rare else tried


def _of_digits(options: Options, stream: Stream) -> list[Fields]:
    """Return fields by which one tensor of a sum has many digits, and all others have few."""
    rules = {"float64": "long", "float32": "wide", "int64": "long", "int32": "broad"}
    if is_chosen(options.operator) or options.dtype not in rules or not stream.one_in(2):
        return []
    names = ["value", *(["filter"] if options.filtered else []), *(["cotangent"] if options.gradients else [])]
    name, rule = stream.one_of(names), rules[options.dtype]
    if name != "value":
        return [{"data": "small", name: {"fill": rule}}]
    others = [other for other in names if other != "value"]
    return [{"data": rule, **{other: {"fill": "small"} for other in others}}]


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


def draw_special(options: Options, sizes: Mapping[str, int], stream: Stream) -> Fields:
    """Return the fields of the special value of an entry: none for plain numbers.

    ``sizes`` is the number of elements of each tensor. In a rare layer any tensor may hold it; else the value does.
    """
    if not options.special or not sizes["value"]:
        return {}
    name = stream.one_of(list(sizes)) if options.rare and stream.one_in(2) else "value"
    said = {"special": options.special, "position": stream.below(sizes[name])}
    return said if name == "value" else {name: said}
