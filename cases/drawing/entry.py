"""A case -> the entry that gives it, so that a call of a run can be written down as a case, and made smaller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from cases.coverage.feasible import build_call
from cases.loading.sizes import BuildError
from cases.model import dtypes, shapes
from cases.model.case import Case, TensorSpec, is_outward

Fields = dict[str, Any]


def entry_of(case: Case) -> Fields | None:
    """Return the fields of an entry that gives this very call; None if no entry that is tried here gives it.

    Its tensors have the same rules, but other numbers under another id.
    """
    if case.steps:
        return None
    return next((fields for fields in _tried(case) if _gives(fields, case)), None)


def _tried(case: Case) -> Iterator[Fields]:
    """Yield entries that may give a case: first the shortest, then one with every tensor's shape and dtype."""
    plain = _plain(case)
    yield plain
    shaped = {"value": {**plain.get("value", {}), "shape": list(case.inputs["value"].shape)}}
    yield plain | shaped
    if case.output_padding is not None:
        yield {name: said for name, said in (plain | shaped).items() if name != "image"}
    whole = {name: {**_said(case, name), **_shaped(spec)} for name, spec in case.inputs.items() if name != "cotangent"}
    yield plain | whole
    if case.output_shape is not None:
        yield plain | whole | {"output_shape": list(case.output_shape)}


def _gives(fields: Fields, case: Case) -> bool:
    try:
        made = build_call(case.operator, fields)
    except (BuildError, ValidationError, ValueError, ZeroDivisionError):
        return False
    return _unlabelled(made) == _unlabelled(case)


def _unlabelled(case: Case) -> Case:
    return replace(case, id="", about="", source="", expected=None, slow=False)


def _plain(case: Case) -> Fields:
    value, axes = case.inputs["value"], len(case.strides)
    image = (case.output_shape or ())[1:-1] if is_outward(case.operator) else value.shape[1:-1]
    window = {"ksize": list(case.ksize)} if case.ksize else {"kernel": list(case.inputs["filter"].shape[:axes])}
    padding = case.padding if isinstance(case.padding, str) else [list(pair) for pair in case.padding]
    said: Fields = {
        "image": list(image),
        **window,
        "strides": list(case.strides),
        "padding": padding,
        "output_padding": case.output_padding and list(case.output_padding),
        "dilations": case.dilations and list(case.dilations),
        "ceil_mode": case.ceil_mode,
        "divisor": case.divisor,
        **_channels(case),
        "batch": value.shape[0],
        "data_format": case.data_format,
        "dtype": value.dtype,
        "data": None if value.fill == "literal" else value.fill,
        "special": value.special,
        "position": value.position,
        "gradients": _gradients(case),
        "include_batch_in_index": case.include_batch_in_index or None,
        "given": {name: _listed(one) for name, one in case.given.items()} or None,
        "behaviour": case.behaviour,
        "invalid": {"rule": case.broken.rule, "reason": case.invalid} if case.broken and case.invalid else None,
    }
    said |= {name: _said(case, name) or None for name in case.inputs}
    if case.broken and "cotangent" in case.inputs:  # its shape need not be the output's
        said["cotangent"] = {**_said(case, "cotangent"), **_shaped(case.inputs["cotangent"])}
    if "bias" in case.inputs:
        said["bias"] = _said(case, "bias") or True
    return {name: one for name, one in said.items() if one is not None}


def _gradients(case: Case) -> bool | list[str] | None:
    """Return true if all gradients that there are are asked, or else the names of those that are; None if none is."""
    if {*case.inputs} - {"indices", "cotangent"} == {*case.gradients}:
        return True
    return [*case.gradients] or None


def _channels(case: Case) -> Fields:
    if "filter" not in case.inputs:
        return {"channels": case.inputs["value"].shape[-1]}
    groups = {} if case.groups == 1 else {"groups": case.groups}
    try:
        out = shapes.out_channels(case)
    except (ValueError, ZeroDivisionError):
        out = 1
    return {"in_channels": case.inputs["value"].shape[-1], "out_channels": out, **groups}


def _said(case: Case, name: str) -> Fields:
    """Return what an entry says of a tensor beside its shape and dtype."""
    spec = case.inputs[name]
    if spec.fill == "literal":
        return {"values": literal_values(spec)}
    said: Fields = {} if name == "value" else {"special": spec.special, "position": spec.position}
    if name != "value" and spec.fill != ("indices" if name == "indices" else case.inputs["value"].fill):
        said["fill"] = spec.fill
    return {name: one for name, one in said.items() if one is not None}


def literal_values(spec: TensorSpec) -> list[float]:
    """Return the elements of a literal tensor as numbers, NaN and infinities among them."""
    special = {place: dtypes.special(word, spec.dtype) for place, word in spec.specials}
    return [special.get(place, value) for place, value in enumerate(spec.values or ())]


def replaced(values: Iterable[Any], place: int, value: Any) -> list[Any]:
    """Return a list with another value at one place."""
    return [value if number == place else old for number, old in enumerate(values)]


def _shaped(spec: TensorSpec) -> Fields:
    return {"shape": list(spec.shape), "dtype": spec.dtype}


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value
