"""The shape laws: how an image, a kernel, a stride and a padding fix every other size.

All operators of the suite relate an **image** (the input of conv and pooling, the output of conv_transpose and
unpooling) to the grid of **window** positions on it. One ``Axis`` holds that relation for one spatial axis, whichever
way the data flows, so each padding rule is written once. Sizes are in elements.

Source: the padding rules are those of TensorFlow's ``tf.nn`` documentation ("Notes on padding"), the only framework
of the three that defines SAME for a transposed convolution with any output shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.case import Case, Padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One spatial axis: ``count`` windows of ``kernel`` elements, ``stride`` apart, on a padded image."""

    image: int
    count: int
    kernel: int
    stride: int
    before: int
    after: int

    @property
    def full(self) -> int:
        """Length of the full transposed result, before it is seen through the window (before, image)."""
        return (self.count - 1) * self.stride + self.kernel

    @property
    def covered(self) -> int:
        """How many elements of the image, from its start, lie under or before the last window."""
        return self.full - self.before


def axes(case: Case) -> tuple[Axis, ...]:
    """The spatial axes of a case. Nothing is checked: a broken case gives sizes that do not fit together."""
    images, kernels = image_size(case), kernel_size(case)
    counts = window_counts(case)
    pairs = pads(case.padding, images, kernels, case.strides)
    return tuple(
        Axis(image=image, count=count, kernel=kernel, stride=stride, before=before, after=after)
        for image, count, kernel, stride, (before, after) in zip(
            images, counts, kernels, case.strides, pairs, strict=True
        )
    )


def image_size(case: Case) -> tuple[int, ...]:
    """The image's spatial size: of the output where there is an output_shape, else of the value."""
    return (case.output_shape or case.inputs["value"].shape)[1:-1]


def kernel_size(case: Case) -> tuple[int, ...]:
    """The window's spatial size: the filter's, or ksize."""
    return case.inputs["filter"].shape[:-2] if case.ksize is None else case.ksize


def window_counts(case: Case) -> tuple[int, ...]:
    """How many windows each axis has: given by the value where the image is the output, computed elsewhere."""
    if case.output_shape is not None:
        return case.inputs["value"].shape[1:-1]
    images, kernels = image_size(case), kernel_size(case)
    pairs = pads(case.padding, images, kernels, case.strides)
    return tuple(
        window_count(image, kernel, stride, pair)
        for image, kernel, stride, pair in zip(images, kernels, case.strides, pairs, strict=True)
    )


def pads(
    padding: Padding, images: tuple[int, ...], kernels: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """The (before, after) padding of each axis of an image.

    Raises:
        ValueError: if ``padding`` is a word other than SAME and VALID.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "VALID":
        return ((0, 0),) * len(images)
    if padding == "SAME":
        return tuple(same_padding(*sizes) for sizes in zip(images, kernels, strides, strict=True))
    msg = f"padding is {padding!r}, neither SAME nor VALID"
    raise ValueError(msg)


def same_padding(image: int, kernel: int, stride: int) -> tuple[int, int]:
    """SAME: enough that ceil(image / stride) windows fit, the odd element after the image."""
    count = -(-image // stride)
    total = max((count - 1) * stride + kernel - image, 0)
    return total // 2, total - total // 2


def window_count(image: int, kernel: int, stride: int, pair: tuple[int, int]) -> int:
    """How many windows fit on an image padded by ``pair``; zero or less if none does."""
    return (image + sum(pair) - kernel) // stride + 1


def output_shape(case: Case) -> tuple[int, ...]:
    """The shape of a valid case's ``output``."""
    if case.output_shape is not None:
        return case.output_shape
    value = case.inputs["value"].shape
    channels = case.inputs["filter"].shape[-1] if case.operator == "conv" else value[-1]
    return (value[0], *window_counts(case), channels)
