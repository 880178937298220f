"""One entry of a case file -> one Case. Shapes that the entry leaves out follow from the definition."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from cases.loading.elements import check_held, check_places, check_special, flat, literal, may_tie
from cases.loading.entries import ConvEntry, Entry, PoolEntry, Tensor
from cases.loading.sizes import BuildError, Sizes, sizes_of
from cases.model import dtypes, fill, rules, shapes, sums
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

_WRITTEN_AS: Final = {
    "value": ("value", "image"),
    "filter": ("filter", "kernel"),
    "bias": ("bias", "out_channels"),
    "kernel": ("kernel", "ksize"),
    "output_shape": ("output_shape", "value", "image"),
}
"""An argument of the call -> the fields of an entry that give it or imply it."""
_MOST: Final = 2**28
"""The elements of a call's inputs. As float64, in which the definition computes, they take 2 GiB."""
_DEFAULT_FILL: Final = {"max_pool": "distinct", "max_pool_argmax": "distinct", "avg_pool": "multiples"}


def build(entry: Entry, operator: str, case_id: str, about: str, source: str) -> Case:
    """Build the case that an entry without a grid describes.

    Raises:
        BuildError: if a size is missing, shapes are impossible, or the entry is wrongly marked as invalid or as valid.
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
        ceil_mode=getattr(entry, "ceil_mode", None),
        divisor=getattr(entry, "divisor", None),
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
    if entry.cotangent is not None and not entry.gradients:
        raise BuildError("cotangent", "only gradients need a cotangent; add gradients: true, or remove it")
    if entry.invalid is not None and entry.gradients:
        case = _with_wrong_gradients(entry, case)
    refuse_heavy(case)
    case = _with_rounding(replace(case, broken=_checked(entry, case)))
    return _with_gradients(entry, _with_expected(entry, case))


def tier(operator: str, inputs: dict[str, TensorSpec]) -> Tier:
    """Return the tier of a call. Sums of normal data round; choosing and placing elements is exact."""
    if any(spec.special or spec.specials for spec in inputs.values()):
        return "special"
    normal = any(spec.fill in fill.NORMAL for spec in inputs.values())
    return "bounded" if normal and not is_chosen(operator) else "exact"


def _with_rounding(case: Case) -> Case:
    """Return a case of literal numbers whose sums may round with the tier that says so."""
    if not case.has_answer or not sums.may_round(case):
        return case
    if case.tier == "special":
        message = "sums of these literal numbers round, and beside a special value none may; choose integers"
        raise BuildError(("value", "filter", "bias"), message)
    return replace(case, tier="bounded")


def refuse_heavy(case: Case) -> None:
    """Refuse a call whose inputs take too much memory, before any of them is filled.

    Raises:
        BuildError: if so.
    """
    elements = {name: math.prod(max(size, 0) for size in spec.shape) for name, spec in case.inputs.items()}
    if sum(elements.values()) > _MOST:
        heaviest = max(elements, key=lambda name: elements[name])
        message = f"the call has {sum(elements.values()):,} elements, and {_MOST:,} are the most; make it smaller"
        raise BuildError(_WRITTEN_AS.get(heaviest, (heaviest,)), message)


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
    """Return the number to add to each dimension of the output_shape."""
    excess = getattr(entry, "excess", None) or [0] * rank
    if len(excess) != rank:
        raise BuildError("excess", f"excess has {len(excess)} entries, the output_shape {rank}")
    return tuple(excess)


def _given(entry: Entry, operator: str) -> dict[str, Any]:
    if entry.given and entry.invalid is None and entry.behaviour is None:
        raise BuildError(
            "given", "only an invalid case or a behaviour may have given arguments; remove given, or mark the case"
        )
    known = (*INPUTS[operator], *ARGUMENTS, *(["cotangent"] if entry.gradients and entry.invalid else []))
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
    """Return the spatial size of the value: the image, or the number of windows if the image is the output."""
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
    """Return the tensor that the sizes imply, with the changes that the file makes to it.

    Raises:
        BuildError: if the fill rule is unknown, or literal elements don't fit the shape or the dtype.
    """
    rule = (override and override.fill) or implied.fill
    known = fill.PLACES if name == "indices" else fill.RULES
    if rule not in known:
        raise BuildError(name, f"no rule fills {name} with {rule!r}; there are: {', '.join(known)}")
    if override is None:
        return implied
    if override.position is not None and override.special is None:
        raise BuildError(name, "position needs a special value, and there is none; add special or remove position")
    shape = tuple(override.shape) if override.shape is not None else implied.shape
    spec = replace(implied, shape=shape, fill=rule, dtype=override.dtype or implied.dtype)
    if override.special is not None:
        spec = replace(spec, special=override.special, position=override.position)
    if override.values is None:
        return spec
    values = flat(name, override.values, spec.shape, special=name != "indices")
    if name == "indices" and not all(isinstance(index, int) and abs(index) < 2**63 for index in values):
        raise BuildError(name, "an index must be an integer that int64 holds")
    return literal(spec, values)


def _checked(entry: Entry, case: Case) -> Broken | None:
    """Return the rule that the case breaks, if any, after checking it against what the entry says."""
    for name, spec in case.inputs.items():
        check_special(name, spec)
    literal = "indices" in case.inputs and case.inputs["indices"].fill == "literal"
    fault = rules.broken(case, fill.fill(case)["indices"] if literal else None)
    if entry.invalid is not None and entry.behaviour is not None:
        raise BuildError("behaviour", "a case is invalid or a behaviour, not both; remove one of the two")
    if fault is None:
        if entry.invalid is not None:
            message = "marked invalid, but the definition allows this call; break a rule, or remove the mark"
            raise BuildError("invalid", message)
        check_places(case)
    else:
        _check_mark(entry, fault)
    check_held(case)
    return fault


def _check_mark(entry: Entry, fault: Broken) -> None:
    if entry.invalid is None and entry.behaviour is None:
        message = f"impossible ({fault.rule}): {fault.reason}; correct it, or mark the case invalid"
        raise BuildError(_fields(entry, fault), message)
    if entry.invalid is not None and fault.rule != entry.invalid.rule:
        raise BuildError("invalid", f"breaks the rule {fault.rule!r} ({fault.reason}), not {entry.invalid.rule!r}")


def _fields(entry: Entry, fault: Broken) -> tuple[str, ...]:
    """Return the fields that may be at fault for a broken rule, the likeliest first."""
    written_as = _WRITTEN_AS.get(fault.argument, (fault.argument,))
    if fault.rule == "channels":
        return (fault.argument, "value", "groups", *written_as)
    if fault.rule == "size":
        counts = ("batch", "in_channels", "out_channels", "channels")
        return (*(name for name in counts if getattr(entry, name, 0) < 0), *written_as)
    return written_as


def _with_wrong_gradients(entry: Entry, case: Case) -> Case:
    """Add the cotangent and the gradients to a wrong call, whose output may have no shape to give the cotangent."""
    _check_gradients(entry, case)
    names = _asked_gradients(entry, [name for name in case.inputs if name != "indices"])
    shape: tuple[int, ...] = (-1,)
    with contextlib.suppress(*rules.FAULTS):
        shape = shapes.output_shape(case)
    given = entry.cotangent is not None and entry.cotangent.shape is not None
    if min(shape, default=0) < 0 and not given:
        message = "the output of this wrong call has no shape, so give the cotangent's: cotangent: {shape: [...]}"
        raise BuildError("gradients", message)
    cotangent = tensor("cotangent", entry.cotangent, TensorSpec(shape=shape, dtype=entry.dtype, fill="integers"))
    return replace(case, inputs=case.inputs | {"cotangent": cotangent}, gradients=names)


def _with_gradients(entry: Entry, case: Case) -> Case:
    """Add the cotangent and the gradients, if the entry asks for them.

    The cotangent has small integers if the value has, because the gradient of a sum of products is also one.
    """
    if case.gradients or not entry.gradients:
        return case
    _check_gradients(entry, case)
    rule = {"avg_pool": entry.data or "multiples"}.get(case.operator, "small" if entry.data == "small" else "integers")
    cotangent = TensorSpec(shape=shapes.output_shape(case), dtype=entry.dtype, fill=rule)
    names = _asked_gradients(entry, [name for name in case.inputs if name != "indices"])
    cotangent = tensor("cotangent", entry.cotangent, cotangent)
    if cotangent.shape != shapes.output_shape(case):
        message = f"the cotangent is as large as the output, {shapes.output_shape(case)}, not {cotangent.shape}"
        raise BuildError("cotangent", message)
    inputs = case.inputs | {"cotangent": cotangent}
    whole = replace(case, inputs=inputs, gradients=names, tier=tier(case.operator, inputs))
    refuse_heavy(whole)
    check_special("cotangent", cotangent)
    check_held(whole)
    if cotangent.fill in fill.NORMAL or sums.may_round(whole):
        raise BuildError("cotangent", "gradients are asked of exact data, and these sums may round; choose integers")
    return whole


def _asked_gradients(entry: Entry, names: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs whose gradient is asked, in the order of the call's inputs."""
    if isinstance(entry.gradients, bool):
        return tuple(names)
    lacking = [name for name in entry.gradients if name not in names]
    if lacking:
        message = f"this call has no {lacking[0]}, so it has no gradient of it; there are: {', '.join(names)}"
        raise BuildError("gradients", message)
    return tuple(name for name in names if name in entry.gradients)


