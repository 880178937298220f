"""Windows laid down on an image one by one: the shape laws from their definition, which others are held against.

No module of the suite has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

Place = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """An image's size and the windows on it; one entry a spatial axis."""

    image: Place
    kernel: Place
    strides: Place
    dilations: Place
    padding: Any

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """TensorFlow's SAME: ceil(image / stride) windows fit, the odd element is padded at the end."""
        if self.padding == "VALID":
            return ((0, 0),) * len(self.image)
        if self.padding != "SAME":
            return tuple(self.padding)
        found = []
        for image, kernel, stride, dilation in zip(self.image, self.kernel, self.strides, self.dilations, strict=True):
            total = 0
            while (image + total - (kernel - 1) * dilation - 1) // stride + 1 < (image + stride - 1) // stride:
                total += 1
            found.append((total // 2, total - total // 2))
        return tuple(found)

    @property
    def starts(self) -> tuple[list[int], ...]:
        """Where each axis' windows start, counted from the image's first element."""
        found = []
        for (before, after), image, extent, stride in zip(
            self.pads, self.image, self.extents, self.strides, strict=True
        ):
            tries = range(-before, image + after, stride)
            found.append([start for start in tries if start + extent <= image + after])
        return tuple(found)

    @property
    def counts(self) -> Place:
        """How many windows fit."""
        return tuple(len(starts) for starts in self.starts)

    @property
    def extents(self) -> Place:
        """How many elements each axis' window spans."""
        return tuple((kernel - 1) * dilation + 1 for kernel, dilation in zip(self.kernel, self.dilations, strict=True))

    @property
    def arguments(self) -> dict[str, Any]:
        """As an operator takes them."""
        said = {} if set(self.dilations) == {1} else {"dilations": self.dilations}
        return {"strides": self.strides, "padding": self.padding, **said}

    def triples(self) -> Iterator[tuple[Place, Place, Place]]:
        """Every (window, tap, place in the image) that the definition connects."""
        starts = self.starts
        for window, tap in product(every(self.counts), every(self.kernel)):
            place = tuple(
                axis[i] + t * dilation for axis, i, t, dilation in zip(starts, window, tap, self.dilations, strict=True)
            )
            if all(0 <= p < image for p, image in zip(place, self.image, strict=True)):
                yield window, tap, place

    def members(self) -> dict[Place, list[Place]]:
        """Each window and the places of the image under it, in row-major order."""
        found: dict[Place, list[Place]] = {window: [] for window in every(self.counts)}
        for window, _, place in self.triples():
            found[window].append(place)
        return found

    def admissible(self) -> Iterator[Windows]:
        """The same windows on every image that holds as many of them, the image itself among them."""
        lengths = []
        for axis, (image, stride) in enumerate(zip(self.image, self.strides, strict=True)):
            tries = [(*self.image[:axis], size, *self.image[axis + 1 :]) for size in range(image + stride + 1)]
            lengths.append([size[axis] for size in tries if replace(self, image=size).counts == self.counts])
        yield from (replace(self, image=image) for image in product(*lengths))


def every(sizes: Place) -> Iterator[Place]:
    """All places of an array, in row-major order."""
    return product(*(range(size) for size in sizes))


@st.composite
def windows(draw: st.DrawFn, largest_padding: int = 4) -> Windows:
    """One to three axes, at least a window on each; explicit padding may be longer than a window."""
    rank = draw(st.integers(1, 3))

    def each(low: int, high: int) -> Place:
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    pairs = draw(st.tuples(*[st.tuples(*[st.integers(0, largest_padding)] * 2)] * rank))
    whole = Windows(
        image=each(1, (9, 6, 4)[rank - 1]),
        kernel=each(1, 4 - rank // 2),
        strides=each(1, 4),
        dilations=each(1, 3),
        padding="SAME",
    )
    words = [replace(whole, padding=padding) for padding in ("VALID", "SAME", pairs)]
    return draw(st.sampled_from([found for found in words if min(found.counts) > 0]))


pooled = windows(largest_padding=1).filter(lambda on: all(on.members().values()))
"""Windows of which none holds padding alone."""
