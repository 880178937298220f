"""``max_unpool``, which PyTorch has, and ``avg_unpool``, which its ``F.fold`` and ``F.conv_transpose3d`` are."""

from __future__ import annotations

import math
from typing import Any

from adapters.call import Call, dilates, fault, function, refuse, refuse_given
from adapters.torch import conv
from adapters.torch.pooling import INDICES
from adapters.writing import indices, windows
from adapters.writing.forms import cropped
from cases.model import shapes
from cases.model.case import Case
from cases.model.dtypes import INTEGERS


def max_unpool(case: Case) -> Call:
    """``F.max_unpool1d`` and its likes.

    Raises:
        NotSupported: if an index points into another channel, or there are dilations.
    """
    refuse("torch's unpooling has no dilation", when=dilates(case))
    outside = _points_outside(case)
    is_padded, pads, size = _window(case)
    before = [f"flat = {_flat(case)}"]
    if is_padded:
        places = indices.padded(case, "flat", INDICES)
        if outside:  # it must stay outside: the padded plane has places for what lies behind the image
            count = math.prod(shapes.image_size(case))
            places = f"torch.where((flat >= 0) & (flat < {count}), {places}, -1)"
        before.append(f"flat = {places}")
    crop = cropped(map(windows.image, shapes.axes(case))) if is_padded else ""
    sizes = {"ksize": case.ksize, "strides": case.strides, "padding": pads, "output_shape": size}
    call = function("F.max_unpool{}d", "value", "flat", **sizes)
    return Call(expression=(call, crop), takes=("value", "flat"), before=tuple(before))


def _flat(case: Case) -> str:
    """Return PyTorch's indices, which count within a plane; what is no number can't be divided."""
    known = "indices" not in case.given and case.inputs["indices"].dtype in INTEGERS
    return indices.in_plane(case) if known else "indices"


def _points_outside(case: Case) -> bool:
    """Tell whether a wrong index lies outside the image.

    Raises:
        NotSupported: if a wrong index points into another channel: PyTorch's count within the plane of their own.
    """
    if case.broken is None or case.broken.rule != "index":
        return False
    size = math.prod((case.output_shape or ())[1:])
    outside = any(not 0 <= index < size for index in case.inputs["indices"].values or ())
    refuse(
        "torch's indices count within their own channel, so one that points into another can't be said",
        when=not outside,
    )
    return outside


def _window(case: Case) -> tuple[bool, Any, Any]:
    """Return whether the values go to the padded image, then padding and output_size for max_unpool.

    It wants output_size within a stride of (n - 1) * stride + ksize - 2 * padding. Where an odd padding puts the
    image's size beyond that, the values go to the padded image, which is cropped. A wrong batch or number of channels
    is said with the whole output_size; PyTorch reads neither.
    """
    images = shapes.image_size(case)
    if (wrong := fault(case)) is not None:
        whole = wrong.argument == "output_shape" and wrong.axis is None
        return False, windows.one_number(case), case.output_shape if whole else images
    axes = shapes.axes(case)
    if all(abs(axis.image - axis.full + 2 * axis.before) < axis.stride for axis in axes):
        return False, windows.lead(case), images
    return True, (0,) * len(axes), tuple(map(windows.padded_size, axes))


def avg_unpool(case: Case) -> Call:
    """``F.fold`` of each value repeated over its window; three axes need ``F.conv_transpose3d``.

    Raises:
        NotSupported: if there are dilations, or the value is given.
    """
    refuse_given(case, "value")  # which other steps come to first
    refuse("torch's unpooling has no dilation", when=dilates(case))
    if len(case.strides) > 2:  # noqa: PLR2004 - F.fold has two axes
        return _transposed(case)
    pads, sizes, crop = _fold_window(case)
    row = (1,) * (2 - len(case.strides))  # a line is one row of an image
    if row and isinstance(pads, tuple):
        pads = (0, *pads)
    window = {"ksize": (*row, *(case.ksize or ())), "strides": (*row, *case.strides)}
    columns = f"value.flatten(2).unsqueeze(2).expand(-1, -1, {math.prod(case.ksize or ())}, -1).flatten(1, 2)"
    fold = function("F.fold", "columns", output_shape=sizes, **window, padding=pads)
    return Call(
        expression=(fold, ".squeeze(2)" if row else "", crop),
        takes=("columns",),
        before=(f"columns = {columns}",),
    )


def _fold_window(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """Return padding, the spatial sizes and the crop of F.fold."""
    if fault(case) is not None or windows.alike(case):
        return windows.one_number(case), shapes.image_size(case), ""
    axes = shapes.axes(case)
    return (0,) * len(axes), tuple(map(windows.padded_size, axes)), cropped(map(windows.image, axes))


def _transposed(case: Case) -> Call:
    """Return the transpose of a convolution with ones, each channel by itself."""
    batch, *_, channels = case.inputs["value"].shape
    pads, extra, crop = conv.window(case)
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
