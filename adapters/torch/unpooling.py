"""``max_unpool``, which PyTorch has, and ``avg_unpool``, which its ``F.fold`` and ``F.conv_transpose3d`` are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adapters.base import NotSupported
from adapters.call import refuse_given, said
from adapters.torch import conv, padding
from adapters.torch.text import Call
from cases.model import rules, shapes
from cases.model.case import Case
from cases.model.dtypes import INTEGERS


def max_unpool(case: Case) -> Call:
    """``F.max_unpool1d`` and its likes.

    Raises:
        NotSupported: if an index points into another channel, or there are dilations.
    """
    _refuse_dilations(case)
    outside = _literal_outside(case)
    sizes, pads, crop, places = _window(case)
    if places and outside:  # it must stay outside: the padded plane has places for what lies behind the image
        images = math.prod(shapes.image_size(case))
        places = f"torch.where((flat >= 0) & (flat < {images}), {places}, -1)"
    before = [f"flat = {'indices' if 'indices' in case.given else _flat(case)}"]
    before += [f"flat = {places}"] if places else []
    arguments = f"{_window_text(case)}, {padding.text(case, pads)}, output_size={_whole(case) or sizes}"
    call = f"F.max_unpool{len(case.strides)}d(value, flat, {arguments}){crop}"
    return Call(expression=call, arguments=("value", "flat"), before=tuple(before))


def _window_text(case: Case) -> str:
    return f"{said(case, 'ksize', str(case.ksize))}, {said(case, 'strides', str(case.strides))}"


def _flat(case: Case) -> str:
    """Canonical indices as PyTorch's, which count within a plane; what is no number can't be divided."""
    if case.inputs["indices"].dtype not in INTEGERS:
        return "indices"
    return f"indices // {max(case.inputs['value'].shape[-1], 1)}"


def _whole(case: Case) -> str:
    """The whole output_size, batch and channels first, if it is given or they are wrong; PyTorch reads neither."""
    wrong = rules.broken(case)
    if wrong is None or wrong.argument != "output_shape" or wrong.reason.startswith("axis"):
        return ""
    size: Any = case.given.get("output_shape", case.output_shape)
    whole = isinstance(size, tuple) and len(size) == len(case.strides) + 2
    return str((size[0], size[-1], *size[1:-1])) if whole else repr(size)


def _literal_outside(case: Case) -> bool:
    """Whether indices that the case spells out lie outside the image.

    Raises:
        NotSupported: if they all lie inside, but one in another channel than its own: PyTorch's indices count within
            the plane of their own channel.
    """
    spec, value = case.inputs["indices"], case.inputs["value"]
    if spec.values is None or spec.shape != value.shape or case.output_shape is None:
        return False
    indices = np.array(spec.values, dtype=np.int64).reshape(spec.shape)
    channels = value.shape[-1]
    outside = (indices < 0) | (indices >= math.prod(case.output_shape[1:]))
    if not outside.any() and (indices % channels != np.arange(channels)).any():
        msg = "torch's indices count within their own channel, so one that points into another can't be said"
        raise NotSupported(msg)
    return bool(outside.any())


def _window(case: Case) -> tuple[tuple[int, ...], Any, str, str]:
    """output_size, padding, crop, and the shifted indices, for max_unpool.

    It wants output_size within a stride of (n - 1) * stride + ksize - 2 * padding. Where an odd padding puts the
    image's size beyond that, the values go to the padded image, which is cropped.
    """
    images = shapes.image_size(case)
    if rules.broken(case) is not None:
        return images, padding.argument(case), "", ""
    axes = shapes.axes(case)
    if all(abs(axis.image - axis.full + 2 * axis.before) < axis.stride for axis in axes):
        return images, padding.lead(case), "", ""
    sizes = tuple(axis.before + axis.image + axis.after for axis in axes)
    return (
        sizes,
        (0,) * len(axes),
        padding.image_crop(axes),
        padding.places(axes, "flat", to_image=False),
    )


def avg_unpool(case: Case) -> Call:
    """``F.fold`` of each value repeated over its window; three axes need ``F.conv_transpose3d``.

    Raises:
        NotSupported: if there are dilations, or the value is given.
    """
    refuse_given(case, "value")  # which other steps come to first
    _refuse_dilations(case)
    if len(case.strides) > 2:  # noqa: PLR2004 - F.fold has two axes
        return _transposed(case)
    pads, sizes, crop = _fold_window(case)
    ksize, strides, row = case.ksize or (), case.strides, ""
    area = math.prod(ksize)
    if len(strides) == 1:  # as one row of an image
        ksize, strides, sizes, row = (
            (1, *ksize),
            (1, *strides),
            (1, *sizes),
            ".squeeze(2)",
        )
        pads = (0, *pads) if isinstance(pads, tuple) else pads
    size, steps = _spatial(case, sizes), said(case, "strides", str(strides))
    window = f"kernel_size={said(case, 'ksize', str(ksize))}, stride={steps}, padding={padding.text(case, pads)}"
    arguments = f"output_size={size}, {window}"
    return Call(
        expression=f"F.fold(columns, {arguments}){row}{crop}",
        arguments=("columns",),
        before=(f"columns = value.flatten(2).unsqueeze(2).expand(-1, -1, {area}, -1).flatten(1, 2)",),
    )


def _spatial(case: Case, sizes: tuple[int, ...]) -> str:
    """The output_size of F.fold: of a given output_shape, what is not batch and channels."""
    axes, given = len(case.strides), case.given.get("output_shape")
    if isinstance(given, tuple):
        return str((1,) * (len(sizes) - axes) + (given[1:-1] if len(given) == axes + 2 else given))
    return said(case, "output_shape", str(sizes))


def _fold_window(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """padding, output_size and crop of F.fold."""
    if rules.broken(case) is not None or padding.symmetric(case):
        return padding.argument(case), shapes.image_size(case), ""
    axes = shapes.axes(case)
    sizes = tuple(axis.before + axis.image + axis.after for axis in axes)
    return (0,) * len(axes), sizes, padding.image_crop(axes)


def _transposed(case: Case) -> Call:
    """The transpose of a convolution with ones, each channel by itself."""
    batch, *_, channels = case.inputs["value"].shape
    refuse_given(case, "ksize", "output_shape")
    pads, extra, crop = conv.window(case)
    sizes = f"stride={said(case, 'strides', str(case.strides))}, padding={padding.text(case, pads)}"
    call = f"F.conv_transpose3d(volumes, ones, {sizes}, output_padding={extra})"
    return Call(
        expression=f"{call}.unflatten(0, ({batch}, {channels})).squeeze(2){crop}",
        arguments=("volumes", "ones"),
        before=(
            "volumes = value.flatten(0, 1).unsqueeze(1)",
            f"ones = value.new_ones({(1, 1, *(case.ksize or ()))})",
        ),
    )


def _refuse_dilations(case: Case) -> None:
    if "dilations" in case.given or set(shapes.dilations(case)) != {1}:
        msg = "torch's unpooling has no dilation"
        raise NotSupported(msg)
