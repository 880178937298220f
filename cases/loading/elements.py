"""Checks of the elements of an entry's tensors: numbers, special values, indices, and what a dtype can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from cases.loading.sizes import BuildError
from cases.model import dtypes, fill, shapes
from cases.model.case import Case, TensorSpec


def flat(name: str, values: Any, shape: tuple[int, ...], *, special: bool = False) -> tuple[float, ...]:
    """Return literal values as a flat tuple in C order. NaN and infinities are allowed if ``special`` is true.

    Raises:
        BuildError: if a value is not a number, or there are not as many values as ``shape`` holds.
    """
    found = tuple(_elements(name, values, special=special))
    if len(found) != math.prod(shape):
        raise BuildError(
            name.partition(" ")[0],
            f"{name} has {len(found)} literal elements, the shape {shape} holds {math.prod(shape)}",
        )
    return found


def _elements(name: str, values: Any, *, special: bool) -> Iterator[float]:
    if isinstance(values, list):
        for value in values:
            yield from _elements(name, value, special=special)
    elif isinstance(values, float) and not math.isfinite(values) and not special:
        raise BuildError(name.partition(" ")[0], f"{name} holds {values}, which only a tensor of floats can hold")
    elif isinstance(values, (int, float)) and not isinstance(values, bool):
        if isinstance(values, int) and abs(values) >= 2**64:
            raise BuildError(name.partition(" ")[0], f"{name} holds a number that no dtype holds")
        yield values
    else:
        raise BuildError(name.partition(" ")[0], f"{name} holds {values!r}, which is not a number")


def check_special(name: str, spec: TensorSpec) -> None:
    """Check that a tensor's special value, if it has one, fits the dtype, the fill rule and the shape.

    Raises:
        BuildError: if it doesn't fit.
    """
    if spec.fill in fill.NORMAL and spec.dtype not in dtypes.FLOATS:
        raise BuildError(("data", name), f"{spec.dtype} holds no normal data; choose integers")
    if spec.specials and spec.dtype not in dtypes.FLOATS:
        raise BuildError(name, f"{spec.dtype} has no special values")
    if spec.special is not None:
        _check_special(name, spec)
    elif spec.position is not None:
        raise BuildError(
            "position", "position needs a special value, and there is none; add special or remove position"
        )


def _check_special(name: str, spec: TensorSpec) -> None:
    special, position = (("special", name), ("position", name)) if name == "value" else ((name,), (name,))
    if spec.dtype not in dtypes.FLOATS:
        raise BuildError(special, f"{spec.dtype} has no special values")
    if spec.fill in fill.NORMAL:
        raise BuildError(special, "special values need exact data, and normal data round; choose integers")
    count = math.prod(spec.shape)
    if spec.position is not None and spec.position >= count:
        raise BuildError(position, f"position {spec.position} is beyond the {count} elements of {name}")


def literal(spec: TensorSpec, values: tuple[float, ...]) -> TensorSpec:
    """Return the tensor with literal values. NaN and infinities become words."""
    words = tuple((place, _word(value)) for place, value in enumerate(values) if not math.isfinite(value))
    plain = tuple(value if math.isfinite(value) else 0 for value in values)
    return replace(spec, fill="literal", values=plain, specials=words)


def _word(value: float) -> str:
    return "nan" if math.isnan(value) else "inf" if value > 0 else "minus_inf"


def check_places(case: Case) -> None:
    """Check that the rule that fills the indices of a valid case can give each index a different place in the image.

    Raises:
        BuildError: if it can't.
    """
    spec = case.inputs.get("indices")
    if spec is None or spec.fill not in fill.PLACES or not math.prod(spec.shape):
        return
    if spec.fill == fill.FIRST:
        if case.behaviour is None and math.prod(spec.shape[1:-1]) > 1:
            raise BuildError("indices", "first: several values go to one place; mark the case as a behaviour")
        return
    rule, sizes = spec.fill, [(axis.count, axis.image) for axis in shapes.axes(case)]
    whole = [tuple(map(math.prod, zip(*sizes, strict=True)))] if rule == "anywhere" else sizes
    for count, places in whole:
        if count > places:
            message = f"{rule}: {count} indices can't all differ among {places} elements of the image"
            raise BuildError(("indices", "padding"), f"{message}; pad less, or give literal values")
    if rule == "indices" and not all(map(fill.has_places, shapes.axes(case))):
        message = "indices: a window holds padding alone, or has no place of its own"
        raise BuildError(("indices", "padding"), f"{message}; pad less, or give literal values")


def check_held(case: Case) -> None:
    """Check that the dtypes of a case can hold its data. float32 and float64 can hold the values of every rule.

    Raises:
        BuildError: if not: such data can't be given to a worker.
    """
    for name, spec in case.inputs.items():
        if spec.fill not in {"literal", "indices", *fill.NORMAL} and spec.dtype not in {"float32", "float64"}:
            try:
                fill.fill(replace(case, inputs={name: spec}))
            except ValueError:
                message = f"{spec.dtype} does not hold what the rule {spec.fill!r} fills {name} with"
                raise BuildError(("data", name, "dtype"), f"{message}; choose another rule or dtype") from None
        elif spec.fill == "literal" and name != "indices":
            wrong = [number for number in spec.values or () if not _holds(spec.dtype, number)]
            if wrong:
                raise BuildError(
                    name, f"{spec.dtype} does not hold {wrong[0]}, an element of {name}; choose another value or dtype"
                )


def _holds(dtype: str, number: float) -> bool:
    """Tell whether a dtype holds a number. Floats may round but not overflow; bfloat16 may not round (see ``fill``)."""
    if dtype in dtypes.INTEGERS:
        limits = np.iinfo(dtype)
        return number == int(number) and limits.min <= number <= limits.max
    held = float(dtypes.rounded(np.array(number, dtype=np.float64), dtype))
    return held == number if dtype == "bfloat16" else math.isfinite(held)


def may_tie(case: Case) -> bool:
    """Tell whether two elements of one channel are equal, so that a window may have two maxima."""
    value = fill.fill(case)["value"]
    planes = (image[..., channel] for image in value for channel in range(value.shape[-1]))
    return any(np.unique(plane).size < plane.size for plane in planes)
