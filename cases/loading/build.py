"""One entry of a case file -> one Case: every shape that the entry leaves out follows from the definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cases.loading.elements import check_held, check_places, check_special, flat, literal, may_tie
from cases.loading.entries import ConvEntry, Entry, PoolEntry, Tensor
from cases.loading.sizes import BuildError, Sizes, sizes_of
from cases.model import dtypes, fill, rules, shapes
from cases.model.case import (
    ARGUMENTS,
    INDEX_DTYPE,
    INPUTS,
    OUTPUTS,
    Broken,
    Case,
    TensorSpec,
    Tier,
    as_tuples,
    is_chosen,
    is_outward,
)

_SAID_BY: Final = {
    "value": ("value", "image"),
    "filter": ("filter", "kernel"),
    "bias": ("bias", "out_channels"),
    "kernel": ("kernel", "ksize"),
    "output_shape": ("output_shape", "value", "image"),
}
"""An argument of the call -> the fields of an entry that say it, or that it follows from."""
_DEFAULT_FILL: Final = {"max_pool": "distinct", "max_pool_argmax": "distinct", "avg_pool": "multiples"}


def build(entry: Entry, operator: str, case_id: str, about: str, source: str) -> Case:
    """The case that an entry without a grid describes.

    Raises:
        BuildError: if a size is missing, shapes are impossible, or the entry is wrong about being invalid.
    """
    sizes = sizes_of(entry)
    inputs = _inputs(entry, operator, sizes)
    case = Case(
        id=case_id,
        operator=operator,
        inputs=inputs,
        strides=sizes.strides,
        padding=sizes.padding,
        ksize=sizes.kernel if isinstance(entry, PoolEntry) else None,
        output_shape=_output_shape(entry, operator, sizes),
        output_padding=sizes.output_padding,
        dilations=sizes.dilations,
        groups=getattr(entry, "groups", 1),
        data_format=entry.data_format,
        include_batch_in_index=getattr(entry, "include_batch_in_index", False),
        given=_given(entry, operator),
        tier=tier(operator, inputs),
        about=entry.about or about,
        source=entry.source or source,
        invalid=None if entry.invalid is None else entry.invalid.reason,
        behaviour=entry.behaviour,
    )
    case = replace(case, broken=_checked(entry, case))
    return _with_gradients(entry, _with_expected(entry, case))


def tier(operator: str, inputs: dict[str, TensorSpec]) -> Tier:
    """Normal data round where they are added; choosing and placing them is exact."""
    if any(spec.special or spec.specials for spec in inputs.values()):
        return "special"
    normal = any(spec.fill in fill.NORMAL for spec in inputs.values())
    return "bounded" if normal and not is_chosen(operator) else "exact"


def _output_shape(entry: Entry, operator: str, sizes: Sizes) -> tuple[int, ...] | None:
    if not is_outward(operator):
        return None
    override = getattr(entry, "output_shape", None)
    if override is not None:
        return tuple(override)
    channels = entry.out_channels if isinstance(entry, ConvEntry) else getattr(entry, "channels", 1)
    shape = (entry.batch, *sizes.image, channels)
    return tuple(size + more for size, more in zip(shape, _excess(entry, len(shape)), strict=True))


def _excess(entry: Entry, rank: int) -> tuple[int, ...]:
    """By how much the output_shape is off in each dimension."""
    excess = getattr(entry, "excess", None) or [0] * rank
    if len(excess) != rank:
        raise BuildError("excess", f"excess has {len(excess)} entries, the output_shape {rank}")
    return tuple(excess)


def _given(entry: Entry, operator: str) -> dict[str, Any]:
    if entry.given and entry.invalid is None and entry.behaviour is None:
        raise BuildError("given", "only an invalid case or a behaviour is given an argument as it stands")
    known = (*INPUTS[operator], *ARGUMENTS)
    for name in entry.given or {}:
        if name not in known:
            raise BuildError("given", f"no call has an argument {name!r}; there are: {', '.join(known)}")
    return {name: as_tuples(value) for name, value in (entry.given or {}).items()}


def _inputs(entry: Entry, operator: str, sizes: Sizes) -> dict[str, TensorSpec]:
    shape = (entry.batch, *_value_size(entry, operator, sizes), _channels(entry))
    rule = entry.data or _DEFAULT_FILL.get(operator, "integers")
    plain = TensorSpec(shape=shape, dtype=entry.dtype, fill=rule)
    implied = {
        "value": replace(plain, special=entry.special, position=entry.position),
        "indices": TensorSpec(shape=shape, dtype=INDEX_DTYPE, fill="indices"),
    }
    if isinstance(entry, ConvEntry):
        implied["filter"] = replace(plain, shape=_filter_shape(entry, operator, sizes))
    inputs = {name: tensor(name, getattr(entry, name, None), implied[name]) for name in INPUTS[operator]}
    if isinstance(entry, ConvEntry) and entry.bias:
        override = None if isinstance(entry.bias, bool) else entry.bias
        inputs["bias"] = tensor("bias", override, replace(plain, shape=(entry.out_channels,)))
    return inputs


def _filter_shape(entry: ConvEntry, operator: str, sizes: Sizes) -> tuple[int, ...]:
    first, last = entry.in_channels, entry.out_channels
    if operator == "conv_transpose":
        first, last = last, first
    return (*sizes.kernel, first // max(entry.groups, 1), last)


def _channels(entry: Entry) -> int:
    return entry.in_channels if isinstance(entry, ConvEntry) else int(getattr(entry, "channels", 1))


def _value_size(entry: Entry, operator: str, sizes: Sizes) -> tuple[int, ...]:
    """The image itself, or how many windows lie on it where the image is the output."""
    if not is_outward(operator):
        return sizes.image
    if entry.value is not None and entry.value.shape is not None:
        return tuple(entry.value.shape[1:-1])
    try:
        pairs = shapes.pads(sizes.padding, sizes.image, sizes.extents, sizes.strides)
        axes = zip(sizes.image, sizes.extents, sizes.strides, pairs, strict=True)
        return tuple(shapes.window_count(*axis) for axis in axes)
    except (ValueError, ZeroDivisionError):
        message = "the value's size doesn't follow from these sizes: give value: {shape: [...]}"
        raise BuildError("value", message) from None


def tensor(name: str, override: Tensor | None, implied: TensorSpec) -> TensorSpec:
    """The tensor that the sizes imply, but for what the file says of it.

    Raises:
        BuildError: if a rule is unknown, or literal elements are not those of the shape and the dtype.
    """
    rule = (override and override.fill) or implied.fill
    known = fill.PLACES if name == "indices" else fill.RULES
    if rule not in known:
        raise BuildError(name, f"no rule fills {name} with {rule!r}; there are: {', '.join(known)}")
    if override is None:
        return implied
    if override.position is not None and override.special is None:
        raise BuildError(name, "position says where a special value stands, and there is none; add special")
    shape = tuple(override.shape) if override.shape is not None else implied.shape
    spec = replace(implied, shape=shape, fill=rule, dtype=override.dtype or implied.dtype)
    if override.special is not None:
        spec = replace(spec, special=override.special, position=override.position)
    if override.values is None:
        return spec
    values = flat(name, override.values, spec.shape, special=name != "indices")
    if name == "indices" and not all(isinstance(index, int) and abs(index) < 2**63 for index in values):
        raise BuildError(name, "an index is an integer that int64 holds")
    return literal(spec, values)


def _checked(entry: Entry, case: Case) -> Broken | None:
    """The rule that the case breaks, where the entry says so; else see that it breaks none."""
    for name, spec in case.inputs.items():
        check_special(name, spec)
    literal = "indices" in case.inputs and case.inputs["indices"].fill == "literal"
    fault = rules.broken(case, fill.fill(case)["indices"] if literal else None)
    if entry.invalid is not None and entry.behaviour is not None:
        raise BuildError("behaviour", "a case is invalid or a behaviour, not both")
    if fault is not None and entry.invalid is None and entry.behaviour is None:
        message = f"impossible ({fault.rule}): {fault.reason}; mend it, or mark the case invalid"
        raise BuildError(_fields(entry, fault), message)
    if fault is None and entry.invalid is not None:
        raise BuildError("invalid", "marked invalid, but the definition admits this call; break a rule or unmark it")
    if fault is not None and entry.invalid is not None and fault.rule != entry.invalid.rule:
        raise BuildError("invalid", f"breaks the rule {fault.rule!r} ({fault.reason}), not {entry.invalid.rule!r}")
    if fault is None:
        check_places(case)
    check_held(case)
    return fault


def _fields(entry: Entry, fault: Broken) -> tuple[str, ...]:
    """The fields to look at for a broken rule, the likeliest first."""
    said_by = _SAID_BY.get(fault.argument, (fault.argument,))
    if fault.rule == "channels":
        return (fault.argument, "value", "groups", *said_by)
    if fault.rule == "size":
        counts = ("batch", "in_channels", "out_channels", "channels")
        return (*(name for name in counts if getattr(entry, name, 0) < 0), *said_by)
    return said_by


def _with_gradients(entry: Entry, case: Case) -> Case:
    """The cotangent is filled like the value, since the gradient of a sum of products is one as well."""
    if not entry.gradients:
        return case
    if case.invalid or case.expected:
        raise BuildError("gradients", "an invalid case or one with a literal result has no gradients; remove one")
    if case.tier == "bounded" or entry.dtype not in dtypes.FLOATS:
        raise BuildError(
            "gradients", "gradients are asked of exact floating-point data: choose integers of a float dtype"
        )
    if case.operator.startswith("max_pool") and not case.behaviour and may_tie(case):
        message = "two elements of one channel are equal: where both are the greatest, max pooling has no one gradient"
        raise BuildError("gradients", f"{message}; choose distinct data, or say so under behaviour")
    rule = {"avg_pool": entry.data or "multiples"}.get(case.operator, "small" if entry.data == "small" else "integers")
    cotangent = TensorSpec(shape=shapes.output_shape(case), dtype=entry.dtype, fill=rule)
    names = tuple(name for name in case.inputs if name != "indices")
    whole = replace(case, inputs=case.inputs | {"cotangent": cotangent}, gradients=names)
    check_held(whole)
    return whole


def _with_expected(entry: Entry, case: Case) -> Case:
    if entry.expected is None:
        return case
    if case.invalid or case.behaviour:
        raise BuildError("expected", "an invalid case or a behaviour has no expected result; remove one of the two")
    if set(entry.expected) != set(OUTPUTS[case.operator]):
        raise BuildError("expected", f"expected names {sorted(entry.expected)}, not {list(OUTPUTS[case.operator])}")
    shape = shapes.output_shape(case)
    expected = {name: flat(f"expected {name}", values, shape) for name, values in entry.expected.items()}
    return replace(case, expected=expected)
