"""Saying a call in another framework: its adapter's program, with what turns one framework's tensors into the other's.

A program takes the tensors of the written call as NumPy arrays, in the layouts that the written call has, and gives
``y`` in the layout of the written call's result.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters import ADAPTERS
from adapters.base import NotSupported
from adapters.program import CALL
from cases.model.case import Case
from reports.surfaces.meaning import Meaning

MODES: Final = {
    "tensorflow": "native",
    "torch": "native",
    "jax": "eager",
    "keras": "tensorflow",
    "flax": "linen",
    "onnxruntime": "optimized",
    "onnx": "reference",
}
"""Framework -> the mode that sets nothing, as users run it."""
_AXES: Final = {1: "W", 2: "HW", 3: "DHW"}
_PLANES, _IMAGE, _BATCH, _TENSOR = "planes", "image", "batch", "tensor"
_INDICES: Final = {"torch": _PLANES, "tensorflow": _IMAGE, "onnxruntime": _TENSOR}
"""Framework -> what its index of a maximum counts through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A call as one framework says it: the line of the call, and the whole program; or why there is none."""

    framework: str
    call: str = ""
    text: str = ""
    refusal: str = ""


def frameworks() -> tuple[str, ...]:
    """Return the names of the frameworks that can say a call."""
    return tuple(name for name in MODES if name in ADAPTERS)


def said(case: Case, framework: str) -> Said:
    """Return a case as a framework says it. The framework need not be installed."""
    module, _, name = ADAPTERS[framework].partition(":")
    adapter: Any = getattr(importlib.import_module(module), name)()
    adapter.mode, adapter.device = MODES[framework], "cpu"
    try:
        text = adapter.call(case)
    except NotSupported as refusal:
        return Said(framework=framework, refusal=str(refusal))
    line = next(line for line in text.splitlines() if line.startswith(CALL))
    return Said(framework=framework, call=line.removeprefix(CALL), text=text)


def translated(meaning: Meaning, framework: str) -> Said:
    """Return a written call as a framework says it, with its tensors taken and given in the written call's layouts."""
    found = said(meaning.case, framework)
    if found.refusal:
        return found
    ahead, behind = [*entered(meaning)], [*left(meaning)]
    imports = ["import numpy as np", ""] if any("np." in line for line in (*ahead, *behind)) else []
    text = "\n".join([*imports, *ahead, *([""] if ahead else []), found.text.rstrip("\n"), *behind])
    return Said(framework=framework, call=found.call, text=text)


def names_of(meaning: Meaning) -> Mapping[str, str]:
    """Return the names of the written call's tensors by what they mean: those of the call, else x, w and b."""
    usual = {"value": "x", "filter": "w", "bias": "b", "indices": "indices"}
    return {tensor: meaning.written.names.get(tensor, usual[tensor]) for tensor in meaning.shapes}


def entered(meaning: Meaning) -> Iterator[str]:
    """Yield the statements that turn the written call's arrays into those of the definition."""
    axes, names = len(meaning.case.strides), names_of(meaning)
    for tensor, name in names.items():
        text, why = name, ""
        if tensor in {"value", "indices"}:
            text, why = _moved(name, meaning.value, "N*C", axes), "channels last"
            if tensor == "value":
                text = _cropped(text, meaning)
            elif tensor == "indices":
                text = _canonical_index(meaning, text)
        elif tensor == "filter":
            wanted = "*OI" if meaning.case.operator == "conv_transpose" else "*IO"
            text, why = _moved(_rotated(meaning, name, axes), meaning.filter, wanted, axes), _spelt(wanted, axes)
            text = f"np.ascontiguousarray({text})" if meaning.rotated else text
        if text != tensor:
            yield f"{tensor} = {text}" + (f"  # {why}" if why and text != name else "")


def left(meaning: Meaning) -> Iterator[str]:
    """Yield the statements that turn the definition's outputs into the written call's result."""
    axes = len(meaning.case.strides)
    text = 'outputs["output"]'
    if any(map(any, meaning.extends)):
        pads = [(0, 0), *meaning.extends, (0, 0)]
        biased = "bias" in meaning.shapes  # which the zeros get as well
        text = f"(np.pad({text} - bias, {pads}) + bias)" if biased else f"np.pad({text}, {pads})"
    name = meaning.written.surface.name
    yield f"y = {_moved(text, 'N*C', meaning.value, axes)}  # in the layout of {name}'s result"
    if "indices" in meaning.case.outputs:
        native = _native_index(meaning, 'outputs["indices"]')
        yield f"indices = {_moved(native, 'N*C', meaning.value, axes)}  # counted as {name} does"


def _moved(text: str, source: str, target: str, axes: int) -> str:
    """Return the text of an array whose axes are moved from one layout to another."""
    order = _order(source, target, axes)
    return text if list(order) == sorted(order) else f"{text}.transpose({', '.join(map(str, order))})"


def _order(source: str, target: str, axes: int) -> tuple[int, ...]:
    one, other = (layout.replace("*", _AXES[axes]) for layout in (source, target))
    return tuple(one.index(letter) for letter in other)


def _spelt(layout: str, axes: int) -> str:
    words = {"O": "out", "I": "in", "D": "depth", "H": "height", "W": "width"}
    return f"[{', '.join(words[letter] for letter in layout.replace('*', _AXES[axes]))}]"


def _rotated(meaning: Meaning, name: str, axes: int) -> str:
    """Return the text of a filter, rotated if the written call rotates it."""
    places = tuple(place for place, letter in enumerate(meaning.filter.replace("*", _AXES[axes])) if letter in "DHW")
    return f"np.flip({name}, {places})" if meaning.rotated else name


def _cropped(text: str, meaning: Meaning) -> str:
    """Return the text of an image without the elements that no window reads, or with its other end repeated."""
    if any(size < 0 for pair in meaning.crops for size in pair):
        pads = [(0, 0), *((-front, -behind) for front, behind in meaning.crops), (0, 0)]
        return f'np.pad({text}, {pads}, mode="wrap")'
    if not any(map(any, meaning.crops)):
        return text
    parts = [f"{front or ''}:{-behind or ''}" for front, behind in meaning.crops]
    return f"{text}[{', '.join([':', *parts])}]"


def index_of(meaning: Meaning) -> str:
    """Return what the written call's index counts through."""
    if meaning.case.include_batch_in_index:
        return _BATCH
    return _INDICES.get(meaning.written.surface.family.framework, _IMAGE)


def _native_index(meaning: Meaning, text: str) -> str:
    """Return the text of the written call's index, made of the canonical one: the image's, through its channels."""
    batch, *image, channels = meaning.case.inputs["value"].shape
    size, ones = math.prod(image), ", 1" * (len(image) + 1)
    match index_of(meaning):
        case "planes":
            return f"({text} // {channels})"
        case "batch":
            return f"({text} + np.arange({batch}).reshape(-1{ones}) * {size * channels})"
        case "tensor":
            rows = f"np.arange({batch}).reshape(-1{ones}) * {channels}"
            return f"(({rows} + {text} % {channels}) * {size} + {text} // {channels})"
    return text


def _canonical_index(meaning: Meaning, text: str) -> str:
    """Return the text of the canonical index, made of the written call's index within planes."""
    channels = meaning.case.inputs["value"].shape[-1]
    if index_of(meaning) == _PLANES:
        return f"{text} * {channels} + np.arange({channels})"
    return text
