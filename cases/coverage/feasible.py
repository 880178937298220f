"""The pairs of values that one call can have: found by building calls, but for those of size and of numbers.

Every small call is built in the same way as a case of a file. So the schema, the shape laws and the rules refuse a call
here for the same reason. A pair is feasible if some valid call has both values.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from cases.coverage import dimensions, numbers, sizes
from cases.coverage.dimensions import Pair, Value
from cases.loading.build import build
from cases.loading.entries import Entry
from cases.loading.schema import FILE
from cases.loading.sizes import BuildError
from cases.model import dtypes, shapes
from cases.model.case import DATA_FORMATS, POOLING, Case
from cases.model.shapes import Axis

Fields = dict[str, Any]
_AXES: Final = (*itertools.product((7, 8), (1, 2, 3), (1, 2, 3), (1, 2)), (9, 2, 3, 1), (9, 2, 3, 2))
"""Image, window, stride and dilation of an axis. No value depends on the order of axes, so any two are tried once.

The last two are the smallest with different dilations for which SAME needs no padding.
"""
_PADDINGS: Final = ("VALID", "SAME", [0, 0], [1, 1], [0, 1])
_BEYOND: Final[Value] = ("last window", "beyond the padding")
_SAID: Final[dict[Value, Fields]] = {
    ("groups", "several"): {"in_channels": 4, "out_channels": 4, "groups": 2},
    ("groups", "depthwise"): {"in_channels": 2, "out_channels": 4, "groups": 2},
    ("bias", "with"): {"bias": True},
    _BEYOND: {"ceil_mode": "drop"},
    ("divisor", "padded"): {"divisor": "padded"},
    ("divisor", "a number"): {"divisor": 5},
    ("index", "through the batch"): {"include_batch_in_index": True, "batch": 2},
    **{("dtype", dtype): {"dtype": dtype} for dtype in (*dtypes.FLOATS, *dtypes.INTEGERS)},
    dimensions.EMPTY: {"batch": 0},
    ("batch", "several"): {"batch": 2},
    ("gradients", "asked"): {"gradients": True, "data": "distinct"},
    ("layout", "channels-first"): {},
    ("output_padding", "zeros"): {},
    ("output_padding", "more"): {},
}
"""Value -> the fields that give it to a plain entry; the fields of the last three depend on the entry's sizes."""


