"""The catalogue of surfaces: a YAML file for each framework, which names its functions, their arguments and words.

What a word means is not in it: that is measured (``reports.surfaces.measure``). Layouts have a letter for each axis: N
is the batch, C are channels, I and O are a filter's input and output channels, and ``*`` stands for the spatial axes.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, TypeAdapter

from cases.loading.entries import Strict
from cases.model.case import Operator
from reports.recording.known_files import read_written

FOLDER: Final = Path(__file__).parent / "catalogue"
AXES: Final = (1, 2, 3)
_REQUIRED: Final = object()
Meaning = Literal[
    "value", "filter", "bias", "indices", "in", "out", "kernel", "strides", "padding", "output_padding", "output_size",
    "dilations", "groups", "data_format", "dimension_numbers", "has_bias", "ceil_mode", "count_include_pad", "divisor",
    "return_indices", "include_batch_in_index", "transpose_kernel", "use_consistent_padding", "initial", "computation",
    "auto_pad", "rngs", "unused",
]  # fmt: skip
TENSORS: Final = ("value", "filter", "bias", "indices")
SYMBOLS: Final = {
    ("padding", "<number>"): "p",
    ("padding", "<pairs>"): "be",
    ("padding", "<whole_pairs>"): "be",
    ("padding", "<pads>"): "be",
    ("output_padding", "<number>"): "a",
    ("output_size", "<sizes>"): "o",
    ("output_size", "<whole_sizes>"): "o",
}
"""What an argument means, and the form of its value -> its letters in rules. A pair has two: before and behind."""


class SurfaceEntry(Strict):
    """One function or layer. ``{r}`` in its name is the number of spatial axes."""

    name: str
    kind: Literal["function", "layer"] = "function"
    operator: Operator
    axes: list[Literal[1, 2, 3]] = Field(default=[*AXES], description="The numbers of spatial axes that it has.")
    value: str | None = Field(default=None, description="The layout of its value, if not the file's.")
    filter: str = Field(default="", description="The layout of its filter.")
    whole: bool = Field(default=False, description="Sizes have an entry for the batch and for the channels, too.")
    parameters: dict[str, Meaning] = Field(description="Parameter, with its default if it has one -> what it means.")
    applied: dict[str, Meaning] = Field(default={}, description="What a layer takes when it is called.")
    array: str | None = Field(default=None, description="The text of the result's array, if not the file's.")
    windows: list[dict[str, Any]] = Field(
        description="The words and the forms that choose the window. Beside them may stand the layout of a ``filter``, "
        "and ``asked``, a condition: of other sizes the call returns memory that nobody wrote."
    )


class FrameworkFile(Strict):
    """One file of the catalogue."""

    framework: str = Field(description="The adapter that says calls of this framework.")
    title: str
    imports: str
    variants: dict[str, dict[str, str]] = Field(default={}, description="Back end -> the environment that chooses it.")
    prefixes: dict[str, str] = Field(default={}, description="A name that programs use -> the module.")
    call: str = "{name}({arguments})"
    tensor: str
    array: str
    function: str = "result = {call}"
    layer: str = ""
    value: str
    may_be_whole: bool = Field(default=False, description="Sizes may have an entry for batch and channels, too.")
    layouts: dict[str, str] = Field(default={}, description="A word for a layout -> the layout.")
    surfaces: list[SurfaceEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a function, what it means, and its default, if it has one."""

    name: str
    meaning: str
    default: Any = _REQUIRED

    @property
    def required(self) -> bool:
        """Tell whether a call has to give the parameter."""
        return self.default is _REQUIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One way to choose the window: the words and forms of the arguments, by what they mean."""

    forms: tuple[tuple[str, Any], ...]
    filter: str
    asked: str = ""

    @property
    def key(self) -> str:
        """Return the window as text: ``padding='SAME', transpose_kernel=True``."""
        return ", ".join(f"{name}={form if _is_form(form) else repr(form)}" for name, form in self.forms)

    def said(self, surface: Surface) -> str:
        """Return the window in the surface's own words, with letters for numbers: ``pads=(b, e), output_padding=a``."""
        texts = []
        for meaning, form in self.forms:
            parameter, letters = surface.parameter(meaning), SYMBOLS.get((meaning, form), "")
            value = letters if len(letters) == 1 else f"({', '.join(letters)})" if letters else repr(form)
            is_told = letters or meaning == "padding" or form != getattr(parameter, "default", None)
            if parameter is not None and form is not None and is_told:
                texts.append(f"{parameter.name}={value}")
        return ", ".join(texts)

    @property
    def letters(self) -> str:
        """Return the letters that the arguments have in rules."""
        return "".join(SYMBOLS[name, form] for name, form in self.forms if _is_form(form))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One function or layer with its number of spatial axes."""

    family: FrameworkFile
    name: str
    template: str
    axes: int
    kind: str
    operator: Operator
    value: str
    filter: str
    array: str
    whole: bool
    parameters: tuple[Parameter, ...]
    applied: tuple[Parameter, ...]
    windows: tuple[Window, ...]

    def parameter(self, meaning: str) -> Parameter | None:
        """Return the parameter that means this, if there is one."""
        return next((each for each in (*self.parameters, *self.applied) if each.meaning == meaning), None)


def spoken(surface: Surface) -> str:
    """Return a function's name for people: N is its number of axes, and an operator of ONNX says that it is one."""
    name = surface.template.replace("{r}d", "Nd").replace("{r}D", "ND")
    return name if "." in name else f"{surface.family.title} {name}"


def _is_form(form: object) -> bool:
    return isinstance(form, str) and form.startswith("<")


@functools.cache
def families() -> Mapping[str, FrameworkFile]:
    """Return the files of the catalogue by name.

    Raises:
        KnownError: if a file is invalid.
    """
    shape = TypeAdapter(FrameworkFile)
    return {path.stem: read_written(path, shape, {}, "surface") for path in sorted(FOLDER.glob("*.yaml"))}


@functools.cache
def surfaces() -> tuple[Surface, ...]:
    """Return every surface of every framework, for each of its numbers of axes."""
    return tuple(found for family in families().values() for found in _of_family(family))


def template_names(family: FrameworkFile) -> set[str]:
    """Return the names of a file's functions, with ``{r}`` for the number of axes."""
    return {entry.name for entry in family.surfaces}


def _of_family(family: FrameworkFile) -> Iterator[Surface]:
    for entry in family.surfaces:
        for axes in entry.axes:
            yield Surface(
                family=family,
                name=entry.name.format(r=axes),
                template=entry.name,
                axes=axes,
                kind=entry.kind,
                operator=entry.operator,
                value=entry.value or family.value,
                filter=entry.filter,
                array=entry.array or family.array,
                whole=entry.whole,
                parameters=tuple(_parameter(*each) for each in entry.parameters.items()),
                applied=tuple(_parameter(*each) for each in entry.applied.items()),
                windows=tuple(_window(entry, each) for each in entry.windows),
            )


def _parameter(text: str, meaning: str) -> Parameter:
    name, given, default = text.partition(" = ")
    return Parameter(name=name, meaning=meaning, **({"default": ast.literal_eval(default)} if given else {}))


def _window(entry: SurfaceEntry, forms: Mapping[str, Any]) -> Window:
    chosen = tuple((name, form) for name, form in forms.items() if name not in {"filter", "asked"})
    return Window(forms=chosen, filter=str(forms.get("filter", entry.filter)), asked=str(forms.get("asked", "")))
