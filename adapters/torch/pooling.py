"""``max_pool``, ``max_pool_argmax`` and ``avg_pool``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from adapters.base import NotSupported
from adapters.call import Call, Function, Text, fault
from adapters.torch import padding
from adapters.writing import indices
from adapters.writing.layout import cropped
from cases.model import dtypes, shapes
from cases.model.case import Case
from cases.model.shapes import Axis

INDICES: Final = indices.Convention(planes=True, arange="torch.arange")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """How the windows of a pooling are said: the image, the arguments, and what is taken of the result."""

    arguments: dict[str, Any]
    image: str = "value"
    crop: str = ""

    def of(self, name: str, **more: Any) -> Function:
        return Function(name=name, operands=(self.image,), arguments=self.arguments | more)


def relu(_case: Case) -> Call:
    """``F.relu``."""
    return Call(expression="F.relu(value)")


def max_pool(case: Case) -> Call:
    """``F.max_pool1d`` and its likes."""
    windows = _max(case)
    return Call(expression=(windows.of("F.max_pool{}d"), windows.crop))


def max_pool_argmax(case: Case) -> Call:
    """The same with ``return_indices``: its indices count within a plane, which is the padded one if padded first."""
    windows = _max(case)
    both = windows.of("F.max_pool{}d", return_indices=True)
    return Call(
        expression=(f"tuple(tensor{windows.crop} for tensor in ", both, ")") if windows.crop else both,
        returns=("output", "flat"),
        after=tuple(_canonical(case, padded=windows.image != "value")),
        outputs={"output": "{output}", "indices": "indices", "native_indices": "{flat}"},
    )


def avg_pool(case: Case) -> Call:
    """``F.avg_pool1d`` and its likes, without the padding in the count.

    Raises:
        NotSupported: if there are dilations.
    """
    if "dilations" in case.given or set(shapes.dilations(case)) != {1}:
        msg = "torch's average pooling has no dilation"
        raise NotSupported(msg)
    one_call = len(case.strides) == 1 or case.dtype not in {"float32", "float64"}
    windows = _one_call(case, may_crop=one_call)
    if windows is not None:
        return Call(expression=(windows.of("F.avg_pool{}d", count_include_pad=False), windows.crop))
    over = " // " if case.dtype in dtypes.INTEGERS else " / "
    return Call(expression=(*_sums(case, "value"), over, *_sums(case, "torch.ones_like(value)")))


def _canonical(case: Case, *, padded: bool) -> Iterator[str]:
    """Yield the statements that make canonical indices of PyTorch's."""
    places = indices.unpadded(case, "flat", INDICES) if padded else "flat"
    yield f"places = {places}  # {'flat over one padded plane' if padded else 'flat over a plane'}"
    yield f"indices = {indices.canonical(case, 'places', INDICES)}"
    if case.include_batch_in_index:
        yield f"indices = indices + {indices.through_batch(case, INDICES)}"


def _sums(case: Case, tensor: str) -> tuple[Any, ...]:
    image = padding.padded(case, tensor)
    if len(case.strides) > 1:
        sizes: dict[str, Any] = {"ksize": case.ksize, "strides": case.strides, "divisor_override": 1}
        return (Function(name="F.avg_pool{}d", operands=(image,), arguments=sizes),)
    # F.avg_pool1d has no divisor_override; two axes have it.
    rows = {"ksize": (1, *(case.ksize or ())), "strides": (1, *case.strides)}
    sizes = {name: Text(text=str(row)) for name, row in rows.items()} | {"divisor_override": 1}
    return Function(name="F.avg_pool2d", operands=(f"{image}.unsqueeze(-2)",), arguments=sizes), ".squeeze(-2)"


def _max(case: Case) -> _Windows:
    """Return how max pooling is said.

    Raises:
        NotSupported: if only padding first can say it, and which element was chosen is asked of data like padding.
    """
    windows = _one_call(case, may_crop=_may_hold_lowest(case))
    if windows is not None:
        return windows
    if _may_hold_lowest(case) and (case.operator == "max_pool_argmax" or case.gradients):
        msg = "torch pads by half a kernel at most, and padding first would tie with the lowest elements of the data"
        raise NotSupported(msg)
    image = padding.padded(case, "value", f", value={_lowest(case.dtype)}")
    arguments = {"ksize": case.ksize, "strides": case.strides, "dilations": case.dilations}
    return _Windows(image=image, arguments=arguments)


def _lowest(dtype: str) -> str:
    return str(np.iinfo(dtype).min) if dtype in dtypes.INTEGERS else "float('-inf')"


def _may_hold_lowest(case: Case) -> bool:
    """Tell whether the image may hold what it would be padded with, so that one is hard to tell from the other."""
    value = case.inputs["value"]
    words = {value.special, *(word for _, word in value.specials)}
    return value.dtype in dtypes.INTEGERS or "minus_inf" in words


def _one_call(case: Case, *, may_crop: bool) -> _Windows | None:
    """Return how the case is said as one call of PyTorch's, or None if padding comes first.

    Padding that differs before and after can often be said with ``ceil_mode``; ``may_crop`` asks for that.
    """
    dilations = None if case.operator == "avg_pool" else case.dilations
    sizes: dict[str, Any] = {"ksize": case.ksize, "strides": case.strides, "padding": padding.argument(case)}
    plain = _Windows(arguments=sizes | {"dilations": dilations})
    if fault(case) is not None:
        return plain
    axes = shapes.axes(case)
    if all(axis.before == axis.after and axis.before <= axis.kernel // 2 for axis in axes):
        return plain
    found = _ceiling(axes) if may_crop else None
    if found is None:
        return None
    pads, crop = found
    ceiling = {"padding": Text(text=str(pads)), "ceil_mode": True, "dilations": dilations}
    return _Windows(arguments=sizes | ceiling, crop=crop)


def _ceiling(axes: tuple[Axis, ...]) -> tuple[tuple[int, ...], str] | None:
    """Return padding and crop for ``ceil_mode``, which lets the last window reach behind the image.

    Windows that start too early are left out. None if PyTorch allows no such padding.
    """
    found = [_skipped(axis) for axis in axes]
    skips = [skip for skip in found if skip is not None]
    if len(skips) < len(axes):
        return None
    pads = tuple(axis.before + skip * axis.stride for axis, skip in zip(axes, skips, strict=True))
    cuts = (
        "" if (skip, axis.count) == (0, _windows(axis, pad)) else f"{skip}:{skip + axis.count}"
        for axis, skip, pad in zip(axes, skips, pads, strict=True)
    )
    return pads, cropped(cuts)


def _skipped(axis: Axis) -> int | None:
    """Return how many windows too many a large enough padding makes in front; None if PyTorch allows no such."""
    skips = range((axis.kernel // 2 - axis.before) // axis.stride + 1)
    fits = (skip for skip in skips if _windows(axis, axis.before + skip * axis.stride) >= skip + axis.count)
    return next(fits, None)


def _windows(axis: Axis, pad: int) -> int:
    """Return how many windows ``ceil_mode`` makes: those that start in the image or before it."""
    count = -(-(axis.image + 2 * pad - axis.extent) // axis.stride) + 1
    return count - 1 if (count - 1) * axis.stride >= axis.image + pad else count
