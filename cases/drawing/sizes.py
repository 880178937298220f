"""The sizes of a drawn call: the image, the windows and the padding of each axis, and the channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cases.drawing import large, layers
from cases.drawing.layers import Line
from cases.drawing.options import Options
from cases.drawing.stream import Stream
from cases.model import shapes

_KERNELS: Final = {
    1: {1: 3, 2: 5, 3: 8, 4: 4, 5: 4, 6: 2, 7: 3, 9: 1, 11: 1},
    2: {1: 4, 2: 6, 3: 8, 4: 4, 5: 3, 6: 1, 7: 2},
    3: {1: 5, 2: 7, 3: 6, 4: 2, 5: 1},
}
"""Number of axes -> the sizes of a window along one axis, with weights."""
_STRIDES: Final = {1: 6, 2: 6, 3: 3, 4: 1, 5: 1}
_DILATIONS: Final = {1: 1, 2: 2, 3: 1}
_SMALL: Final = {1: 12, 2: 11, 3: 6}
_BLOCKS: Final = (15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)
"""Sizes at the ends of the blocks in which kernels work."""
_LONG: Final = (257, 300, 511, 513, 1025)
_CHANNELS: Final = {1: 4, 2: 5, 3: 5, 4: 4, 7: 2, 8: 2, 9: 2, 15: 2, 16: 2, 17: 2, 31: 1, 32: 2, 33: 2}
_DEPTHS: Final = (2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33)


def draw_sizes(options: Options, stream: Stream) -> dict[str, Any]:
    """Return the fields of an entry for its image, windows, padding and channels.

    Three axes have three different images, or the first and the third are the same in everything.
    """
    axes = _layer(options, stream) if options.layer else [_axis(options, stream) for _ in range(options.axes)]
    if len(axes) > 2 and options.symmetric and not options.layer:  # noqa: PLR2004 - three axes
        axes[2] = axes[0]
    if options.large:
        axes = [_holding(options, axis, stream) for axis in _enlarged(options, axes, stream)]
    window = "kernel" if options.filtered else "ksize"
    fields: dict[str, Any] = {
        "image": [axis.image for axis in axes],
        window: [axis.kernel for axis in axes],
        "strides": [axis.stride for axis in axes],
        "padding": options.padding,
    }
    if options.padding not in {"SAME", "VALID"}:
        fields["padding"] = [list(axis.pair) for axis in axes]
    if options.dilated:
        fields["dilations"] = [axis.dilation for axis in axes]
    return fields | _channels(options, stream)


def _axis(options: Options, stream: Stream) -> Line:
    kernel, stride = stream.weighted(_KERNELS[options.axes]), stream.weighted(_STRIDES)
    dilation = stream.weighted(_DILATIONS) if options.dilated else 1
    extent = shapes.extent(kernel, dilation)
    pair = _pair(options, extent, stream)
    image = _image(options.axes, stream)
    return _holding(options, Line(image=image, kernel=kernel, stride=stride, dilation=dilation, pair=pair), stream)


def _holding(options: Options, axis: Line, stream: Stream) -> Line:
    """Return the axis with an image that holds a window."""
    extent = shapes.extent(axis.kernel, axis.dilation)
    missing = 0 if options.padding == "SAME" else extent - sum(axis.pair) - axis.image
    return replace(axis, image=axis.image + missing + stream.below(4)) if missing > 0 else axis


def _layer(options: Options, stream: Stream) -> list[Line]:
    usual = layers.lines(options.axes, options.padding, stream, filtered=options.filtered, dilated=options.dilated)
    return [_rare(options, axis, stream) for axis in usual] if options.rare else usual


def _rare(options: Options, axis: Line, stream: Stream) -> Line:
    varied = layers.varied(axis, options.axes, stream, filtered=options.filtered, dilated=options.dilated)
    pair = _pair(options, shapes.extent(varied.kernel, varied.dilation), stream)
    return _holding(options, replace(varied, pair=pair), stream)


def _enlarged(options: Options, axes: list[Line], stream: Stream) -> list[Line]:
    """Return the axes with what is large in them; the channels, the groups and the batch are large elsewhere."""
    place = stream.below(len(axes))
    match options.large:
        case large.WINDOW:
            kernels = large.windows(len(axes), stream)
            return [replace(axis, kernel=kernel) for axis, kernel in zip(axes, kernels, strict=True)]
        case large.IMAGE:
            images = large.images(len(axes), stream)
            return [replace(axis, image=image) for axis, image in zip(axes, images, strict=True)]
        case large.STRIDE:
            stride = large.stride(stream)
            image = max(axes[place].image, 2 * stride + stream.below(stride))  # for more than one window
            axes[place] = replace(axes[place], stride=stride, image=image)
        case large.DILATION:
            axes[place] = replace(
                axes[place], dilation=large.dilation(stream), kernel=max(axes[place].kernel, 2 + stream.below(2))
            )
    return axes


def _pair(options: Options, extent: int, stream: Stream) -> tuple[int, int]:
    """Return explicit padding. It is below a window of pooling, so that no window holds padding alone."""
    most = min(max(extent - 1, int(options.filtered)), 4)
    first, second = stream.below(most + 1), stream.below(most + 1)
    side = stream.one_in(2)
    match options.padding:
        case "symmetric":
            return first, first
        case "asymmetric":
            return first, (second if second != first else (first + 1) % (most + 1))
        case "one side":
            return (first, 0) if side else (0, first)
        case _:
            return 0, 0


def _image(axes: int, stream: Stream) -> int:
    """Return the size of an image along one axis. It is mostly small; more axes make large sizes rarer."""
    small, block, long = 1 + stream.below(_SMALL[axes]), stream.one_of(_BLOCKS), stream.one_of(_LONG)
    kind = stream.below(16)
    if axes == 1 and kind < 2:  # noqa: PLR2004 - two of sixteen
        return long
    return block if kind < {1: 10, 2: 6, 3: 2}[axes] else small


def _channels(options: Options, stream: Stream) -> dict[str, Any]:
    if options.large == large.GROUPS:
        return large.groups(stream)
    first, second = stream.weighted(_CHANNELS), stream.weighted(_CHANNELS)
    if options.layer:
        first, second = stream.one_of(layers.CHANNELS), stream.one_of(layers.CHANNELS)
    many = large.channels(stream) if options.large == large.CHANNELS else 0
    if not options.filtered:
        return {"channels": many or first}
    if many and stream.one_in(2):
        second = many
    elif many:
        first = many
    if options.groups == "depthwise":
        depth = many or stream.one_of(layers.DEPTHS if options.layer else _DEPTHS)
        return {"in_channels": depth, "out_channels": depth * stream.one_of((1, 1, 2, 3)), "groups": depth}
    if options.groups == "one":
        return {"in_channels": first, "out_channels": second}
    groups = stream.one_of((2, 3, 4, 5))
    return {"in_channels": groups * first, "out_channels": groups * second, "groups": groups}
