"""The arguments of a written call as numbers: its layouts, shapes and channels, and the sizes of each spatial axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.surfaces.catalogue import SYMBOLS, Surface, Window
from reports.surfaces.reading import SurfaceError, Text, Written, window_of

Shape = tuple[int, ...]


class Arguments:
    """A written call's arguments, for tensors of these shapes.

    ``value`` and ``filter`` are the layouts of the call's tensors, ``kernel`` is the window's spatial size,
    ``filter_shape`` the filter's shape in its layout, and ``sizes`` are the numbers of each axis by their letters.

    Raises:
        SurfaceError: if an argument is no number where one is wanted, or if the shapes don't fit it.
    """

    def __init__(self, written: Written, shape: Shape, given: Mapping[str, Shape]) -> None:
        self.written, self.shape, self.given = written, shape, given
        self.surface: Surface = written.surface
        self.arguments = written.arguments
        self.window: Window = window_of(written)
        self.value, self.filter = _layouts(written, self.window)
        self.kernel, self.filter_shape = self._kernel()
        self.sizes = self._sizes()

    @property
    def batch(self) -> int:
        """Return the number of images."""
        return self.shape[self.value.index("N")] if self.value.startswith("N") else self.shape[0]

    @property
    def channels(self) -> int:
        """Return the number of the value's channels."""
        return self.shape[1] if self.value == "NC*" else self.shape[-1]

    @property
    def spatial(self) -> Shape:
        """Return the value's spatial size."""
        return self.shape[2:] if self.value == "NC*" else self.shape[1:-1]

    @property
    def groups(self) -> int:
        """Return the number of groups."""
        return int(self.arguments.get("groups") or 1)

    def _kernel(self) -> tuple[Shape, Shape]:
        """Return the window's sizes, and the filter's shape in the call's layout; () if there is no filter."""
        name = self.written.names.get("filter", "")
        if not self.surface.filter:
            return self.numbers("kernel", None), ()
        if name and name in self.given:
            shape = self.given[name]
            if len(shape) != len(self.shape):
                msg = f"{name} has the shape {shape}, and {len(self.shape)} dimensions are wanted: {self.filter}"
                raise SurfaceError(msg)
            at = self.filter.index("*")
            return shape[at : at + self.surface.axes], shape
        if self.surface.kind != "layer":
            msg = f"the shape of {name} is missing: add it to --shapes, as {self.filter.replace('*', 'HW')}"
            raise SurfaceError(msg)
        return self._of_layer()

    def _of_layer(self) -> tuple[Shape, Shape]:
        kernel, ins, outs = self.numbers("kernel", None), self.channels, int(self.arguments["out"])
        if self.arguments.get("in", ins) != ins:
            msg = f"{self.surface.name} takes {self.arguments['in']} channels, and the value {self.shape} has {ins}"
            raise SurfaceError(msg)
        split = {"O": outs // self.groups, "I": ins} if self.is_transposed else {"O": outs, "I": ins // self.groups}
        parts = {"*": kernel, **{letter: (size,) for letter, size in split.items()}}
        return kernel, tuple(size for letter in self.filter for size in parts[letter])

    @property
    def is_transposed(self) -> bool:
        """Tell whether the call is a transposed convolution."""
        return self.surface.operator == "conv_transpose"

    @property
    def outs(self) -> int:
        """Return the number of the result's channels."""
        if not self.surface.filter:
            return self.channels
        found = self.filter_channels["O"]
        return found * self.groups if self.is_transposed else found

    @property
    def filter_channels(self) -> dict[str, int]:
        """Return the sizes of the filter's axes by their letters, I and O."""
        return dict(zip(self.filter.replace("*", "*" * self.surface.axes), self.filter_shape, strict=True))

    def numbers(self, meaning: str, default: Any) -> Shape:
        """Return the numbers of an argument, one for each spatial axis."""
        value = self.arguments.get(meaning)
        value = default if value is None else value
        axes = self.surface.axes
        if type(value) is int:
            return (value,) * axes
        parts = tuple(value) if isinstance(value, (tuple, list)) else ()
        if len(parts) == axes + 2 and all(type(part) is int for part in parts):
            parts = parts[2:] if self.value == "NC*" else parts[1:-1]
        if len(parts) == 1:
            parts *= axes
        if len(parts) != axes or not all(type(part) is int for part in parts):
            name = getattr(self.surface.parameter(meaning), "name", meaning)
            msg = f"{self.surface.name}: {name}={value!r} is not a whole number for each of {axes} axes"
            raise SurfaceError(msg)
        return parts

    def _sizes(self) -> tuple[dict[str, int], ...]:
        pooling = not self.surface.filter
        strides = self.numbers("strides", self.kernel if pooling else 1)
        columns = {"n": self.spatial, "k": self.kernel, "s": strides, "d": self.numbers("dilations", 1)}
        for name, form in self.window.forms:
            if (name, form) in SYMBOLS:
                columns |= dict(zip(SYMBOLS[name, form], self._formed(name, form), strict=True))
        for letter, sizes in columns.items():
            low = 1 if letter in "nksdo" else None
            if low is not None and min(sizes) < low:
                msg = f"{self.surface.name}: a size below 1 has no window: {letter} is {sizes}"
                raise SurfaceError(msg)
        return tuple(dict(zip(columns, axis, strict=True)) for axis in zip(*columns.values(), strict=True))

    def _formed(self, name: str, form: str) -> Sequence[Shape]:
        """Return an argument's numbers by letter and axis."""
        if form in {"<number>", "<sizes>", "<whole_sizes>"}:
            return (self.numbers(name, 0),)
        value, axes = self.arguments.get(name), self.surface.axes
        if value is None:
            return ((0,) * axes, (0,) * axes)
        if form == "<pads>":
            return (tuple(value[:axes]), tuple(value[axes:]))
        pairs = list(value)
        if form == "<whole_pairs>" and len(pairs) == axes + 2:
            pairs = pairs[2:] if self.value == "NC*" else pairs[1:-1]
        if len(pairs) != axes:
            msg = f"{self.surface.name}: padding {value!r} is not a pair for each of {axes} axes"
            raise SurfaceError(msg)
        return tuple(zip(*pairs, strict=True))

    @property
    def has_bias(self) -> bool:
        """Tell whether the call adds a bias."""
        if not self.surface.filter:
            return False
        return "bias" in self.written.names or bool(self.arguments.get("has_bias", False))

    def shapes(self) -> dict[str, Shape]:
        """Return the shapes of the call's tensors, in its own layouts."""
        found = {"value": self.shape}
        if self.filter_shape:
            found["filter"] = self.filter_shape
        if self.has_bias:
            found["bias"] = (self.outs,)
        if "indices" in self.written.names:
            found["indices"] = self.shape
        return found


def _layouts(written: Written, window: Window) -> tuple[str, str]:
    """Return the layouts of a call's value and filter, as its data_format or its dimension_numbers says."""
    surface, arguments = written.surface, written.arguments
    word, numbers = arguments.get("data_format"), arguments.get("dimension_numbers")
    if word is not None:
        if word not in surface.family.layouts:
            msg = f"{surface.name}: the layout {word!r} is unknown; there are: {', '.join(surface.family.layouts)}"
            raise SurfaceError(msg)
        return surface.family.layouts[word], window.filter
    if numbers is None:
        return surface.value, window.filter
    if isinstance(numbers, Text) or len(numbers) != 3 or numbers[0] != numbers[2]:  # noqa: PLR2004
        msg = f"{surface.name}: write dimension_numbers as three texts, the first as the last: 'NHWC', 'HWIO', 'NHWC'"
        raise SurfaceError(msg)
    value, kernel = _starred(numbers[0], "NC"), _starred(numbers[1], "IO")
    swapped = kernel.translate(str.maketrans("IO", "OI")) if arguments.get("transpose_kernel") else kernel
    return value, swapped


def _starred(text: str, letters: str) -> str:
    """Return a layout with one star for its spatial axes: ``N*C`` for ``NHWC``."""
    marked = "".join(letter if letter in letters else "*" for letter in text)
    return marked.replace("***", "*").replace("**", "*")
