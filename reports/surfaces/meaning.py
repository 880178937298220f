"""The meaning of a written call: a case of the definition, and what is done around it.

The measured rules give the window of each axis. Where the definition has no such window (a result that goes on behind
the full one, a window that begins behind the image's first element), the image is cropped or the result extended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from cases.model import rules as laws
from cases.model import shapes
from cases.model.case import Case, CeilMode, Operator, TensorSpec
from reports.surfaces import rules
from reports.surfaces.arguments import Arguments, Shape
from reports.surfaces.catalogue import Surface, Window
from reports.surfaces.reading import SurfaceError, Written
from reports.surfaces.rules import Rule
from reports.surfaces.seeing import COUNTS_ALL, COUNTS_PADDING, WRAPS

_DTYPE: Final = "float32"
_NONE: Final = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a call means.

    ``case`` is the call of the definition. ``value`` and ``filter`` are the layouts that the written call has, and
    ``rotated`` tells that it rotates its filter where the definition does not. ``shapes`` are those of its tensors.
    ``crops`` are the elements to leave out of the image, before and behind on each axis; a negative number is the
    number of elements to repeat from the other end. ``extends`` are the zeros to put around the result.
    """

    written: Written
    case: Case
    value: str
    filter: str
    rotated: bool
    shapes: Mapping[str, Shape]
    sizes: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    crops: tuple[tuple[int, int], ...]
    extends: tuple[tuple[int, int], ...]


def meaning(calls: Sequence[Written], given: Mapping[str, Shape], variant: str = "") -> Meaning:
    """Return what a call means for tensors of these shapes, given by name; "" names the value of a layer.

    ``calls`` are the ways to read the text, one for each number of spatial axes.

    Raises:
        SurfaceError: if shapes are missing or don't fit, or if the framework or the definition has no such call.
    """
    shape = _value_shape(calls[0], given)
    written = next((each for each in calls if each.surface.axes == len(shape) - 2), None)
    if written is None:
        msg = f"{calls[0].surface.name}: the value has the shape {shape}, which does not have its number of axes"
        raise SurfaceError(msg)
    _check_names(written, given)
    call = Arguments(written, shape, given)
    chosen = tuple(_rule(call.surface, call.window, variant, sizes) for sizes in call.sizes)
    lengths, offsets = zip(*(_place(call, *each) for each in zip(call.sizes, chosen, strict=True)), strict=True)
    build = _transposed if call.surface.operator in {"conv_transpose", "max_unpool"} else _windowed
    case, crops, extends = build(call, chosen, lengths, offsets)
    broken = laws.broken(case)
    if broken is not None:
        msg = f"{call.surface.name}: the definition has no such call: {broken.reason}"
        raise SurfaceError(msg)
    return Meaning(
        written=written,
        case=case,
        value=call.value,
        filter=call.filter,
        rotated=chosen[0].rotated,
        shapes=call.shapes(),
        sizes=call.sizes,
        rules=chosen,
        crops=crops,
        extends=extends,
    )


def _value_shape(written: Written, given: Mapping[str, Shape]) -> Shape:
    name = written.names.get("value", "")
    found = given.get(name, given.get("", ()))
    if not found and written.surface.kind == "layer" and len(given) == 1:
        found = next(iter(given.values()))
    if not found:
        msg = f"the shape of {name or 'the value'} is missing: add --shapes {name or 'x'}=1,8,8,16"
        raise SurfaceError(msg)
    return found


def _check_names(written: Written, given: Mapping[str, Shape]) -> None:
    """Refuse the shape of a tensor that the call does not have.

    Raises:
        SurfaceError: if there is one.
    """
    layer = {"", "x", "w", "b"} if written.surface.kind == "layer" else {""}
    unknown = [name for name in given if name not in {*written.names.values(), *layer}]
    if unknown:
        msg = (
            f"--shapes {unknown[0]}=...: the call has no such tensor; it has {', '.join(written.names.values()) or 'x'}"
        )
        raise SurfaceError(msg)


def _place(call: Arguments, sizes: Mapping[str, int], rule: Rule) -> tuple[int, int]:
    """Return the length and the offset of an axis.

    Raises:
        SurfaceError: if there is no rule, or if the framework refuses the sizes.
    """
    if rule.length is None or rule.offset is None or rule.is_loose:
        msg = f"{call.surface.name} with {call.window.key} follows no simple rule, so it is not translated"
        raise SurfaceError(msg)
    length = rules.number(rule.length, sizes)
    if rule.admits is not None and not rules.admits(rule.admits, sizes, length):
        msg = f"{call.surface.name} refuses these sizes: it wants {rule.admits}, for {rules.told(sizes)}"
        raise SurfaceError(msg)
    return length, rules.number(rule.offset, sizes)


def _case(call: Arguments, operator: Operator, image: Shape, **more: Any) -> Case:
    """Return the case of a value with this spatial size."""
    inputs = {"value": _spec((call.batch, *image, call.channels))}
    if operator == "max_unpool":
        inputs["indices"] = TensorSpec(shape=inputs["value"].shape, dtype="int64", fill="indices")
    if call.filter_shape:
        inner, outer = call.filter_channels["I"], call.filter_channels["O"]
        inputs["filter"] = _spec((*call.kernel, *((outer, inner) if call.is_transposed else (inner, outer))))
    if call.has_bias:
        inputs["bias"] = _spec((call.outs,))
    dilations = call.numbers("dilations", 1)
    return Case(
        id="translate::call",
        operator=operator,
        inputs=inputs,
        strides=tuple(sizes["s"] for sizes in call.sizes),
        ksize=None if call.filter_shape else call.kernel,
        dilations=None if set(dilations) == {1} else dilations,
        groups=call.groups,
        include_batch_in_index=bool(call.arguments.get("include_batch_in_index")),
        **more,
    )


