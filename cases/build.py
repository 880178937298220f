"""One entry of a case file -> one Case: every shape that the entry leaves out follows from the definition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from cases import dtypes, fill, rules, shapes
from cases.case import INDEX_DTYPE, INPUTS, OUTPUTS, Case, Invalid, Padding, TensorSpec, Tier
from cases.schema import ConvEntry, ConvTransposeEntry, Entry, PoolEntry, Tensor

_DEFAULT_FILL: Final = {"max_pool": "distinct", "max_pool_argmax": "distinct", "avg_pool": "multiples"}


class BuildError(Exception):
    """An entry that makes no case; ``field`` names the field to look at."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def build(entry: Entry, operator: str, case_id: str, about: str, source: str) -> Case:
    """The case that an entry without a grid describes.

    Raises:
        BuildError: if a size is missing, shapes are impossible, or the entry is wrong about being invalid.
    """
    sizes = _sizes(entry)
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
        tier=_tier(operator, inputs),
        about=entry.about or about,
        source=entry.source or source,
        invalid=None if entry.invalid is None else Invalid(rule=entry.invalid.rule, reason=entry.invalid.reason),
        behaviour=entry.behaviour,
    )
    _check(entry, case)
    return _with_gradients(entry, _with_expected(entry, case))


def _tier(operator: str, inputs: dict[str, TensorSpec]) -> Tier:
    """Normal data round where they are added; choosing and placing them is exact."""
    if any(spec.special for spec in inputs.values()):
        return "special"
    normal = any(spec.fill == "normal" for spec in inputs.values())
    return "bounded" if normal and not operator.startswith("max") else "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    """What an entry says of space, one entry an axis."""

    image: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    output_padding: tuple[int, ...] | None
    dilations: tuple[int, ...] | None

    @property
    def extents(self) -> tuple[int, ...]:
        """How many elements of the image a window spans.

        Raises:
            ValueError: if there is not one dilation an axis.
        """
        dilations = (1,) * len(self.kernel) if self.dilations is None else self.dilations
        return tuple(shapes.extent(*sizes) for sizes in zip(self.kernel, dilations, strict=True))


def _sizes(entry: Entry) -> _Sizes:
    rank = _rank(entry)
    kernel, strides = _each(_kernel(entry), rank), _each(entry.strides, rank)
    sizes = _Sizes(
        image=(),
        kernel=kernel,
        strides=strides,
        padding=_padding(entry),
        output_padding=_output_padding(entry, rank),
        dilations=None if entry.dilations is None else _each(entry.dilations, rank),
    )
    return replace(sizes, image=_image(entry) if sizes.output_padding is None else _implied_image(entry, sizes))


def _rank(entry: Entry) -> int:
    """How many spatial axes the entry speaks of."""
    if entry.image is not None:
        return len(entry.image)
    shape = entry.value.shape if entry.value is not None else None
    return len(shape) - 2 if shape is not None else 2


def _kernel(entry: Entry) -> int | list[int]:
    name = "ksize" if isinstance(entry, PoolEntry) else "kernel"
    kernel = getattr(entry, name)
    if kernel is None:
        raise BuildError(name, f"{name} is missing: the window's spatial size, e.g. 3 or [3, 5]")
    return kernel  # type: ignore[no-any-return]


def _each(size: int | list[int], rank: int) -> tuple[int, ...]:
    return (size,) * rank if isinstance(size, int) else tuple(size)


def _padding(entry: Entry) -> Padding:
    if isinstance(entry.padding, str):
        return entry.padding
    if any(len(pair) != 2 for pair in entry.padding):  # noqa: PLR2004 - before and after
        raise BuildError("padding", "padding needs a [before, after] pair a spatial axis, e.g. [[1, 1], [0, 2]]")
    return tuple((before, after) for before, after in entry.padding)


def _output_padding(entry: Entry, rank: int) -> tuple[int, ...] | None:
    if not isinstance(entry, ConvTransposeEntry) or entry.output_padding is None:
        return None
    if entry.padding == "SAME":
        raise BuildError("output_padding", "output_padding goes with VALID or explicit padding: SAME depends on image")
    return _each(entry.output_padding, rank)


def _image(entry: Entry) -> tuple[int, ...]:
    if entry.image is None:
        raise BuildError("image", "image is missing: the spatial size on the image's side, e.g. [5, 6]")
    return tuple(entry.image)


def _implied_image(entry: Entry, sizes: _Sizes) -> tuple[int, ...]:
    if entry.image is not None or entry.value is None or entry.value.shape is None:
        raise BuildError("output_padding", "output_padding names the size itself: give value: {shape: [...]}, no image")
    try:
        pairs = shapes.pads(sizes.padding, sizes.kernel, sizes.kernel, sizes.strides)
        axes = zip(
            entry.value.shape[1:-1], sizes.extents, sizes.strides, pairs, sizes.output_padding or (), strict=True
        )
        return tuple((count - 1) * stride + size - sum(pair) + more for count, size, stride, pair, more in axes)
    except ValueError:
        message = "the image's size doesn't follow from these sizes: give each spatial axis one of each, and no word"
        raise BuildError("output_padding", message) from None


def _output_shape(entry: Entry, operator: str, sizes: _Sizes) -> tuple[int, ...] | None:
    if not _outward(operator):
        return None
    override = getattr(entry, "output_shape", None)
    channels = entry.out_channels if isinstance(entry, ConvEntry) else getattr(entry, "channels", 1)
    return tuple(override) if override is not None else (entry.batch, *sizes.image, channels)


def _outward(operator: str) -> bool:
    """Whether the image is the operator's output."""
    return operator == "conv_transpose" or operator.endswith("unpool")


