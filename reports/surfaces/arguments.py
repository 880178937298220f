"""The arguments of a written call as numbers: its layouts, shapes and channels, and the sizes of each spatial axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.surfaces.catalogue import SYMBOLS, Surface, Window
from reports.surfaces.reading import SurfaceError, Written, window_of

Shape = tuple[int, ...]


_WORDS: Final = {
    "n": "the value's size",
    "k": "the window",
    "s": "the stride",
    "d": "the dilation",
    "o": "the size asked for",
    "p": "the padding",
    "b": "the padding before",
    "e": "the padding behind",
    "a": "the output_padding",
}
"""Letter -> what it is."""


def _plain(outer: Any) -> Any:
    return tuple(outer) if isinstance(outer, list) else outer


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
        return self.shape[0]

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
        groups = self.arguments.get("groups")
        return self._count("groups", 1 if groups is None else groups)

    def _count(self, meaning: str, value: Any) -> int:
        """Return a number of channels or groups.

        Raises:
            SurfaceError: if it is none.
        """
        if type(value) is not int or value < 1:
            name = getattr(self.surface.parameter(meaning), "name", meaning)
            msg = f"{self.surface.name}: {name}={value!r} is no whole number above 0; write it out"
            raise SurfaceError(msg)
        return value

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
            kernel = shape[at : at + self.surface.axes]
            if self.arguments.get("kernel") is not None and self.numbers("kernel", None) != kernel:
                msg = f"{self.surface.name}: the window is {self.arguments['kernel']}, and {name} has {kernel}"
                raise SurfaceError(msg)
            return kernel, shape
        if self.surface.kind != "layer":
            msg = f"the shape of {name} is missing: add it to --shapes, as {self.filter.replace('*', 'HW')}"
            raise SurfaceError(msg)
        return self._of_layer()

    def _of_layer(self) -> tuple[Shape, Shape]:
        kernel, ins, outs = self.numbers("kernel", None), self.channels, self._count("out", self.arguments["out"])
        if self._count("in", self.arguments.get("in", ins)) != ins:
            msg = f"{self.surface.name} takes {self.arguments['in']} channels, and the value {self.shape} has {ins}"
            raise SurfaceError(msg)
        if outs % self.groups or ins % self.groups:
            msg = f"{self.surface.name}: {self.groups} groups do not divide {ins} and {outs} channels"
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
        if len(parts) == axes + 2 and (self.surface.whole or self.surface.family.may_be_whole):
            parts = self._inner(meaning, parts, (self.batch, self.outs) if meaning == "output_size" else (1, 1))
        if len(parts) == 1:
            parts *= axes
        if len(parts) != axes or not all(type(part) is int for part in parts):
            name = getattr(self.surface.parameter(meaning), "name", meaning)
            msg = f"{self.surface.name}: {name}={value!r} is not a whole number for each of {axes} axes"
            raise SurfaceError(msg)
        return parts

    def _inner(self, meaning: str, parts: tuple[Any, ...], outer: tuple[Any, Any]) -> tuple[Any, ...]:
        """Return what stands for the spatial axes, where a size or a pair stands for batch and channels, too.

        Raises:
            SurfaceError: if these two are not ``outer``.
        """
        ahead = self.value == "NC*"
        found = (parts[0], parts[1]) if ahead else (parts[0], parts[-1])
        if tuple(map(_plain, found)) != tuple(map(_plain, outer)):
            name = getattr(self.surface.parameter(meaning), "name", meaning)
            msg = f"{self.surface.name}: {name}={list(parts)} has {found} for batch and channels, not {outer}"
            raise SurfaceError(msg)
        return parts[2:] if ahead else parts[1:-1]

    def _sizes(self) -> tuple[dict[str, int], ...]:
        pooling = not self.surface.filter
        strides = self.numbers("strides", self.kernel if pooling else 1)
        columns = {"n": self.spatial, "k": self.kernel, "s": strides, "d": self.numbers("dilations", 1)}
        for name, form in self.window.forms:
            if (name, form) in SYMBOLS:
                columns |= dict(zip(SYMBOLS[name, form], self._formed(name, form), strict=True))
        for letter, sizes in columns.items():
            low = 1 if letter in "nksdo" else 0
            if min(sizes) < low:
                msg = f"{self.surface.name}: {_WORDS[letter]} {sizes} is below {low}, which was not measured"
                raise SurfaceError(msg)
        return tuple(dict(zip(columns, axis, strict=True)) for axis in zip(*columns.values(), strict=True))

    def _formed(self, name: str, form: str) -> Sequence[Shape]:
        """Return an argument's numbers by letter and axis."""
        if form in {"<number>", "<sizes>", "<whole_sizes>"}:
            return (self.numbers(name, 0),)
        value, axes = self.arguments.get(name), self.surface.axes
        if value is None:
            return ((0,) * axes, (0,) * axes)
        numbers = value if form == "<pads>" else [size for pair in value for size in pair]
        if not isinstance(numbers, (tuple, list)) or any(type(size) is not int for size in numbers):
            msg = f"{self.surface.name}: padding {value!r} is no pairs of whole numbers"
            raise SurfaceError(msg)
        pairs = (
            tuple(zip(numbers[:axes], numbers[axes:], strict=False)) if form == "<pads>" else tuple(map(tuple, value))
        )
        if form == "<whole_pairs>" and len(pairs) == axes + 2:
            pairs = self._inner("padding", pairs, ((0, 0), (0, 0)))
        if len(pairs) != axes or (form == "<pads>" and len(numbers) != 2 * axes):
            msg = f"{self.surface.name}: padding {value!r} is not a pair for each of {axes} axes"
            raise SurfaceError(msg)
        return tuple(zip(*pairs, strict=True))

    @property
    def has_bias(self) -> bool:
        """Tell whether the call adds a bias."""
        if not self.surface.filter:
            return False
        return "bias" in self.written.names or bool(self.arguments.get("has_bias", False))

    def _bias(self) -> Shape:
        name = self.written.names.get("bias", "b")
        if self.given.get(name, (self.outs,)) != (self.outs,):
            msg = f"{self.surface.name}: {name} has the shape {self.given[name]}, and ({self.outs},) is wanted"
            raise SurfaceError(msg)
        return (self.outs,)

    def shapes(self) -> dict[str, Shape]:
        """Return the shapes of the call's tensors, in its own layouts."""
        found = {"value": self.shape}
        if self.filter_shape:
            found["filter"] = self.filter_shape
        if self.has_bias:
            found["bias"] = self._bias()
        if "indices" in self.written.names:
            found["indices"] = self.shape
        return found


