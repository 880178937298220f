"""The dimensions in which calls vary, and the value that a case has in each, in words that people read.

The suite covers pairs of these values. A dimension gives every case of an operator one value, or none if the operator
has no such dimension. Only calls with a right answer count: wrong calls, behaviours and pipelines do not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from cases.coverage import numbers, sizes
from cases.model import dtypes, shapes
from cases.model.case import OPERATORS, POOLING, Case, Padding, is_outward
from cases.model.shapes import Axis

Value = tuple[str, str]
"""A dimension and one of its values: ``("padding", "SAME, odd")``."""
Pair = tuple[Value, Value]
_FILTERED: Final = ("conv", "conv_transpose")


def counts(case: Case) -> bool:
    """Tell whether a case counts: whether it is a call that has a right answer."""
    return case.operator in OPERATORS and case.has_answer


def _parity(case: Case) -> str:
    return _mixed("odd" if size % 2 else "even" for size in shapes.image_size(case))


def _against_stride(case: Case) -> str:
    axes = zip(shapes.kernel_size(case), case.strides, strict=True)
    return _mixed("below" if kernel < stride else "above" if kernel > stride else "equal" for kernel, stride in axes)


def _mixed(words: Iterable[str]) -> str:
    """Return the word that all axes share, or ``mixed`` if they differ."""
    found = set(words)
    return found.pop() if len(found) == 1 else "mixed"


def _strides(case: Case) -> str:
    return _alike(case.strides, "1")


def _dilations(case: Case) -> str:
    """Name the dilations of the axes whose windows have several elements. A single element is not dilated."""
    axes = zip(shapes.dilations(case), shapes.kernel_size(case), strict=True)
    return _alike(tuple(dilation for dilation, kernel in axes if kernel > 1) or (1,), "none")


def _alike(steps: tuple[int, ...], ones: str) -> str:
    if set(steps) == {1}:
        return ones
    return "equal" if len(set(steps)) == 1 else "unequal"


def _padding(case: Case) -> str:
    """Name the padding. SAME is odd if it is odd on any axis. Explicit padding of zeros pads nothing."""
    if case.padding == "VALID":
        return "VALID"
    pairs = shapes.padding_pairs(case)
    if case.padding != "SAME":
        if not any(map(any, pairs)):
            return "explicit, zeros"
        return "explicit, symmetric" if all(before == after for before, after in pairs) else "explicit, asymmetric"
    if any(before != after for before, after in pairs):
        return "SAME, odd"
    return "SAME, even" if any(map(any, pairs)) else "SAME, none"


def _output_size(case: Case) -> str:
    """Name the output size: the smallest image with as many windows along every axis, or a larger one."""
    axes = shapes.axes(case)
    least = all(_windows(case.padding, axes, number) < axis.count for number, axis in enumerate(axes))
    return "the smallest" if least else "larger"


def _windows(padding: Padding, axes: Sequence[Axis], number: int) -> int:
    """Return the number of windows along one axis if its image were an element shorter."""
    images = tuple(axis.image - (place == number) for place, axis in enumerate(axes))
    pair = shapes.pads(padding, images, tuple(axis.extent for axis in axes), tuple(axis.stride for axis in axes))
    return shapes.window_count(images[number], axes[number].extent, axes[number].stride, pair[number])


def _groups(case: Case) -> str:
    """Name the groups. Depthwise has one group for each channel, on the side with fewer channels."""
    channels = min(case.inputs["value"].shape[-1], shapes.out_channels(case))
    return "one" if case.groups == 1 else "depthwise" if case.groups >= channels else "several"


def _batch(case: Case) -> str:
    batch = case.inputs["value"].shape[0]
    return str(batch) if batch <= 1 else "several"


def _output_padding(added: tuple[int, ...] | None) -> str:
    return "unsaid" if added is None else "more" if any(added) else "zeros"


def _last_window(case: Case) -> str:
    """Name what becomes of elements behind the last whole window along some axis."""
    axes = shapes.axes(case)
    if any(axis.overhang for axis in axes):
        return "beyond the padding"
    return "within" if all(axis.padded <= axis.full for axis in axes) else "leaves a rest"


def _divisor(case: Case) -> str:
    """Name what means divide by, if it is not the elements inside the image of each window."""
    plain = shapes.is_plain(replace(case, ceil_mode=None))
    return "inside" if plain else "a number" if isinstance(case.divisor, int) else "padded"


def _counts_batch(case: Case) -> bool:
    """Tell whether the batch changes an index: that of a single image is the same either way."""
    return case.include_batch_in_index and case.inputs["value"].shape[0] > 1


def _flag(is_so: bool, yes: str, no: str) -> str:  # noqa: FBT001 - the answer is the argument
    return yes if is_so else no


_PADDINGS: Final = (
    *("VALID", "SAME, none", "SAME, even", "SAME, odd"),
    *("explicit, zeros", "explicit, symmetric", "explicit, asymmetric"),
)
_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "image": ("even", "odd", "mixed"),
    "kernel against stride": ("below", "equal", "above", "mixed"),
    "strides": ("1", "equal", "unequal"),
    "padding": _PADDINGS,
    "dilations": ("none", "equal", "unequal"),
    "spatial axes": ("1", "2", "3"),
    "groups": ("one", "several", "depthwise"),
    "bias": ("without", "with"),
    "output size": ("the smallest", "larger"),
    "output_padding": ("unsaid", "zeros", "more"),
    "last window": ("within", "leaves a rest", "beyond the padding"),
    "divisor": ("inside", "padded", "a number"),
    "index": ("within an image", "through the batch"),
    "layout": ("channels-last", "channels-first"),
    "dtype": (*dtypes.FLOATS, *dtypes.INTEGERS),
    "batch": ("0", "1", "several"),
    "gradients": ("unasked", "asked"),
    **sizes.VALUES,
    **numbers.VALUES,
}
EMPTY: Final[Value] = ("batch", "0")
"""The value that a case has alone, so that it is in no pair."""
_ORDER: Final = {name: position for position, name in enumerate(_VALUES)}
_OF_CASE: Final[dict[str, Callable[[Case], str]]] = {
    "image": _parity,
    "kernel against stride": _against_stride,
    "strides": _strides,
    "padding": _padding,
    "dilations": _dilations,
    "spatial axes": lambda case: str(len(case.strides)),
    "groups": _groups,
    "bias": lambda case: _flag("bias" in case.inputs, "with", "without"),
    "output size": _output_size,
    "output_padding": lambda case: _output_padding(case.output_padding),
    "last window": _last_window,
    "divisor": _divisor,
    "index": lambda case: _flag(_counts_batch(case), "through the batch", "within an image"),
    "layout": lambda case: _flag(case.channels_first, "channels-first", "channels-last"),
    "dtype": lambda case: case.dtype,
    "batch": _batch,
    "gradients": lambda case: _flag(bool(case.gradients), "asked", "unasked"),
}
_ONLY: Final[dict[str, Callable[[str], bool]]] = {
    "groups": lambda operator: operator in _FILTERED,
    "bias": lambda operator: operator in _FILTERED,
    "output size": is_outward,
    "output_padding": lambda operator: operator == "conv_transpose",
    "last window": lambda operator: operator in POOLING,
    "divisor": lambda operator: operator == "avg_pool",
    "index": lambda operator: operator == "max_pool_argmax",
    sizes.NUMBER: lambda operator: operator in _FILTERED,
}
"""Dimension -> whether an operator has it; only dimensions that not every operator has."""


def dimensions(operator: str) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of an operator, each with all its values."""
    found = {name: values for name, values in _VALUES.items() if name not in _ONLY or _ONLY[name](operator)}
    return found | {name: numbers.words(operator, name) for name in numbers.VALUES}


