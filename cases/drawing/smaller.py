"""Smaller calls, made from a larger one: the search for the smallest call that shows what the larger one shows.

The search knows nothing of what is shown. It yields calls, and whoever runs it sends back whether each shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

from cases.drawing.entry import literal_values, replaced
from cases.drawing.text import flow
from cases.model import rules
from cases.model.case import DATA_FORMATS, Case
from cases.model.fill import fill

Fields = dict[str, Any]
Make = Callable[[Fields], Case | None]
"""Builds the call of an entry under the id that it will have; None if there is no such call."""

MOST_ASKED: Final = 400
"""The most calls that are yielded for one search before its numbers are written out."""
_MOST_LITERAL: Final = 64
"""The most elements of a tensor that is written out as numbers."""
_OPTIONS: Final = (
    *("gradients", "bias", "cotangent", "dilations", "ceil_mode", "divisor", "include_batch_in_index", "data_format"),
    *("indices", "filter", "special", "groups", "value", "data"),
)
_GOES_WITH: Final = {"special": "position", "gradients": "cotangent"}
_SIZES: Final = ("image", "kernel", "ksize", "strides", "dilations", "output_padding", "padding")
"""Fields with one entry for each spatial axis."""
_COUNTS: Final = ("batch", "channels", "in_channels", "out_channels", "groups", "position")


def smallest(fields: Fields, make: Make) -> Generator[Fields, bool, Fields]:
    """Yield smaller and smaller calls, and return the smallest one that shows what the first one shows.

    The caller sends True for a call that shows it. A call is yielded once, and every call that is yielded can be made
    and breaks no rule that the first one keeps: it would show two things at once.
    """
    make = _without_new_faults(fields, make)
    asked, left = {flow(fields)}, MOST_ASKED
    again = True
    while again and left:
        again = False
        for reduce in (_without_options, _fewer_axes, _in_one_group, _fewer, _smaller_sizes, _plain_dtype):
            found: Fields | None = fields
            while found is not None and left:
                found, tried = yield from _first(reduce(fields, make), make, asked, left)
                left -= tried
                if found is not None:
                    fields, again = found, True
    return (yield from _with_plain_numbers(fields, make))


def _without_new_faults(fields: Fields, make: Make) -> Make:
    first = make(fields)
    had = set() if first is None else _faults(first)

    def made(candidate: Fields) -> Case | None:
        case = make(candidate)
        return case if case is not None and _faults(case) <= had else None

    return made


def _faults(case: Case) -> set[tuple[str, str]]:
    return {(fault.rule, fault.argument) for fault in rules.all_broken(case)}


def _first(
    candidates: Iterator[Fields], make: Make, asked: set[str], most: int
) -> Generator[Fields, bool, tuple[Fields | None, int]]:
    """Yield calls that were not asked yet, and return the first that shows what is sought, and how many were tried."""
    tried = 0
    for candidate in candidates:
        if tried == most:
            break
        text = flow(candidate)
        if text in asked or make(candidate) is None:
            continue
        asked.add(text)
        tried += 1
        if (yield candidate):
            return candidate, tried
    return None, tried


def _without_options(fields: Fields, make: Make) -> Iterator[Fields]:
    """Yield a call without each of its options."""
    if "output_padding" in fields and (case := make(fields)) is not None and case.output_shape:
        plain = {key: value for key, value in fields.items() if key not in {"output_padding", "value"}}
        yield plain | {"image": list(case.output_shape[1:-1])}
    for name in _OPTIONS:
        if name in fields:
            dropped = {name, _GOES_WITH.get(name)}
            yield {key: value for key, value in fields.items() if key not in dropped}
    if fields.get("padding") != "VALID":
        yield fields | {"padding": "VALID"}


def _fewer_axes(fields: Fields, _make: Make) -> Iterator[Fields]:
    """Yield a call with each axis taken away."""
    rank = len(fields.get("image") or fields["value"]["shape"][1:-1])
    if rank == 1:
        return
    for axis in range(rank):
        fewer = {name: _without(value, axis) if name in _SIZES else value for name, value in fields.items()}
        if "data_format" in fewer and fields["data_format"] in DATA_FORMATS[rank]:
            fewer["data_format"] = DATA_FORMATS[rank - 1][DATA_FORMATS[rank].index(fields["data_format"])]
        for name, value in fields.items():
            if isinstance(value, dict) and len(value.get("shape", ())) == rank + 2:
                start = 0 if name == "filter" else 1
                fewer[name] = value | {"shape": _without(value["shape"], axis + start)}
        if len(fields.get("output_shape", ())) == rank + 2:
            fewer["output_shape"] = _without(fields["output_shape"], axis + 1)
        yield fewer


def _without(value: Any, place: int) -> Any:
    return [one for number, one in enumerate(value) if number != place] if isinstance(value, list) else value


def _in_one_group(fields: Fields, _make: Make) -> Iterator[Fields]:
    """Yield a call in fewer groups, and with as many channels in each as the groups leave."""
    groups = fields.get("groups", 1)
    if groups == 1:
        return
    for fewer in _below(groups, 1):
        channels = {
            name: max(fields[name] // groups, 1) * fewer for name in ("in_channels", "out_channels") if name in fields
        }
        yield fields | channels | {"groups": fewer}
    for name in ("in_channels", "out_channels"):
        for each in _below(fields[name] // groups, 1):
            yield fields | {name: groups * each}


def _fewer(fields: Fields, _make: Make) -> Iterator[Fields]:
    """Yield a call with fewer images and channels, and a special value that stands earlier."""
    for name in _COUNTS:
        if name in fields:
            for count in _below(fields[name], 0 if name == "position" else 1):
                yield fields | {name: count}


def _smaller_sizes(fields: Fields, _make: Make) -> Iterator[Fields]:
    """Yield a call with smaller sizes: all axes of the image at once, then each size of each axis."""
    image = fields.get("image", [])
    if max(image, default=0) > 1:
        yield fields | {"image": [max(size // 2, 1) for size in image]}
    for name, said in fields.items():
        if isinstance(said, dict):
            yield from (fields | {name: said | {"shape": shape}} for shape in _smaller_shapes(said.get("shape", [])))
    for name in _SIZES:
        said = fields.get(name)
        sizes: list[Any] = said if isinstance(said, list) else []
        for place, size in enumerate(sizes):
            if isinstance(size, list):
                yield from (fields | {name: replaced(sizes, place, pair)} for pair in _smaller_pairs(size))
            else:
                least = 0 if name == "output_padding" else 1
                yield from (fields | {name: replaced(sizes, place, less)} for less in _below(size, least))


def _smaller_shapes(shape: list[int]) -> Iterator[list[int]]:
    yield from (replaced(shape, place, less) for place, size in enumerate(shape) for less in _below(size, 1))


def _smaller_pairs(pair: list[int]) -> Iterator[list[int]]:
    yield from ([less, pair[1]] for less in _below(pair[0], 0))
    yield from ([pair[0], less] for less in _below(pair[1], 0))


def _below(number: int, least: int) -> Iterator[int]:
    """Yield smaller numbers: the least one, then about half, then one less."""
    yield from dict.fromkeys(less for less in (least, (number + least) // 2, number - 1) if least <= less < number)


def _plain_dtype(fields: Fields, _make: Make) -> Iterator[Fields]:
    if fields.get("dtype", "float32") != "float32":
        yield fields | {"dtype": "float32"}


def _with_plain_numbers(fields: Fields, make: Make) -> Generator[Fields, bool, Fields]:
    """Yield the call with its numbers written out, then with fewer of them, then with ones."""
    case = make(fields)
    if case is None or case.invalid is not None:
        return fields
    for name, spec in case.inputs.items():
        if name == "indices" or math.prod(spec.shape) > _MOST_LITERAL or not math.prod(spec.shape):
            continue
        values = _numbers(case, name)
        written = _with_values(fields, name, values)
        if make(written) is None or not (yield written):
            continue
        fields = written
        for simpler in (0, 1):
            for place, value in enumerate(values):
                if value not in {0, simpler} and math.isfinite(value):
                    candidate = _with_values(fields, name, replaced(values, place, simpler))
                    if make(candidate) is not None and (yield candidate):
                        fields, values = candidate, replaced(values, place, simpler)
    return fields


def _numbers(case: Case, name: str) -> list[float]:
    spec = case.inputs[name]
    if spec.fill == "literal":
        return literal_values(spec)
    values: list[float] = fill(case)[name].ravel().tolist()
    return [int(value) if value and math.isfinite(value) and value == int(value) else value for value in values]


def _with_values(fields: Fields, name: str, values: list[float]) -> Fields:
    """Return the fields with a tensor's elements written out."""
    dropped = {"special", "position"} if name == "value" else set()
    said = fields.get(name)
    kept = {key: one for key, one in said.items() if key in {"shape", "dtype"}} if isinstance(said, dict) else {}
    return {**{key: one for key, one in fields.items() if key not in dropped}, name: {**kept, "values": values}}