def _inputs(entry: Entry, operator: str, sizes: _Sizes) -> dict[str, TensorSpec]:
    shape = (entry.batch, *_value_size(entry, operator, sizes), _channels(entry))
    rule = entry.data or _DEFAULT_FILL.get(operator, "integers")
    plain = TensorSpec(shape=shape, dtype=entry.dtype, fill=rule)
    implied = {
        "value": replace(plain, special=entry.special, position=entry.position),
        "indices": TensorSpec(shape=shape, dtype=INDEX_DTYPE, fill="indices"),
    }
    if isinstance(entry, ConvEntry):
        implied["filter"] = replace(plain, shape=_filter_shape(entry, operator, sizes))
    inputs = {name: _tensor(name, getattr(entry, name, None), implied[name]) for name in INPUTS[operator]}
    if isinstance(entry, ConvEntry) and entry.bias:
        inputs["bias"] = replace(plain, shape=(entry.out_channels,))
    return inputs


def _filter_shape(entry: ConvEntry, operator: str, sizes: _Sizes) -> tuple[int, ...]:
    first, last = entry.in_channels, entry.out_channels
    if operator == "conv_transpose":
        first, last = last, first
    return (*sizes.kernel, first // max(entry.groups, 1), last)


def _channels(entry: Entry) -> int:
    return entry.in_channels if isinstance(entry, ConvEntry) else int(getattr(entry, "channels", 1))


def _value_size(entry: Entry, operator: str, sizes: _Sizes) -> tuple[int, ...]:
    """The image itself, or how many windows lie on it where the image is the output."""
    if not _outward(operator):
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


def _tensor(name: str, override: Tensor | None, implied: TensorSpec) -> TensorSpec:
    rule = (override and override.fill) or implied.fill
    known = ("indices",) if name == "indices" else fill.RULES
    if rule not in known:
        raise BuildError(name, f"no rule fills {name} with {rule!r}; there are: {', '.join(known)}")
    if override is None:
        return implied
    if override.position is not None and override.special is None:
        raise BuildError(name, "position says where a special value stands, and there is none; add special")
    spec = replace(implied, shape=tuple(override.shape) if override.shape is not None else implied.shape, fill=rule)
    if override.special is not None:
        spec = replace(spec, special=override.special, position=override.position)
    if override.values is None:
        return spec
    values = _flat(name, override.values, spec.shape)
    if name == "indices" and not all(isinstance(index, int) and abs(index) < 2**63 for index in values):
        raise BuildError(name, "an index is an integer that int64 holds")
    return replace(spec, fill="literal", values=values)


def _flat(name: str, values: Any, shape: tuple[int, ...]) -> tuple[float, ...]:
    flat = tuple(_elements(name, values))
    if len(flat) != math.prod(shape):
        raise BuildError(
            name.partition(" ")[0],
            f"{name} has {len(flat)} literal elements, the shape {shape} holds {math.prod(shape)}",
        )
    return flat


def _elements(name: str, values: Any) -> Iterator[float]:
    if isinstance(values, list):
        for value in values:
            yield from _elements(name, value)
    elif isinstance(values, float) and not math.isfinite(values):
        raise BuildError(name.partition(" ")[0], f"{name} holds {values}: say it with special and position instead")
    elif isinstance(values, (int, float)) and not isinstance(values, bool):
        if isinstance(values, int) and abs(values) >= 2**64:
            raise BuildError(name.partition(" ")[0], f"{name} holds a number that no dtype holds")
        yield values
    else:
        raise BuildError(name.partition(" ")[0], f"{name} holds {values!r}, which is no number")


def _check(entry: Entry, case: Case) -> None:
    for name, spec in case.inputs.items():
        _check_special(name, spec)
    literal = "indices" in case.inputs and case.inputs["indices"].fill == "literal"
    fault = rules.broken(case, fill.fill(case)["indices"] if literal else None)
    if entry.invalid is not None and entry.behaviour is not None:
        raise BuildError("behaviour", "a case is invalid or a behaviour, not both")
    if fault is not None and entry.invalid is None and entry.behaviour is None:
        raise BuildError("image", f"impossible ({fault.rule}): {fault.reason}; mend it, or mark the case invalid")
    if fault is None and entry.invalid is not None:
        raise BuildError("invalid", "marked invalid, but the definition admits this call; break a rule or unmark it")
    if fault is not None and entry.invalid is not None and fault.rule != entry.invalid.rule:
        raise BuildError("invalid", f"breaks the rule {fault.rule!r} ({fault.reason}), not {entry.invalid.rule!r}")


def _check_special(name: str, spec: TensorSpec) -> None:
    if spec.fill == "normal" and spec.dtype not in dtypes.FLOATS:
        raise BuildError("data", f"{spec.dtype} holds no normal data; choose integers")
    if spec.special is None:
        if spec.position is not None:
            raise BuildError("position", "position says where a special value stands, and there is none; add special")
        return
    if spec.dtype not in dtypes.FLOATS:
        raise BuildError("special", f"{spec.dtype} has no special values")
    if spec.fill == "normal":
        raise BuildError("special", "special values stand among exact data, and normal ones round; choose integers")
    if spec.position is not None and spec.position >= math.prod(spec.shape):
        raise BuildError(
            "position", f"position {spec.position} is behind the {math.prod(spec.shape)} elements of {name}"
        )


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
    rule = {"avg_pool": entry.data or "multiples"}.get(case.operator, "small" if entry.data == "small" else "integers")
    cotangent = TensorSpec(shape=shapes.output_shape(case), dtype=entry.dtype, fill=rule)
    names = tuple(name for name in case.inputs if name != "indices")
    return replace(case, inputs=case.inputs | {"cotangent": cotangent}, gradients=names)


def _with_expected(entry: Entry, case: Case) -> Case:
    if entry.expected is None:
        return case
    if case.invalid or case.behaviour:
        raise BuildError("expected", "an invalid case or a behaviour has no expected result; remove one of the two")
    if set(entry.expected) != set(OUTPUTS[case.operator]):
        raise BuildError("expected", f"expected names {sorted(entry.expected)}, not {list(OUTPUTS[case.operator])}")
    shape = shapes.output_shape(case)
    expected = {name: _flat(f"expected {name}", values, shape) for name, values in entry.expected.items()}
    return replace(case, expected=expected)
