"""The shape laws: how an image, a kernel, a stride and a padding fix every other size.

All operators of the suite relate an **image** (the input of conv and pooling, the output of conv_transpose and
unpooling) to the grid of **window** positions on it. One ``Axis`` holds that relation for one spatial axis, whichever
way the data flows, so each padding rule is written once. Sizes are in elements.

Source: the padding rules are those of TensorFlow's ``tf.nn`` documentation ("Notes on padding"), the only framework
of the three that defines SAME for a transposed convolution with any output shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.model.case import Case, Padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One spatial axis: ``count`` windows of ``kernel`` elements, ``stride`` apart, on a padded image.

    The elements of a window are ``dilation`` apart.
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
        """How many elements of the image a window spans."""
        return extent(self.kernel, self.dilation)

    @property
    def full(self) -> int:
        """Length of the full transposed result, before it is seen through the window (before, image)."""
        return (self.count - 1) * self.stride + self.extent

    @property
    def covered(self) -> int:
        """How many elements of the image, from its start, lie under or before the last window."""
        return self.full - self.before

    @property
    def padded(self) -> int:
        """Return the length of the image with its padding on both sides."""
        return self.before + self.image + self.after

    @property
    def starts(self) -> range:
        """Return the position in the image where each window begins; it is below 0 in the padding."""
        return range(-self.before, self.count * self.stride - self.before, self.stride)

    def positions(self, window: int) -> range:
        """Return the position in the image of each element of a window, with those in the padding."""
        start = window * self.stride - self.before
        return range(start, start + self.extent, self.dilation)

    def inside(self, window: int) -> range:
        """Return the positions of those elements of a window that lie in the image."""
        positions = self.positions(window)
        first = -(positions.start // self.dilation)  # the first element that lies at 0 or behind it
        stop = -((positions.start - self.image) // self.dilation)  # the first one behind the image
        return positions[max(first, 0) : max(stop, 0)]


def axes(case: Case) -> tuple[Axis, ...]:
    """The spatial axes of a case. Nothing is checked: a broken case gives sizes that do not fit together."""
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
    """The image's spatial size: of the output where there is an output_shape, else of the value."""
    return (case.output_shape or case.inputs["value"].shape)[1:-1]


def kernel_size(case: Case) -> tuple[int, ...]:
    """The window's spatial size: the filter's, or ksize."""
    return case.inputs["filter"].shape[:-2] if case.ksize is None else case.ksize


def dilations(case: Case) -> tuple[int, ...]:
    """The dilation of each axis, 1 where the case names none."""
    return (1,) * len(case.strides) if case.dilations is None else case.dilations


def extent(kernel: int, dilation: int) -> int:
    """How many elements of the image a window of ``kernel`` elements spans."""
    return (kernel - 1) * dilation + 1


def extents(case: Case) -> tuple[int, ...]:
    """How many elements of the image a window spans, an axis."""
    return tuple(extent(*sizes) for sizes in zip(kernel_size(case), dilations(case), strict=True))


def padding_pairs(case: Case) -> tuple[tuple[int, int], ...]:
    """The (before, after) padding of each axis.

    Raises:
        ValueError: if the padding is an unknown word, or the case's sizes are not one an axis.
    """
    return pads(case.padding, image_size(case), extents(case), case.strides)


def window_counts(case: Case) -> tuple[int, ...]:
    """How many windows each axis has: given by the value where the image is the output, computed elsewhere."""
    if case.output_shape is not None:
        return case.inputs["value"].shape[1:-1]
    axes = zip(image_size(case), extents(case), case.strides, padding_pairs(case), strict=True)
    return tuple(window_count(*axis) for axis in axes)


def pads(
    padding: Padding, images: tuple[int, ...], extents: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """The (before, after) padding of each axis of an image, under windows that span ``extents`` elements.

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
    """SAME: enough that ceil(image / stride) windows fit, the odd element after the image."""
    count = -(-image // stride)
    total = max((count - 1) * stride + extent - image, 0)
    return total // 2, total - total // 2


def window_count(image: int, extent: int, stride: int, pair: tuple[int, int]) -> int:
    """How many windows fit on an image padded by ``pair``; zero or less if none does."""
    return (image + sum(pair) - extent) // stride + 1


def output_shape(case: Case) -> tuple[int, ...]:
    """The shape of a valid case's ``output``."""
    if case.output_shape is not None:
        return case.output_shape
    return (case.inputs["value"].shape[0], *window_counts(case), out_channels(case))


def out_channels(case: Case) -> int:
    """The channels of a case's ``output``."""
    if "filter" not in case.inputs:
        return case.inputs["value"].shape[-1]
    *_, first, last = case.inputs["filter"].shape
    return first * case.groups if case.operator == "conv_transpose" else last
