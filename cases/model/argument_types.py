"""The types of a call's arguments, checked before anything is computed from them.

A wrong call may pass any value: None, a text, 1.5. Such a call breaks the rule ``type``. A call breaks the rule
``dtype`` if the dtypes of its tensors don't fit together, or if they hold no real numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from cases.model.case import POOLING, Broken, Case, TensorSpec, is_outward
from cases.model.dtypes import FLOATS, INTEGERS

_OPTIONAL: Final = ("dilations", "output_padding", "ceil_mode", "divisor", "data_format")
"""The arguments that every call may leave out."""
_ONLY: Final = {"ceil_mode": POOLING, "divisor": ("avg_pool",)}
"""The operators that have an argument, where not all have it."""
_INDICES: Final = ("int32", "int64")


def faults(case: Case) -> Iterator[Broken]:
    """Yield the arguments of a wrong type, then the tensors of a wrong dtype."""
    yield from _types(case)
    yield from _dtypes(case)


def _types(case: Case) -> Iterator[Broken]:
    for name, (fits, wanted) in _KINDS.items():
        if case.operator not in _ONLY.get(name, {case.operator}):
            continue
        value = getattr(case, name)
        if not fits(value) and (value is not None or _needs(case, name)):
            yield Broken(rule="type", argument=name, reason=f"{name} is {value!r}, not {wanted}")
    for name, spec in case.inputs.items():
        if not isinstance(spec, TensorSpec):
            yield Broken(rule="type", argument=name, reason=f"{name} is {spec!r}, not a tensor")


def _dtypes(case: Case) -> Iterator[Broken]:
    value = case.inputs["value"].dtype
    if value not in (*FLOATS, *INTEGERS):
        yield Broken(rule="dtype", argument="value", reason=f"value is {value}, which holds no real numbers")
    for name, spec in case.inputs.items():
        if name == "indices" and spec.dtype not in _INDICES:
            yield Broken(rule="dtype", argument=name, reason=f"{name} are {spec.dtype}, not {' or '.join(_INDICES)}")
        if name != "indices" and spec.dtype != value:
            yield Broken(rule="dtype", argument=name, reason=f"{name} is {spec.dtype}, the value {value}")


def _needs(case: Case, name: str) -> bool:
    if name == "ksize":
        return "filter" not in case.inputs
    if name == "output_shape":
        return is_outward(case.operator)
    return name not in _OPTIONAL


def _is_whole(value: object) -> bool:
    return type(value) is int


def _are_whole(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_whole, value))


def _is_padding(value: object) -> bool:
    pairs = isinstance(value, tuple) and all(_are_whole(pair) and len(pair) == 2 for pair in value)  # noqa: PLR2004 - before and after
    return isinstance(value, str) or pairs


_KINDS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "strides": (_are_whole, "whole numbers, one an axis"),
    "padding": (_is_padding, "SAME, VALID, or a pair of whole numbers an axis"),
    "ksize": (_are_whole, "whole numbers, one an axis"),
    "output_shape": (_are_whole, "whole numbers, one an axis"),
    "output_padding": (_are_whole, "whole numbers, one an axis"),
    "dilations": (_are_whole, "whole numbers, one an axis"),
    "ceil_mode": (lambda value: value in ("drop", "keep"), "drop or keep"),
    "divisor": (lambda value: value in ("inside", "padded") or _is_whole(value), "inside, padded or a whole number"),
    "groups": (_is_whole, "a whole number"),
    "data_format": (lambda value: isinstance(value, str), "a word"),
}
