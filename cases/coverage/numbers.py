"""The dimensions of numbers: a special value in a tensor, and digits that a narrower dtype would lose.

A kernel for volumes, groups or long windows that loses a NaN, or that computes float64 in float32, shows it in such
numbers alone. So each of these values stands together with each value of the dimensions in ``WITH``, but where
``why_never`` says that no call has both.
"""

from __future__ import annotations

from typing import Final

from cases.coverage import sizes
from cases.coverage.sizes import Value
from cases.model import dtypes
from cases.model.case import Case, is_chosen
from cases.model.windows import special_words

SPECIAL: Final = "special value"
DIGITS: Final = "digits"
_KINDS: Final = {
    "nan": "nan",
    "inf": "infinity",
    "minus_inf": "infinity",
    "subnormal": "subnormal",
    "minus_subnormal": "subnormal",
    "minus_zero": "minus zero",
}
"""Word of a special value -> its kind. The largest numbers are none of these."""
_SMALL: Final = ("subnormal in value", "minus zero in value")
"""What only a choice keeps: in a sum a subnormal number is rounded away, and so is the sign of a zero."""
_OF_FILTERS: Final = ("nan in filter", "infinity in filter", "nan in bias", "infinity in bias")
_BACK: Final = ("nan in cotangent", "infinity in cotangent")
VALUES: Final[dict[str, tuple[str, ...]]] = {
    SPECIAL: ("none", "nan in value", "infinity in value", *_SMALL, *_OF_FILTERS, *_BACK),
    DIGITS: ("few", "many, float32", "many, float64", "many, int32", "many, int64"),
}
WITH: Final = (
    *("strides", "padding", "dilations", "spatial axes", "layout", "dtype", "gradients"),
    *(sizes.CHANNELS, sizes.WINDOW, sizes.IMAGES, sizes.NUMBER),
)
"""The other dimensions with which those of numbers are paired."""
_OF_SUMS: Final = {
    "float32": ("multiples",),
    "float64": ("wide", "broad", "long"),
    "int32": ("wide", "broad"),
    "int64": ("wide", "broad", "long"),
}
_OF_MEANS: Final = _OF_SUMS | dict.fromkeys(("int32", "int64"), ("multiples",))
_OF_CHOICES: Final = {
    "float32": ("wide",),
    "float64": ("broad", "long"),
    "int32": ("broad",),
    "int64": ("broad", "long"),
}
"""Dtype -> the fill rules of values that a narrower dtype rounds, or of which it rounds the sums."""


def words(operator: str, dimension: str) -> tuple[str, ...]:
    """Return the values of a dimension that calls of an operator can have."""
    if dimension != SPECIAL:
        return VALUES[dimension]
    lacks = (*(() if is_chosen(operator) else _SMALL), *(() if operator.startswith("conv") else _OF_FILTERS))
    return tuple(word for word in VALUES[SPECIAL] if word not in lacks)


def value(case: Case, dimension: str) -> str | None:
    """Return the value of a case in a dimension of numbers; None if the case has none, as one without elements."""
    if 0 in case.inputs["value"].shape:
        return None
    return _digits(case) if dimension == DIGITS else _special(case)


def _special(case: Case) -> str | None:
    found = {(_KINDS.get(word), name) for name, spec in case.inputs.items() for word in special_words(spec)}
    if not found:
        return "none"
    ((kind, name), *others) = found
    word = f"{kind} in {name}"
    return None if others or word not in words(case.operator, SPECIAL) else word


def _digits(case: Case) -> str | None:
    rules = _OF_CHOICES
    if case.operator.startswith("conv"):
        rules = _OF_SUMS
    elif case.operator == "avg_pool":
        rules = _OF_MEANS
    return f"many, {case.dtype}" if case.inputs["value"].fill in rules.get(case.dtype, ()) else "few"


def is_of_numbers(pair: tuple[Value, Value]) -> bool:
    """Tell whether one of a pair's values is of numbers."""
    return any(name in VALUES for name, _ in pair)


def is_paired(one: str, other: str) -> bool:
    """Tell whether the values of two dimensions, one of them of numbers, are paired."""
    return (other if one in VALUES else one) in WITH


def why_never(one: Value, other: Value) -> str:
    """Return why no call with a right answer has both values, one of them of numbers; empty if a call can have both."""
    return _why(one, other) or _why(other, one)


def _why(number: Value, other: Value) -> str:
    (name, word), (dimension, its) = number, other
    if name == SPECIAL and word != "none":
        if dimension == "dtype" and its in dtypes.INTEGERS:
            return "integers have no special values"
        return "only gradients need a cotangent" if word in _BACK and other == ("gradients", "unasked") else ""
    if name == DIGITS and word != "few":
        if dimension == "dtype" and not word.endswith(f" {its}"):
            return "these are the digits of another dtype"
        return "integers have no gradients" if "int" in word and other == ("gradients", "asked") else ""
    return ""
