"""Windows laid on an image one by one: the definition of the shape laws, with which tests compare the suite.

Nothing here uses a module of the suite.
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
    """The size of an image and the windows on it, one entry for each spatial axis."""

    image: Place
    kernel: Place
    strides: Place
    dilations: Place
    padding: Any

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Return the padding. SAME is TensorFlow's: ceil(image / stride) windows, and the odd element at the end."""
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
        """Return the starts of each axis' windows, counted from the image's first element."""
        found = []
        for (before, after), image, extent, stride in zip(
            self.pads, self.image, self.extents, self.strides, strict=True
        ):
            tries = range(-before, image + after, stride)
            found.append([start for start in tries if start + extent <= image + after])
        return tuple(found)

    @property
    def counts(self) -> Place:
        """Return the number of windows on each axis."""
        return tuple(len(starts) for starts in self.starts)

    @property
    def extents(self) -> Place:
        """Return the number of elements that a window spans on each axis."""
        return tuple((kernel - 1) * dilation + 1 for kernel, dilation in zip(self.kernel, self.dilations, strict=True))

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the windows as the arguments of an operator."""
        said = {} if set(self.dilations) == {1} else {"dilations": self.dilations}
        return {"strides": self.strides, "padding": self.padding, **said}

    def triples(self) -> Iterator[tuple[Place, Place, Place]]:
        """Yield every (window, tap, place in the image) that the definition connects."""
        starts = self.starts
        for window, tap in product(every(self.counts), every(self.kernel)):
            place = tuple(
                axis[i] + t * dilation for axis, i, t, dilation in zip(starts, window, tap, self.dilations, strict=True)
            )
            if all(0 <= p < image for p, image in zip(place, self.image, strict=True)):
                yield window, tap, place

    def members(self) -> dict[Place, list[Place]]:
        """Return each window with the places of the image under it, in row-major order."""
        found: dict[Place, list[Place]] = {window: [] for window in every(self.counts)}
        for window, _, place in self.triples():
            found[window].append(place)
        return found

    def admissible(self) -> Iterator[Windows]:
        """Yield the same windows on every image that holds as many of them, also on the image itself."""
        lengths = []
        for axis, (image, stride) in enumerate(zip(self.image, self.strides, strict=True)):
            tries = [(*self.image[:axis], size, *self.image[axis + 1 :]) for size in range(image + stride + 1)]
            lengths.append([size[axis] for size in tries if replace(self, image=size).counts == self.counts])
        yield from (replace(self, image=image) for image in product(*lengths))


def every(sizes: Place) -> Iterator[Place]:
    """Return all places of an array, in row-major order."""
    return product(*(range(size) for size in sizes))


@st.composite
def windows(draw: st.DrawFn, largest_padding: int = 4) -> Windows:
    """Draw windows on one to three axes, at least one on each. Explicit padding may be longer than a window."""
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
"""Windows that all hold at least one element of the image."""
