"""``max_pool``, ``max_pool_argmax`` and ``avg_pool``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adapters.base import NotSupported
from adapters.call import option, said
from adapters.torch import padding
from adapters.torch.text import Call
from cases.model import dtypes, rules, shapes
from cases.model.case import Case
from cases.model.shapes import Axis


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """How a pooling is said: its arguments, what is taken of its result, and whether the image is padded first."""

    arguments: str
    crop: str = ""
    padded: bool = False


def max_pool(case: Case) -> Call:
    """``F.max_pool1d`` and its likes."""
    said = _max(case)
    return Call(
        expression=f"F.max_pool{len(case.strides)}d({said.arguments}){said.crop}",
        arguments=("value",),
    )


def max_pool_argmax(case: Case) -> Call:
    """The same with ``return_indices``: its indices count within a plane, which is the padded one if padded first."""
    said = _max(case)
    call = f"F.max_pool{len(case.strides)}d({said.arguments}, return_indices=True)"
    if said.crop:
        call = f"tuple(tensor{said.crop} for tensor in {call})"
    named = {"output": "output", "indices": "indices", "native_indices": "flat"}
    return Call(
        expression=call,
        arguments=("value",),
        returns=("output", "flat"),
        after=tuple(_canonical(case, padded=said.padded)),
        outputs=tuple(named.items()),
    )


def relu(_case: Case) -> Call:
    """``F.relu``."""
    return Call(expression="F.relu(value)", arguments=("value",))


def _canonical(case: Case, *, padded: bool) -> list[str]:
    """The lines that make canonical indices of PyTorch's."""
    batch, *image, channels = case.inputs["value"].shape
    ones = ", 1" * len(case.strides)
    places = padding.places(shapes.axes(case), "flat", to_image=True) if padded else "flat"
    comment = "flat over one padded plane" if padded else "flat over a plane"
    lines = [f"places = {places}  # {comment}"]
    lines.append(f"indices = places * {channels} + torch.arange({channels}).reshape(-1{ones})")
    if case.include_batch_in_index:
        size = math.prod(image) * channels
        lines.append(f"indices = indices + torch.arange({batch}).reshape(-1, 1{ones}) * {size}")
    return lines


def avg_pool(case: Case) -> Call:
    """``F.avg_pool1d`` and its likes, without the padding in the count.

    Raises:
        NotSupported: if there are dilations.
    """
    if "dilations" in case.given or set(shapes.dilations(case)) != {1}:
        msg = "torch's average pooling has no dilation"
        raise NotSupported(msg)
    said = _said(
        case,
        one_call=len(case.strides) == 1 or case.dtype not in {"float32", "float64"},
    )
    if said is not None:
        call = f"F.avg_pool{len(case.strides)}d({said.arguments}, count_include_pad=False){said.crop}"
        return Call(expression=call, arguments=("value",))
    over = "//" if case.dtype in dtypes.INTEGERS else "/"
    call = f"{_sums(case, 'value')} {over} {_sums(case, 'torch.ones_like(value)')}"
    return Call(expression=call, arguments=("value",))


def _sums(case: Case, tensor: str) -> str:
    image = padding.padded(case, tensor)
    if len(case.strides) > 1:
        return f"F.avg_pool{len(case.strides)}d({image}, {case.ksize}, {case.strides}, divisor_override=1)"
    # F.avg_pool1d has no divisor_override; two axes have it.
    sizes = f"{(1, *(case.ksize or ()))}, {(1, *case.strides)}"
    return f"F.avg_pool2d({image}.unsqueeze(-2), {sizes}, divisor_override=1).squeeze(-2)"


def _max(case: Case) -> _Said:
    """How max pooling is said.

    Raises:
        NotSupported: if only padding first can say it, and which element was chosen is asked of data like padding.
    """
    said = _said(case, one_call=_may_hold_lowest(case))
    if said is not None:
        return said
    if _may_hold_lowest(case) and (case.operator == "max_pool_argmax" or case.gradients):
        msg = "torch pads by half a kernel at most, and padding first would tie with the lowest elements of the data"
        raise NotSupported(msg)
    image = padding.padded(case, "value", f", value={_lowest(case.dtype)}")
    return _Said(arguments=f"{image}, {case.ksize}, {case.strides}{_dilation(case)}", padded=True)


def _lowest(dtype: str) -> str:
    return str(np.iinfo(dtype).min) if dtype in dtypes.INTEGERS else "float('-inf')"


def _may_hold_lowest(case: Case) -> bool:
    """Whether the image may hold what it would be padded with: then its own elements and padding are hard to tell."""
    value = case.inputs["value"]
    words = {value.special, *(word for _, word in value.specials)}
    return value.dtype in dtypes.INTEGERS or "minus_inf" in words


def _said(case: Case, *, one_call: bool) -> _Said | None:
    """How the case is said as one call of PyTorch's, or None if padding comes first.

    Padding that differs before and after can often be said with ``ceil_mode``; ``one_call`` asks for that.
    """
    ksize, strides = said(case, "ksize", str(case.ksize)), said(case, "strides", str(case.strides))
    pads = padding.text(case, padding.argument(case))
    as_it_is = f"value, {ksize}, {strides}, padding={pads}{_dilation(case)}"
    if rules.broken(case) is not None:
        return _Said(arguments=as_it_is)
    axes = shapes.axes(case)
    if all(axis.before == axis.after and axis.before <= axis.kernel // 2 for axis in axes):
        return _Said(arguments=as_it_is)
    return _ceiling(case, axes) if one_call else None


def _dilation(case: Case) -> str:
    if case.operator == "avg_pool":
        return ""
    return option(case, "dilations", "dilation", None if case.dilations is None else str(case.dilations))


def _ceiling(case: Case, axes: tuple[Axis, ...]) -> _Said | None:
    """``ceil_mode`` lets the last window reach behind the image; windows that start too early are left out."""
    found = [_skipped(axis) for axis in axes]
    skips = [skip for skip in found if skip is not None]
    if len(skips) < len(axes):
        return None
    pads = tuple(axis.before + skip * axis.stride for axis, skip in zip(axes, skips, strict=True))
    cuts = tuple(
        "" if (skip, axis.count) == (0, _windows(axis, pad)) else f"{skip}:{skip + axis.count}"
        for axis, skip, pad in zip(axes, skips, pads, strict=True)
    )
    arguments = f"value, {case.ksize}, {case.strides}, padding={pads}, ceil_mode=True{_dilation(case)}"
    return _Said(arguments=arguments, crop=padding.crop(cuts))


def _skipped(axis: Axis) -> int | None:
    """How many windows too many a padding makes in front that is large enough; None if PyTorch allows no such."""
    skips = range((axis.kernel // 2 - axis.before) // axis.stride + 1)
    return next(
        (skip for skip in skips if _windows(axis, axis.before + skip * axis.stride) >= skip + axis.count),
        None,
    )


def _windows(axis: Axis, pad: int) -> int:
    """How many windows ``ceil_mode`` makes: those that start in the image or before it."""
    count = -(-(axis.image + 2 * pad - axis.extent) // axis.stride) + 1
    return count - 1 if (count - 1) * axis.stride >= axis.image + pad else count
