"""The spatial sizes of an entry, one number for each axis. A size that is left out follows from the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cases.loading.entries import ConvTransposeEntry, Entry, PoolEntry
from cases.model import shapes
from cases.model.case import Padding


class BuildError(Exception):
    """An entry that can't become a case.

    ``fields`` names the fields that may be at fault, the likeliest first: a message points at the first of them that
    is in the file. ``within`` is the part of the entry in which they are looked for first.
    """

    def __init__(self, fields: str | tuple[str, ...], message: str, within: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.fields = (fields,) if isinstance(fields, str) else fields
        self.within = within


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The image and its windows: one number, or pair, for each spatial axis."""

    image: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    output_padding: tuple[int, ...] | None
    dilations: tuple[int, ...] | None

    @property
    def extents(self) -> tuple[int, ...]:
        """Return the number of elements of the image that a window spans, for each axis.

        Raises:
            ValueError: if there is not one dilation for each axis.
        """
        dilations = (1,) * len(self.kernel) if self.dilations is None else self.dilations
        return tuple(shapes.extent(*sizes) for sizes in zip(self.kernel, dilations, strict=True))


def sizes_of(entry: Entry) -> Sizes:
    """Return the sizes that an entry without a grid gives or implies.

    Raises:
        BuildError: if a size is missing, or the sizes don't fit together.
    """
    rank = _rank(entry)
    kernel, strides = each(_kernel(entry), rank), each(entry.strides, rank)
    sizes = Sizes(
        image=(),
        kernel=kernel,
        strides=strides,
        padding=padding_of(entry.padding),
        output_padding=_output_padding(entry, rank),
        dilations=None if entry.dilations is None else each(entry.dilations, rank),
    )
    return replace(sizes, image=_image(entry) if sizes.output_padding is None else _implied_image(entry, sizes))


def _rank(entry: Entry) -> int:
    """Return the number of the entry's spatial axes."""
    if entry.image is not None:
        return len(entry.image)
    shape = entry.value.shape if entry.value is not None else None
    return len(shape) - 2 if shape is not None else 2


def _kernel(entry: Entry) -> int | list[int]:
    name = "ksize" if isinstance(entry, PoolEntry) else "kernel"
    kernel = getattr(entry, name)
    if kernel is None:
        raise BuildError(name, f"{name} is missing: the window's spatial size, e.g. 3 or [3, 5]")
    return kernel  # type: ignore[no-any-return]


def each(size: int | list[int], rank: int) -> tuple[int, ...]:
    """Return a size for each spatial axis: one number stands for all axes."""
    return (size,) * rank if isinstance(size, int) else tuple(size)


def padding_of(written: str | list[list[int]]) -> Padding:
    """Return an entry's padding in the form that a case holds.

    Raises:
        BuildError: if ``written`` is a list of anything but pairs.
    """
    if isinstance(written, str):
        return written
    if any(len(pair) != 2 for pair in written):  # noqa: PLR2004 - before and after
        raise BuildError("padding", "padding needs a [before, after] pair for each spatial axis, e.g. [[1, 1], [0, 2]]")
    return tuple((before, after) for before, after in written)


def _output_padding(entry: Entry, rank: int) -> tuple[int, ...] | None:
    if not isinstance(entry, ConvTransposeEntry) or entry.output_padding is None:
        return None
    if entry.padding == "SAME":
        raise BuildError("output_padding", "output_padding goes with VALID or explicit padding: SAME depends on image")
    return each(entry.output_padding, rank)


def _image(entry: Entry) -> tuple[int, ...]:
    if entry.image is None:
        raise BuildError("image", "image is missing: the spatial size of the image, e.g. [5, 6]")
    return tuple(entry.image)


def _implied_image(entry: Entry, sizes: Sizes) -> tuple[int, ...]:
    if entry.image is not None or entry.value is None or entry.value.shape is None:
        raise BuildError(
            "output_padding", "output_padding gives the size of the image: give value: {shape: [...]} and no image"
        )
    try:
        pairs = shapes.pads(sizes.padding, sizes.kernel, sizes.kernel, sizes.strides)
        axes = zip(
            entry.value.shape[1:-1], sizes.extents, sizes.strides, pairs, sizes.output_padding or (), strict=True
        )
        return tuple((count - 1) * stride + size - sum(pair) + more for count, size, stride, pair, more in axes)
    except ValueError:
        message = "the image's size doesn't follow: give one of each size for each spatial axis"
        raise BuildError("output_padding", f"{message}, and padding as VALID or pairs") from None
