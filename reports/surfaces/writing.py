"""A surface's call as text, in its own words, made of numbers for each spatial axis; and the program that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.program import literal
from reports.surfaces.catalogue import SYMBOLS, TENSORS, Parameter, Surface, Window

Sizes = Mapping[str, int]
"""The numbers of a spatial axis by letter: n, k, s, d, and those of ``catalogue.SYMBOLS``."""
_SIZES: Final = {"kernel": "k", "strides": "s", "dilations": "d"}
_TEXTS: Final = {"initial": "-jnp.inf", "computation": "lax.max", "rngs": "nnx.Rngs(0)"}
"""The arguments that are no numbers: those of ``reduce_window`` that make a maximum, and the source of random ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call to make: a surface's window, numbers for each spatial axis, and the numbers of channels."""

    surface: Surface
    window: Window
    axes: tuple[Sizes, ...]
    batch: int = 1
    ins: int = 1
    outs: int = 1

    @property
    def tensors(self) -> tuple[str, ...]:
        """Return the tensors that the call takes."""
        if self.surface.operator == "max_unpool":
            return ("value", "indices")
        return ("value", "filter") if self.surface.filter else ("value",)


def arranged(layout: str, batch: Any, spatial: Sequence[Any], channels: Any) -> list[Any]:
    """Return what stands for the batch, the spatial axes and the channels in a layout's order."""
    parts = {"N": [batch], "*": list(spatial), "C": [channels]}
    return [each for letter in layout for each in parts[letter]]


def call(probe: Probe) -> str:
    """Return the call's text, each argument by its word; an argument that has its default is left out."""
    texts = [
        f"{parameter.name}={text}"
        for parameter in probe.surface.parameters
        if (text := _argument(probe, parameter)) is not None
    ]
    return written(probe.surface, texts)


def written(surface: Surface, arguments: Sequence[str]) -> str:
    """Return the text of a call of a surface with these arguments."""
    return surface.family.call.format(name=surface.name, arguments=", ".join(arguments))


def applied(probe: Probe) -> str:
    """Return what a layer takes behind the value when it is called: ``, output_size=(5,)``."""
    texts = ((parameter.name, _argument(probe, parameter)) for parameter in probe.surface.applied)
    return "".join(f", {name}={text}" for name, text in texts if text is not None)


def _argument(probe: Probe, parameter: Parameter) -> str | None:
    meaning, forms = parameter.meaning, dict(probe.window.forms)
    if meaning in TENSORS:
        return meaning if meaning in probe.tensors else None
    if meaning in _TEXTS:
        return _TEXTS[meaning]
    value = _value(probe, meaning, forms)
    if value is None or (not parameter.required and _is_default(value, parameter.default)):
        return None
    return literal(value)


def _is_default(value: Any, default: Any) -> bool:
    return bool(value == default) or (isinstance(value, tuple) and set(value) == {default})


def _value(probe: Probe, meaning: str, forms: Mapping[str, Any]) -> Any:
    """Return an argument's value, or None if the call does not say it."""
    if meaning in forms:
        return _formed(probe, meaning, forms[meaning]) if str(forms[meaning]).startswith("<") else forms[meaning]
    if meaning in _SIZES:
        sizes = tuple(each[_SIZES[meaning]] for each in probe.axes)
        if meaning == "dilations" and set(sizes) == {1}:
            return None
        return tuple(arranged(probe.surface.value, 1, sizes, 1)) if probe.surface.whole else sizes
    return {"in": probe.ins, "out": probe.outs, "has_bias": False}.get(meaning)


def _formed(probe: Probe, meaning: str, form: str) -> Any:
    axes, layout = probe.axes, probe.surface.value
    if form == "<number>":
        letter = SYMBOLS[meaning, form]
        return tuple(each[letter] for each in axes)
    pairs = [(each.get("b", 0), each.get("e", 0)) for each in axes]
    values = {
        "<pairs>": pairs,
        "<whole_pairs>": [list(pair) for pair in arranged(layout, (0, 0), pairs, (0, 0))],
        "<pads>": [before for before, _ in pairs] + [behind for _, behind in pairs],
        "<sizes>": tuple(each.get("o", 0) for each in axes),
        "<whole_sizes>": arranged(layout, probe.batch, [each.get("o", 0) for each in axes], probe.outs),
    }
    return values[form]


def program(
    surface: Surface, text: str, names: Mapping[str, str], more: str = "", outputs: Sequence[str] = ("output",)
) -> str:
    """Return the program that makes a call and sets ``outputs``, which are of these names.

    ``names`` maps tensors to the names that the call has for them, which are those of the arrays, too. ``more`` is what
    a layer takes behind its value.
    """
    family = surface.family
    tensors = {tensor: family.tensor.format(name=name) for tensor, name in names.items()}
    if surface.kind == "function":
        made = [f"{name} = {tensors[tensor]}" for tensor, name in names.items() if tensors[tensor] != name]
        body = [*made, family.function.format(call=text, **names)]
    else:
        known = dict.fromkeys(TENSORS, "") | tensors
        known["value"] += more
        lines = family.layer.splitlines()
        missing = [tensor for tensor in TENSORS if tensor not in names]
        kept = [line for line in lines if not any(f"{{{tensor}}}" in line for tensor in missing)]
        body = [line.format(call=text, axes=surface.axes, **known) for line in kept]
    return "\n".join([family.imports.rstrip(), "", *body, _outputs(surface, outputs)])


def _outputs(surface: Surface, outputs: Sequence[str]) -> str:
    if len(outputs) == 1:
        entries = [f'"{outputs[0]}": {surface.array.format(name="result")}']
    else:
        array = surface.family.array
        entries = [f'"{name}": {array.format(name=f"result[{number}]")}' for number, name in enumerate(outputs)]
    return f"outputs = {{{', '.join(entries)}}}"
