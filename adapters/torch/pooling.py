"""Pooling, which PyTorch has, as it has ``max_unpool``; ``avg_unpool`` is its ``F.fold`` or ``F.conv_transpose3d``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from adapters.call import Call, Expression, Function, Text, dilates, errs, fault, function, refuse, refuse_given
from adapters.torch.padding import of_transposed, padded
from adapters.writing import indices, windows
from adapters.writing.forms import cropped
from cases.model import shapes
from cases.model.case import DATA_FORMATS, Case
from cases.model.dtypes import INTEGERS

_TENSOR: Final = "torch.tensor({}).reshape({})"
_PLANES: Final = indices.Convention(planes=True, arange="torch.arange")


def relu(_case: Case) -> Call:
    """Call ``F.relu``."""
    return Call(expression="F.relu(value)")


def max_pool(case: Case) -> Call:
    """Call ``F.max_pool1d`` or its like."""
    return Call(expression=_max(case))


def max_pool_argmax(case: Case) -> Call:
    """Call the same with ``return_indices``: indices count within a plane, which is the padded one if padded first."""
    call, crop = _max(case, return_indices=True)
    is_padded = call.operands != ("value",)
    return Call(
        expression=(f"tuple(tensor{crop} for tensor in ", call, ")") if crop else call,
        returns=("output", "flat"),
        after=tuple(_canonical(windows.explicit(case) if is_padded else case, is_padded=is_padded)),
        outputs={"output": "{output}", "indices": "indices", "native_indices": "{flat}"},
    )


def avg_pool(case: Case) -> Call:
    """Call ``F.avg_pool1d`` or its like, or divide sums of windows."""
    refuse("torch's average pooling has no dilation", when=dilates(case))
    wrong = "divisor" in case.given or errs(case, "divisor")
    refuse("F.avg_pool1d takes no divisor, so a wrong one can't be said", when=wrong and len(case.strides) == 1)
    said = _mean(case)
    if said is not None:
        return Call(expression=said)
    same, over = windows.explicit(case), " // " if case.dtype in INTEGERS else " / "
    sums = _sums(same, "value")
    if case.divisor in {None, "inside"}:
        return Call(expression=sums + over + _sums(same, "torch.ones_like(value)"))
    if isinstance(case.divisor, int):
        return Call(expression=sums + over + str(case.divisor))
    counts = windows.divisors(replace(case, data_format=DATA_FORMATS[len(case.strides)][1]), _TENSOR)
    return Call(
        takes=("value", "counts"),
        before=(f"counts = ({counts}).to(value)  # elements inside the padded image",),
        expression=f"{sums}{over}counts",
    )


def _mean(case: Case) -> Expression | None:
    """Return the mean as one call; None if the padding, or a number to divide by, can't be said."""
    number = case.divisor if isinstance(case.divisor, int) else None
    if number is not None and len(case.strides) == 1:
        return None
    own: dict[str, Any] = {"count_include_pad": case.divisor == "padded"}
    if number is not None or "divisor" in case.given:
        own["divisor"] = number
    may_crop = len(case.strides) == 1 or case.dtype not in {"float32", "float64"}
    return _one_call(case, "F.avg_pool{}d", own, may_crop=may_crop and case.divisor != "padded")


def _canonical(case: Case, *, is_padded: bool) -> Iterator[str]:
    """Yield the statements that make canonical indices of PyTorch's."""
    places = indices.unpadded(case, "flat", _PLANES) if is_padded else "flat"
    yield f"places = {places}  # {'flat over one padded plane' if is_padded else 'flat over a plane'}"
    yield f"indices = {indices.canonical(case, 'places', _PLANES)}"
    if case.include_batch_in_index:
        yield f"indices = indices + {indices.through_batch(case, _PLANES)}"


def _sums(case: Case, tensor: str) -> str:
    image, axes = padded(case, tensor), len(case.strides)
    if axes > 1:
        return f"F.avg_pool{axes}d({image}, {case.ksize}, {case.strides}, divisor_override=1)"
    # F.avg_pool1d has no divisor_override; two axes have it.
    sizes = f"{(1, *(case.ksize or ()))}, {(1, *case.strides)}"
    return f"F.avg_pool2d({image}.unsqueeze(-2), {sizes}, divisor_override=1).squeeze(-2)"


def _max(case: Case, **more: Any) -> tuple[Function, str]:
    """Return how max pooling is said, and the crop of its result."""
    name, may_hold_lowest = "F.max_pool{}d", _may_hold_lowest(case)
    said = _one_call(case, name, {"dilations": case.dilations, **more}, may_crop=may_hold_lowest)
    if said is not None:
        return said
    tied = may_hold_lowest and (case.operator == "max_pool_argmax" or bool(case.gradients))
    why = "torch pads by half a kernel at most, and padding first would tie with the lowest elements of the data"
    refuse(why, when=tied)
    case = windows.explicit(case)
    image = padded(case, "value", f", value={_lowest(case.dtype)}")
    return function(name, image, ksize=case.ksize, strides=case.strides, dilations=case.dilations, **more), ""


def _lowest(dtype: str) -> str:
    return str(np.iinfo(dtype).min) if dtype in INTEGERS else "float('-inf')"


def _may_hold_lowest(case: Case) -> bool:
    """Tell whether the image may hold what it would be padded with, so that one is hard to tell from the other."""
    value = case.inputs["value"]
    words = {value.special, *(word for _, word in value.specials)}
    return value.dtype in INTEGERS or "minus_inf" in words


