"""Padding as PyTorch takes it: one size an axis, the same before and after. What differs, F.pad puts there first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis


def lead(case: Case) -> tuple[int, ...]:
    """How many elements of padding stand before each axis.

    Raises:
        ValueError: if the padding is an unknown word, or the case's sizes are not one an axis.
    """
    return tuple(before for before, _ in shapes.padding_pairs(case))


def symmetric(case: Case) -> bool:
    """Whether each axis has as much padding behind as before; raises as ``lead`` does."""
    return all(before == after for before, after in shapes.padding_pairs(case))


def argument(case: Case) -> Any:
    """The padding argument of any case, broken ones included: one number an axis, or an unknown word as it stands."""
    if case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str):
        return case.padding
    case = _windowed(case)
    sizes = (
        shapes.image_size(case),
        shapes.kernel_size(case),
        case.strides,
        shapes.dilations(case),
    )
    if case.padding == "VALID" or min(case.strides) < 1 or len(set(map(len, sizes))) > 1:
        return (0,) * len(case.strides)  # what SAME would be follows from no sizes, or it is nothing
    return lead(case)


def text(case: Case, own: Any) -> str:
    """The text of the padding argument: ``own``, unless it is given; of given pairs that are alike one number each."""
    given = case.given.get("padding", own)
    alike = isinstance(given, tuple) and all(isinstance(pair, tuple) and len(set(pair)) == 1 for pair in given)
    return str(tuple(pair[0] for pair in given)) if alike and given else repr(given)


def _windowed(case: Case) -> Case:
    """The case with what is given of its windows, where SAME follows from it."""
    axes = len(case.strides)
    given = {name: case.given[name] for name in ("strides", "ksize", "dilations") if name in case.given}
    whole: dict[str, Any] = {
        name: sizes
        for name, sizes in given.items()
        if isinstance(sizes, tuple) and len(sizes) == axes and all(type(size) is int for size in sizes)
    }
    return replace(case, **whole)


def padded(case: Case, tensor: str, fill: str = "") -> str:
    """The expression that pads a tensor as the case says; ``fill`` is a further argument of F.pad."""
    sizes = tuple(size for pair in reversed(shapes.padding_pairs(case)) for size in pair)  # the last axis comes first
    return f"F.pad({tensor}, {sizes}{fill})"


def image_crop(axes: tuple[Axis, ...]) -> str:
    """The index that takes the image out of the padded one."""
    return crop(tuple(f"{axis.before}:{axis.before + axis.image}" for axis in axes))


def crop(slices: tuple[str, ...]) -> str:
    """The index that takes a slice of each spatial axis; an empty one takes all."""
    return f"[..., {', '.join(part or ':' for part in slices)}]" if any(slices) else ""


def places(axes: tuple[Axis, ...], flat: str, *, to_image: bool) -> str:
    """The expression that turns indices flat over the padded plane into those over the image's, or the other way."""
    source = [axis.before + axis.image + axis.after if to_image else axis.image for axis in axes]
    target = [axis.image if to_image else axis.before + axis.image + axis.after for axis in axes]
    sign = "-" if to_image else "+"
    place, below = "", 1
    for number, axis in enumerate(axes):
        below = _product(source[number + 1 :])
        position = flat if below == 1 and number == len(axes) - 1 else f"{flat} // {below}"
        if number:
            position = f"{position} % {source[number]}"
        moved = f"{position} {sign} {axis.before}"
        place = f"({place}) * {target[number]} + {moved}" if place else moved
    return place


def _product(sizes: list[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total