def values(case: Case) -> tuple[Value, ...]:
    """Return the value of a case in each dimension; the case must count.

    A case may have no value in a dimension of size or of numbers.
    """
    of_size = ((name, sizes.value(case, name)) for name in dimensions(case.operator) if name in sizes.VALUES)
    of_numbers = ((name, numbers.value(case, name)) for name in numbers.VALUES)
    found = itertools.chain(of_size, of_numbers)
    return (*kinds(case), *((name, word) for name, word in found if word is not None))


def kinds(case: Case) -> tuple[Value, ...]:
    """Return the value of a case in each dimension but those of size and of numbers; the case must count.

    An empty batch is the only value of a case that has it: there are no elements in which another could show.
    """
    if case.inputs["value"].shape[0] == 0:
        return (EMPTY,)
    return tuple((name, _OF_CASE[name](case)) for name in dimensions(case.operator) if name in _OF_CASE)


def pairs(found: Iterable[Value]) -> Iterator[Pair]:
    """Return the pairs of these values that count, in the order of the dimensions.

    A value of size is paired with those of the dimensions in ``sizes.WITH`` and with others of size. A value of numbers
    is paired with those in ``numbers.WITH``.
    """
    ordered = sorted(found, key=lambda value: _ORDER[value[0]])
    return filter(_counted, itertools.combinations(ordered, 2))


def _counted(pair: Pair) -> bool:
    if numbers.is_of_numbers(pair):
        return numbers.is_paired(pair[0][0], pair[1][0])
    others = [name for name, _ in pair if name not in sizes.VALUES]
    return len(others) == 2 or all(name in sizes.WITH for name in others)  # noqa: PLR2004 - neither is of size


def all_values(operator: str) -> list[Value]:
    """Return all values of an operator, even those that no call can have."""
    return [(name, value) for name, words in dimensions(operator).items() for value in words]


def all_pairs(operator: str) -> Iterator[Pair]:
    """Return all pairs of values of two different dimensions, even those that no call can have."""
    showing = [value for value in all_values(operator) if value != EMPTY]
    return (pair for pair in pairs(showing) if pair[0][0] != pair[1][0])