def _one_call(case: Case, name: str, last: dict[str, Any], *, may_crop: bool) -> tuple[Function, str] | None:
    """Return how the case is said as one call of PyTorch's, and the crop of its result; None if padding comes first.

    Padding that differs before and after can often be said with ``ceil_mode``; ``may_crop`` asks for that.
    """
    sizes: dict[str, Any] = {"ksize": case.ksize, "strides": case.strides, "padding": windows.one_number(case)}
    axes = shapes.axes(case) if fault(case) is None else ()
    alike = all(axis.before == axis.after and axis.before <= axis.kernel // 2 for axis in axes)
    if alike and not (axes and _keeps(case)):
        return function(name, "value", **sizes, **last, **_ceiled(case)), ""
    found = [pair for pair in map(windows.ceiling, axes) if pair is not None]
    if not may_crop or len(found) < len(axes):
        return None
    pads, cuts = zip(*found, strict=True)
    ceiling = sizes | {"padding": Text(text=str(pads)), "ceil_mode": True}
    return function(name, "value", **ceiling, **last), cropped(cuts)


def _keeps(case: Case) -> bool:
    """Tell whether a window is kept that begins behind the image, which PyTorch drops."""
    kept = case.ceil_mode == "keep"
    return kept and shapes.window_counts(case) != shapes.window_counts(replace(case, ceil_mode="drop"))


def _ceiled(case: Case) -> dict[str, Any]:
    """Return the argument for a further window, which drops what begins behind the image."""
    return {"ceil_mode": True} if case.ceil_mode is not None or "ceil_mode" in case.given else {}


def max_unpool(case: Case) -> Call:
    """Call ``F.max_unpool1d`` or its like."""
    refuse("torch's unpooling has no dilation", when=dilates(case))
    outside = indices.points_outside(case)
    other = "torch's indices count within their own channel, so one that points into another can't be said"
    refuse(other, when=outside is False)
    pads, size, cuts = _window(case)
    before = [f"flat = {_flat(case)}"]
    if cuts:  # the values go to the padded image
        places = indices.padded(case, "flat", _PLANES)
        if outside:  # it must stay outside: the padded plane has places for what lies behind the image
            count = math.prod(shapes.image_size(case))
            places = f"torch.where((flat >= 0) & (flat < {count}), {places}, -1)"
        before.append(f"flat = {places}")
    sizes = {"ksize": case.ksize, "strides": case.strides, "padding": pads, "output_shape": size}
    call = function("F.max_unpool{}d", "value", "flat", **sizes)
    return Call(expression=(call, cropped(cuts)), takes=("value", "flat"), before=tuple(before))


def _flat(case: Case) -> str:
    """Return PyTorch's indices, which count within a plane; what is no number can't be divided."""
    known = "indices" not in case.given and case.inputs["indices"].dtype in INTEGERS
    return indices.in_plane(case) if known else "indices"


def _window(case: Case) -> tuple[Any, Any, tuple[str, ...]]:
    """Return padding, output_size and crops for max_unpool.

    It wants output_size within a stride of (n - 1) * stride + ksize - 2 * padding. Where an odd padding puts the
    image's size beyond that, the values go to the padded image, which is cropped. A wrong batch or number of channels
    is said with the whole output_size; PyTorch reads neither.
    """
    images = shapes.image_size(case)
    if (wrong := fault(case)) is not None:
        whole = wrong.argument == "output_shape" and wrong.axis is None
        return windows.one_number(case), case.output_shape if whole else images, ()
    axes = shapes.axes(case)
    if all(abs(axis.image - axis.full + 2 * axis.before) < axis.stride for axis in axes):
        return windows.lead(case), images, ()
    return windows.padded_image(axes)


def avg_unpool(case: Case) -> Call:
    """Call ``F.fold`` on each value repeated over its window; three axes need ``F.conv_transpose3d``."""
    refuse_given(case, "value")  # which other steps come to first
    refuse("torch's unpooling has no dilation", when=dilates(case))
    if len(case.strides) > 2:  # noqa: PLR2004 - F.fold has two axes
        return _transposed(case)
    first = fault(case) is None and not windows.alike(case)
    plain = (windows.one_number(case), shapes.image_size(case), ())
    pads, sizes, cuts = windows.padded_image(shapes.axes(case)) if first else plain
    row = (1,) * (2 - len(case.strides))  # a line is one row of an image
    if row and isinstance(pads, tuple):
        pads = (0, *pads)
    window = {"ksize": (*row, *(case.ksize or ())), "strides": (*row, *case.strides)}
    columns = f"value.flatten(2).unsqueeze(2).expand(-1, -1, {math.prod(case.ksize or ())}, -1).flatten(1, 2)"
    fold = function("F.fold", "columns", output_shape=sizes, **window, padding=pads)
    return Call(
        expression=(fold, ".squeeze(2)" if row else "", cropped(cuts)),
        takes=("columns",),
        before=(f"columns = {columns}",),
    )


def _transposed(case: Case) -> Call:
    """Return the transpose of a convolution with ones, each channel by itself."""
    batch, *_, channels = case.inputs["value"].shape
    pads, extra, crop = of_transposed(case)
    sizes = {"strides": case.strides, "padding": pads, "output_padding": extra}
    call = function("F.conv_transpose3d", "volumes", "ones", **sizes)
    return Call(
        expression=(call, f".unflatten(0, ({batch}, {channels})).squeeze(2){crop}"),
        takes=("volumes", "ones"),
        before=(
            "volumes = value.flatten(0, 1).unsqueeze(1)",
            f"ones = value.new_ones({(1, 1, *(case.ksize or ()))})",
        ),
    )