def _check_gradients(entry: Entry, case: Case) -> None:
    if case.expected:
        raise BuildError("gradients", "a case with a literal result has no gradients; remove one")
    if case.tier == "bounded" or entry.dtype not in dtypes.FLOATS:
        message = "gradients are asked of exact floating-point data: choose integers of a float dtype"
        raise BuildError("gradients", message)
    if case.operator.startswith("max_pool") and not case.behaviour and may_tie(case):
        message = "two elements of one channel are equal: if both are the greatest, max pooling has no unique gradient"
        raise BuildError("gradients", f"{message}; choose distinct data, or mark the case as a behaviour")


def _with_expected(entry: Entry, case: Case) -> Case:
    if entry.expected is None:
        return case
    if case.invalid or case.behaviour:
        raise BuildError("expected", "an invalid case or a behaviour has no expected result; remove one of the two")
    if set(entry.expected) != set(OUTPUTS[case.operator]):
        raise BuildError("expected", f"expected names {sorted(entry.expected)}, not {list(OUTPUTS[case.operator])}")
    shape = shapes.output_shape(case)
    if case.tier == "bounded":
        message = "sums of these numbers may round, so no literal result is exact; remove expected, or choose integers"
        raise BuildError("expected", message)
    may_be_special = case.dtype in dtypes.FLOATS
    expected = {
        name: tuple(
            value if math.isfinite(value) else str(value)
            for value in flat(f"expected {name}", values, shape, special=may_be_special and name != "indices")
        )
        for name, values in entry.expected.items()
    }
    return replace(case, expected=expected)