_PADDED: Final[Value] = ("padding", "explicit, symmetric")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The values that some call of an operator has, its feasible pairs, and a reason for each other pair.

    The reason is empty if no sizes have both values.
    """

    single: frozenset[Value]
    feasible: frozenset[Pair]
    infeasible: dict[Pair, str]


@functools.cache
def space(operator: str) -> Space:
    """Search small calls for the pairs of values that an operator's calls can have; add those of size and of numbers.

    All sizes are tried with each other. Each class of sizes is tried with every option, one option at a time. Then any
    two options are tried with each other.
    """
    search = _Search(operator=operator)
    calls = search.sizes()
    search.attempt(calls[0].saying(dimensions.EMPTY))
    options = [value for value in _SAID if value[0] in dimensions.dimensions(operator) and value != dimensions.EMPTY]
    for option in options:
        search.with_all_sizes(calls, option)
    flat = [call for call in calls if len(call.fields["image"]) > 1]
    larger = [call for call in flat if ("output size", "larger") in call.values]
    # only a larger output has an output_padding above 0, and only padding and a rest show what pooling makes of them
    resting = search.showing(_BEYOND, [call for call in flat if _PADDED in call.values]) if _BEYOND in options else []
    plain = [*flat[:1], *larger[:1], *resting]
    for (one, other), call in itertools.product(dimensions.pairs(options), plain):
        if one[0] != other[0] and (one, other) not in search.found:
            search.attempt(call.saying(one, other), (one, other))
    for call in calls if operator == "avg_pool" else []:  # a mean of nothing divides by a number
        if call.fields["padding"] == "SAME":
            search.attempt(call.saying(("divisor", "a number")) | {"ceil_mode": "keep"})
    reasoned = dict(_reasoned(operator))
    feasible = (search.found - reasoned.keys()) | {pair for pair, why in reasoned.items() if not why}
    rest = {
        pair: reasoned.get(pair) or search.refused.get(pair, "")
        for pair in dimensions.all_pairs(operator)
        if pair not in feasible
    }
    not_searched = {*sizes.VALUES, *numbers.VALUES}
    others = {value for value in dimensions.all_values(operator) if value[0] in not_searched}
    return Space(single=frozenset(search.seen | others), feasible=frozenset(feasible), infeasible=rest)


def _reasoned(operator: str) -> Iterator[tuple[Pair, str]]:
    """Yield each pair with a value of size or of numbers, with the reason why no call has it; empty if a call can."""
    for pair in dimensions.all_pairs(operator):
        if numbers.is_of_numbers(pair):
            yield pair, numbers.why_never(*pair)
        elif sizes.is_of_size(pair):
            yield pair, sizes.why_never(operator, *pair)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """The fields of an entry, and the values and axes of its call."""

    fields: Fields
    values: tuple[Value, ...]
    axes: tuple[Axis, ...]

    def saying(self, *options: Value) -> Fields:
        """Return the fields of the entry with these options added."""
        fields = dict(self.fields)
        for option in options:
            fields |= _SAID[option]
        if ("layout", "channels-first") in options:
            fields["data_format"] = DATA_FORMATS[len(self.axes)][1]
        if any(dimension == "output_padding" for dimension, _ in options):
            del fields["image"]
            fields["value"] = {
                "shape": [fields.get("batch", 1), *(axis.count for axis in self.axes), fields.get("in_channels", 2)]
            }
            fields["output_padding"] = self.output_padding
        return fields

    @property
    def output_padding(self) -> list[int]:
        """The output_padding that gives the call its image."""
        return [axis.image - axis.full + axis.before + axis.after for axis in self.axes]

    @property
    def padded_by(self) -> str:
        """The word for this output_padding: the sizes of the image and of the result leave no choice."""
        return "more" if any(self.output_padding) else "zeros"


@dataclass(kw_only=True)
class _Search:
    operator: str
    seen: set[Value] = field(default_factory=set)
    found: set[Pair] = field(default_factory=set)
    refused: dict[Pair, str] = field(default_factory=dict)

    def attempt(self, fields: Fields, wanted: tuple[Value, ...] = ()) -> tuple[Case, tuple[Value, ...]] | None:
        """Build a call and return it with its values.

        If it is refused, keep the reason: the ``wanted`` values may not go together.
        """
        try:
            case = build_call(self.operator, fields)
        except (BuildError, ValidationError) as error:
            reason = str(error) if isinstance(error, BuildError) else str(error.errors()[0]["msg"])
            for pair in dimensions.pairs(wanted):
                self.refused.setdefault(pair, reason)
            return None
        if self.operator in POOLING and shapes.has_empty_window(case):
            return None
        values = dimensions.kinds(case)
        self.seen.update(values)
        self.found.update(dimensions.pairs(values))
        return case, values

    def showing(self, option: Value, calls: list[_Call]) -> list[_Call]:
        """Return the first call that has this value if it is asked for, as a list; none if no call has."""
        for call in calls:
            built = self.attempt(call.saying(option), (option, *call.values))
            if built and option in built[1]:
                return [call]
        return []

    def sizes(self) -> list[_Call]:
        """Return one call of each class of sizes. Sizes with the same values are one class.

        Two axes are tried with each other only if alone they are of different kinds. A third axis is a copy of the
        second. No class is missed: no value depends on more of an axis than its kind, or on how many axes share a size.
        """
        window = "kernel" if "conv" in self.operator else "ksize"
        found: list[_Call] = []
        for padding in _PADDINGS:
            lines = self._classes((_line(window, padding, axis) for axis in _AXES), _kind)
            pairs = itertools.combinations_with_replacement(lines, 2)
            flat = self._classes(_joined(one.fields, other.fields) for one, other in pairs)
            found += [*lines, *flat, *self._classes(_with_third_axis(call.fields) for call in flat)]
        return found

    def _classes(
        self, entries: Iterable[Fields], key: Callable[[_Call], Hashable] = lambda call: call.values
    ) -> list[_Call]:
        classes: dict[Hashable, _Call] = {}
        for fields in entries:
            if built := self.attempt(fields):
                case, values = built
                call = _Call(fields=fields, values=values, axes=shapes.axes(case))
                classes.setdefault(key(call), call)
        return list(classes.values())

    def with_all_sizes(self, sizes: list[_Call], option: Value) -> None:
        """Try an option with each class of sizes that has a value not yet found together with the option."""
        missing = {value for call in sizes for value in call.values}
        for call in sizes:
            if not missing & {*call.values} or (option[0] == "output_padding" and option[1] != call.padded_by):
                continue
            built = self.attempt(call.saying(option), (option, *call.values))
            if built and option in built[1]:
                missing -= {*call.values}


def _line(window: str, padding: str | list[int], axis: tuple[int, ...]) -> Fields:
    """Return the entry of a call with one axis."""
    image, kernel, stride, dilation = ([size] for size in axis)
    pairs = padding if isinstance(padding, str) else [padding]
    return {"image": image, window: kernel, "strides": stride, "dilations": dilation, "padding": pairs}


def _kind(call: _Call) -> Hashable:
    """Return what decides the values of a call that has this axis and others: sizes are compared between axes."""
    (axis,) = call.axes
    return call.values, axis.stride, axis.dilation if axis.kernel > 1 else 1


def _joined(one: Fields, other: Fields) -> Fields:
    """Return the entry of a call with the axes of both."""
    return {name: [*said, *other[name]] if isinstance(said, list) else said for name, said in one.items()}


def _with_third_axis(fields: Fields) -> Fields:
    return {name: [*said, said[-1]] if isinstance(said, list) else said for name, said in fields.items()}


def build_call(operator: str, fields: Fields) -> Case:
    """Build the call of an entry, as a case file would."""
    about = "a call of the searched space"
    entry = {"name": "call", "data": "small", **fields}
    file = FILE.validate_python({"operator": operator, "about": about, "source": "document: none", "cases": [entry]})
    (made,) = file.cases
    assert isinstance(made, Entry)  # noqa: S101 - an operator's file has no pipelines
    return build(made, operator, "searched", about, "")
