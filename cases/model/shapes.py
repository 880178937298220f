"""The shape laws, SAME padding among them: an image, a kernel, a stride and a padding fix every other size.

Every operator of the suite relates an **image** to the grid of **windows** on it. The image is the input of conv and
pooling, and the output of conv_transpose and unpooling. One ``Axis`` holds that relation for one spatial axis, in
whichever direction the data flows, so each padding rule is written once. Sizes are in elements.

Source: the padding rules are those of TensorFlow's ``tf.nn`` documentation ("Notes on padding"), the only framework
of the three that defines SAME for a transposed convolution with any output shape.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from cases.model.case import Case, CeilMode, Divisor, Padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A spatial axis: ``count`` windows of ``kernel`` elements, ``stride`` apart, on a padded image.

    The elements of a window are ``dilation`` apart. Positions are counted from the image's first element, which has the
    position 0; in the padding before the image they are negative.
    """

    image: int
    count: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Return the number of elements of the image that a window spans."""
        return extent(self.kernel, self.dilation)

    @property
    def full(self) -> int:
        """Return the length of the full transposed result, before it is seen through the window (before, image)."""
        return (self.count - 1) * self.stride + self.extent

    @property
    def covered(self) -> int:
        """Return the number of elements of the image, from its start, that lie under or before the last window."""
        return self.full - self.before

    @property
    def padded(self) -> int:
        """Return the length of the image with its padding on both sides."""
        return self.before + self.image + self.after

    @property
    def overhang(self) -> int:
        """Return the number of elements by which the last window reaches beyond the padded image."""
        return max(self.full - self.padded, 0)

    @property
    def starts(self) -> range:
        """Return the position at which each window begins."""
        return range(-self.before, self.count * self.stride - self.before, self.stride)

    def positions(self, window: int) -> range:
        """Return the position of each element of a window, those in the padding included."""
        start = window * self.stride - self.before
        return range(start, start + self.extent, self.dilation)

    def inside(self, window: int) -> range:
        """Return the positions of those elements of a window that lie in the image."""
        return self._between(0, window, self.image)

    def inside_padded(self, window: int) -> range:
        """Return the positions of those elements of a window that lie in the padded image."""
        return self._between(-self.before, window, self.image + self.after)

    def _between(self, start: int, window: int, stop: int) -> range:
        positions = self.positions(window)
        first = -((positions.start - start) // self.dilation)  # the number of elements before the start
        last = -((positions.start - stop) // self.dilation)  # the number before the stop
        return positions[max(first, 0) : max(last, 0)]


def counted(axis: Axis, divisor: Divisor | None) -> tuple[int, ...]:
    """Return how many elements of each window a mean counts along an axis: those in the image, or in the padded one."""
    count = axis.inside_padded if divisor == "padded" else axis.inside
    return tuple(len(count(window)) for window in range(axis.count))


def is_plain(case: Case) -> bool:
    """Tell whether a call has the windows, and divides by the numbers, that it has without ceil_mode and divisor."""
    along = axes(case)
    if any(axis.overhang for axis in along):
        return False
    if isinstance(case.divisor, int):
        return areas(along, None) == {case.divisor}
    return all(counted(axis, case.divisor) == counted(axis, None) for axis in along)


def areas(along: tuple[Axis, ...], divisor: Divisor | None) -> set[int]:
    """Return the numbers of elements that a mean counts in windows: those in the image, or in the padded one."""
    return {math.prod(sides) for sides in itertools.product(*({*counted(axis, divisor)} for axis in along))}


def has_empty_window(case: Case) -> bool:
    """Tell whether a pooling has a window with no maximum, or with a mean that divides by nothing."""
    return not isinstance(case.divisor, int) and any(0 in counted(axis, case.divisor) for axis in axes(case))


def axes(case: Case) -> tuple[Axis, ...]:
    """Return the spatial axes of a case. Nothing is checked: a broken case gives sizes that do not fit together."""
    sizes = zip(
        image_size(case),
        window_counts(case),
        kernel_size(case),
        case.strides,
        padding_pairs(case),
        dilations(case),
        strict=True,
    )
    return tuple(
        Axis(image=image, count=count, kernel=kernel, stride=stride, before=before, after=after, dilation=dilation)
        for image, count, kernel, stride, (before, after), dilation in sizes
    )


def image_size(case: Case) -> tuple[int, ...]:
    """Return the spatial size of the image: of the output if the case has an output_shape, else of the value."""
    return (case.output_shape or case.inputs["value"].shape)[1:-1]


def kernel_size(case: Case) -> tuple[int, ...]:
    """Return the spatial size of a window: that of the filter, or ksize."""
    return case.inputs["filter"].shape[:-2] if case.ksize is None else case.ksize


def dilations(case: Case) -> tuple[int, ...]:
    """Return the dilation of each axis: 1 if the case names none."""
    return (1,) * len(case.strides) if case.dilations is None else case.dilations


def extent(kernel: int, dilation: int) -> int:
    """Return the number of elements of the image that a window of ``kernel`` elements spans."""
    return (kernel - 1) * dilation + 1


def extents(case: Case) -> tuple[int, ...]:
    """Return, for each axis, the number of elements of the image that a window spans."""
    return tuple(extent(*sizes) for sizes in zip(kernel_size(case), dilations(case), strict=True))


def padding_pairs(case: Case) -> tuple[tuple[int, int], ...]:
    """Return the (before, after) padding of each axis.

    Raises:
        ValueError: if the padding is an unknown word, or if an argument does not have one entry for each axis.
    """
    return pads(case.padding, image_size(case), extents(case), case.strides)


def window_counts(case: Case) -> tuple[int, ...]:
    """Return the number of windows along each axis: the size of the value if the image is the output, else computed."""
    if case.output_shape is not None:
        return case.inputs["value"].shape[1:-1]
    axes = zip(image_size(case), extents(case), case.strides, padding_pairs(case), strict=True)
    return tuple(window_count(*axis, case.ceil_mode) for axis in axes)


def pads(
    padding: Padding, images: tuple[int, ...], extents: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Return the (before, after) padding of each axis of an image, under windows that span ``extents`` elements.

    Raises:
        ValueError: if ``padding`` is a word other than SAME and VALID.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "VALID":
        return ((0, 0),) * len(images)
    if padding == "SAME":
        return tuple(same_padding(*sizes) for sizes in zip(images, extents, strides, strict=True))
    msg = f"padding is {padding!r}, neither SAME nor VALID"
    raise ValueError(msg)


def same_padding(image: int, extent: int, stride: int) -> tuple[int, int]:
    """Return SAME's (before, after): the least with which ceil(image / stride) windows fit, the odd element after."""
    count = -(-image // stride)
    total = max((count - 1) * stride + extent - image, 0)
    return total // 2, total - total // 2


def window_count(image: int, extent: int, stride: int, pair: tuple[int, int], ceil_mode: CeilMode | None = None) -> int:
    """Return the number of windows on an image padded by ``pair``; zero or less if there is none.

    The elements behind the last window that fits get a further window if ``ceil_mode`` is set, which reaches beyond the
    padding. If it begins behind the image, ``drop`` leaves it out.
    """
    room = image + sum(pair) - extent
    count = room // stride + 1
    if ceil_mode is None or room % stride == 0:
        return count
    return count if ceil_mode == "drop" and count * stride >= image + pair[0] else count + 1


def output_shape(case: Case) -> tuple[int, ...]:
    """Return the shape of the ``output`` of a valid case."""
    if case.output_shape is not None:
        return case.output_shape
    return (case.inputs["value"].shape[0], *window_counts(case), out_channels(case))


def out_channels(case: Case) -> int:
    """Return the number of channels of a case's ``output``."""
    if "filter" not in case.inputs:
        return case.inputs["value"].shape[-1]
    *_, first, last = case.inputs["filter"].shape
    return first * case.groups if case.operator == "conv_transpose" else last
