"""``max_pool``, ``max_pool_argmax`` and ``avg_pool``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from adapters.call import Call, Function, Text, dilates, fault, function, refuse
from adapters.torch.conv import padded
from adapters.writing import indices, windows
from adapters.writing.forms import cropped
from cases.model import dtypes, shapes
from cases.model.case import Case

INDICES: Final = indices.Convention(planes=True, arange="torch.arange")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """How the windows of a pooling are said: the image, the arguments, and what is taken of the result."""

    arguments: dict[str, Any]
    image: str = "value"
    crop: str = ""

    def of(self, name: str, **more: Any) -> Function:
        return function(name, self.image, **self.arguments, **more)


def relu(_case: Case) -> Call:
    """``F.relu``."""
    return Call(expression="F.relu(value)")


def max_pool(case: Case) -> Call:
    """``F.max_pool1d`` and its likes."""
    said = _max(case)
    return Call(expression=(said.of("F.max_pool{}d"), said.crop))


def max_pool_argmax(case: Case) -> Call:
    """The same with ``return_indices``: its indices count within a plane, which is the padded one if padded first."""
    said = _max(case)
    both = said.of("F.max_pool{}d", return_indices=True)
    return Call(
        expression=(f"tuple(tensor{said.crop} for tensor in ", both, ")") if said.crop else both,
        returns=("output", "flat"),
        after=tuple(_canonical(case, is_padded=said.image != "value")),
        outputs={"output": "{output}", "indices": "indices", "native_indices": "{flat}"},
    )


def avg_pool(case: Case) -> Call:
    """``F.avg_pool1d`` and its likes, without the padding in the count.

    Raises:
        NotSupported: if there are dilations.
    """
    refuse("torch's average pooling has no dilation", when=dilates(case))
    one_call = len(case.strides) == 1 or case.dtype not in {"float32", "float64"}
    said = _one_call(case, may_crop=one_call)
    if said is not None:
        return Call(expression=(said.of("F.avg_pool{}d", count_include_pad=False), said.crop))
    over = " // " if case.dtype in dtypes.INTEGERS else " / "
    return Call(expression=_sums(case, "value") + over + _sums(case, "torch.ones_like(value)"))


def _canonical(case: Case, *, is_padded: bool) -> Iterator[str]:
    """Yield the statements that make canonical indices of PyTorch's."""
    places = indices.unpadded(case, "flat", INDICES) if is_padded else "flat"
    yield f"places = {places}  # {'flat over one padded plane' if is_padded else 'flat over a plane'}"
    yield f"indices = {indices.canonical(case, 'places', INDICES)}"
    if case.include_batch_in_index:
        yield f"indices = indices + {indices.through_batch(case, INDICES)}"


def _sums(case: Case, tensor: str) -> str:
    image, axes = padded(case, tensor), len(case.strides)
    if axes > 1:
        return f"F.avg_pool{axes}d({image}, {case.ksize}, {case.strides}, divisor_override=1)"
    # F.avg_pool1d has no divisor_override; two axes have it.
    sizes = f"{(1, *(case.ksize or ()))}, {(1, *case.strides)}"
    return f"F.avg_pool2d({image}.unsqueeze(-2), {sizes}, divisor_override=1).squeeze(-2)"


def _max(case: Case) -> _Windows:
    """Return how max pooling is said.

    Raises:
        NotSupported: if only padding first can say it, and which element was chosen is asked of data like padding.
    """
    said = _one_call(case, may_crop=_may_hold_lowest(case))
    if said is not None:
        return said
    tied = _may_hold_lowest(case) and (case.operator == "max_pool_argmax" or bool(case.gradients))
    why = "torch pads by half a kernel at most, and padding first would tie with the lowest elements of the data"
    refuse(why, when=tied)
    image = padded(case, "value", f", value={_lowest(case.dtype)}")
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
    sizes: dict[str, Any] = {"ksize": case.ksize, "strides": case.strides, "padding": windows.one_number(case)}
    plain = _Windows(arguments=sizes | {"dilations": dilations})
    if fault(case) is not None:
        return plain
    axes = shapes.axes(case)
    if all(axis.before == axis.after and axis.before <= axis.kernel // 2 for axis in axes):
        return plain
    found = [pair for pair in map(windows.ceiling, axes) if pair is not None]
    if not may_crop or len(found) < len(axes):
        return None
    pads, cuts = zip(*found, strict=True)
    ceiling = {"padding": Text(text=str(pads)), "ceil_mode": True, "dilations": dilations}
    return _Windows(arguments=sizes | ceiling, crop=cropped(cuts))