def _layouts(written: Written, window: Window) -> tuple[str, str]:
    """Return the layouts of a call's value and filter, as its data_format or its dimension_numbers says."""
    surface, arguments = written.surface, written.arguments
    word, numbers = arguments.get("data_format"), arguments.get("dimension_numbers")
    if word is not None:
        if word not in surface.family.layouts or (word.isupper() and len(word) != surface.axes + 2):
            msg = f"{surface.name}: the layout {word!r} is unknown; there are: {', '.join(surface.family.layouts)}"
            raise SurfaceError(msg)
        return surface.family.layouts[word], window.filter
    if numbers is None:
        return surface.value, window.filter
    if not _are_dimensions(numbers, surface.axes):
        msg = f"{surface.name}: dimension_numbers={numbers!r} is not translated; write three texts, the first as the "
        msg += "last and the spatial axes in order, such as 'NHWC', 'HWIO', 'NHWC'"
        raise SurfaceError(msg)
    value, kernel = _starred(numbers[0], "NC"), _starred(numbers[1], "IO")
    swapped = kernel.translate(str.maketrans("IO", "OI")) if arguments.get("transpose_kernel") else kernel
    return value, swapped


def _are_dimensions(numbers: Any, axes: int) -> bool:
    """Tell whether dimension_numbers are three texts of plain layouts: spatial axes in order and side by side."""
    if not isinstance(numbers, (tuple, list)) or len(numbers) != 3 or numbers[0] != numbers[2]:  # noqa: PLR2004
        return False
    spatial = "DHW"[3 - axes :]
    values = {f"N{spatial}C", f"NC{spatial}"}
    kernels = {f"{spatial}IO", f"{spatial}OI", f"OI{spatial}", f"IO{spatial}"}
    return numbers[0] in values and numbers[1] in kernels


def _starred(text: str, letters: str) -> str:
    """Return a layout with one star for its spatial axes: ``N*C`` for ``NHWC``."""
    marked = "".join(letter if letter in letters else "*" for letter in text)
    return marked.replace("***", "*").replace("**", "*")