def _spec(shape: Shape) -> TensorSpec:
    return TensorSpec(shape=shape, dtype=_DTYPE, fill="integers")


def _rule(surface: Surface, window: Window, variant: str, sizes: Mapping[str, int]) -> Rule:
    found = rules.find(surface, window, variant, sizes)
    if found is None:
        msg = f"{surface.name} with {window.key} was not measured"
        raise SurfaceError(msg)
    return found


def _transposed(
    call: Arguments, chosen: Sequence[Rule], lengths: Shape, offsets: Shape
) -> tuple[Case, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    if any(rule.outside == WRAPS for rule in chosen):
        msg = f"{call.surface.name}: the axis is a ring, and no other framework has such a transposed convolution"
        raise SurfaceError(msg)
    none = (_NONE,) * len(lengths)
    if call.surface.operator == "max_unpool":
        return _unpooling(call, lengths), none, none
    pairs, images, extends = [], [], []
    for sizes, length, offset in zip(call.sizes, lengths, offsets, strict=True):
        full = (sizes["n"] - 1) * sizes["s"] + shapes.extent(sizes["k"], sizes["d"])
        front, before = max(-offset, 0), max(offset, 0)
        image = min(length - front, full - before + sizes["s"] - 1)
        if image < 1:
            msg = f"{call.surface.name}: the result lies behind all products, so nothing but zeros is in it"
            raise SurfaceError(msg)
        pairs.append((before, max(full - before - image, 0)))
        images.append(image)
        extends.append((front, length - front - image))
    shape = (call.batch, *images, call.outs)
    case = _case(call, "conv_transpose", call.spatial, padding=tuple(pairs), output_shape=shape)
    return _in_words(case), none, tuple(extends)


def _unpooling(call: Arguments, lengths: Shape) -> Case:
    """Return an unpooling: the window only says how many elements the result has."""
    pads = tuple((sizes.get("p", 0), sizes.get("p", 0)) for sizes in call.sizes)
    shape = (call.batch, *lengths, call.channels)
    return _case(call, "max_unpool", call.spatial, padding=pads, output_shape=shape)


def _windowed(
    call: Arguments, chosen: Sequence[Rule], lengths: Shape, offsets: Shape
) -> tuple[Case, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    crops, pairs, images = [], [], []
    wraps = any(rule.outside == WRAPS for rule in chosen)
    for sizes, length, offset in zip(call.sizes, lengths, offsets, strict=True):
        reach = (length - 1) * sizes["s"] + shapes.extent(sizes["k"], sizes["d"])
        front, before = max(-offset, 0), max(offset, 0)
        behind = max(sizes["n"] - front - (reach - before) - (sizes["s"] - 1), 0)
        after = max(reach - before - (sizes["n"] - front), 0)
        crops.append((-before, -after) if wraps else (front, behind))
        images.append(sizes["n"] + before + after if wraps else sizes["n"] - front - behind)
        pairs.append(_NONE if wraps else (before, after))
    case = _case(call, _operator(call), tuple(images), padding=tuple(pairs))
    none = (_NONE,) * len(lengths)
    return _in_words(_pooled(call, chosen, case, lengths)), tuple(crops), none


def _operator(call: Arguments) -> Operator:
    indices = call.surface.operator == "max_pool" and call.arguments.get("return_indices")
    return "max_pool_argmax" if indices else call.surface.operator


def _pooled(call: Arguments, chosen: Sequence[Rule], case: Case, lengths: Shape) -> Case:
    """Return a pooling with what its mean divides by, and with the words for a further window."""
    if dict(call.window.forms).get("ceil_mode"):
        declared = tuple(_declared(sizes) for sizes in call.sizes)
        for mode in get_args(CeilMode):
            rounded = replace(case, padding=declared, ceil_mode=mode)
            if shapes.window_counts(rounded) == lengths:
                case = rounded
                break
    if case.operator != "avg_pool":
        return case
    divisor = call.arguments.get("divisor")
    if type(divisor) is int:
        return replace(case, divisor=divisor)
    if not {COUNTS_ALL, COUNTS_PADDING} & {rule.outside for rule in chosen}:
        return case
    padded = replace(case, divisor="padded")
    return case if case.ceil_mode is None and shapes.is_plain(padded) else padded


def _declared(sizes: Mapping[str, int]) -> tuple[int, int]:
    return (sizes["p"], sizes["p"]) if "p" in sizes else (sizes.get("b", 0), sizes.get("e", 0))


def _in_words(case: Case) -> Case:
    """Return the case with SAME or VALID in place of the same padding in pairs."""
    for word in ("VALID", "SAME"):
        worded = replace(case, padding=word)
        same = shapes.padding_pairs(worded) == case.padding
        if same and shapes.window_counts(worded) == shapes.window_counts(case) and laws.broken(worded) is None:
            return worded
    return case
