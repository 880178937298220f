"""Deterministic input data, made from the case id and the name of the tensor.

The bytes come from SHAKE-128, not from a random module. So every NumPy on every machine makes the same tensor: in the
parent, in a worker on another interpreter, and in a reproducer that is run a year later.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import dtypes, shapes
from cases.model.case import INDEX_DTYPE, Case, TensorSpec, is_chosen

Array = npt.NDArray[Any]

MULTIPLE: Final = 176_400
"""A multiple of the area of every window with sides of 1-5 or 7 elements, even of one that a border cuts.

So averages stay integers. It has the factor 16, so that sums of 49 values, each up to 8 times this number, need only 23
bits.
"""


def fill(case: Case) -> dict[str, Array]:
    """Return all input tensors of a case by name, channels-last, in C order. Their dtypes are those of ``dtypes.held``.

    Raises:
        ValueError: if a fill rule is unknown, its values don't fit the dtype, or literal values don't fit the shape.
    """
    return {name: _tensor(case, name, spec) for name, spec in case.inputs.items()}


def _tensor(case: Case, name: str, spec: TensorSpec) -> Array:
    if spec.fill in PLACES:
        return _indices(case, spec).astype(spec.dtype)
    if spec.fill == "file":
        return _from_file(case, name, spec)
    if spec.fill == "literal":
        array = np.array(spec.values, dtype=dtypes.held(spec.dtype)).reshape(spec.shape)
    else:
        array = _drawn(case, name, spec)
    for place, word in special_places(spec):
        array.flat[place] = dtypes.special(word, spec.dtype)
    return array


def special_places(spec: TensorSpec) -> Iterator[tuple[int | slice, str]]:
    """Yield the words among a tensor's elements, each with the flat places where it stands."""
    yield from spec.specials
    if spec.special is not None:
        yield slice(None) if spec.position is None else spec.position, spec.special


def without_specials(case: Case, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return a case's inputs with a zero in the place of each special value, and of what is not finite.

    The inputs of a pipeline's step may hold what is not finite though no word of the step says so.
    """
    plain = {name: np.where(np.isfinite(array), array, np.zeros_like(array)) for name, array in inputs.items()}
    for name, spec in case.inputs.items():
        for place, _ in special_places(spec):
            plain[name].flat[place] = 0
    return plain


def _drawn(case: Case, name: str, spec: TensorSpec) -> Array:
    if spec.fill not in _RULES:
        known = ", ".join(("indices", "literal", "file", *_RULES))
        msg = f"{case.id}: no rule fills {name} with {spec.fill!r}; there are: {known}"
        raise ValueError(msg)
    shape = [max(length, 0) for length in spec.shape]
    values: Array = _RULES[spec.fill](f"{case.id}\0{name}", math.prod(shape))
    if spec.fill == "he":
        values = values * _gain(spec.shape)
    if spec.dtype.startswith("u"):
        values = values + _above_zero(case, spec, values)
    if spec.dtype in dtypes.OTHERS:
        return values.astype(spec.dtype).reshape(shape)
    array = dtypes.rounded(values, spec.dtype)
    if spec.fill not in NORMAL and not np.array_equal(array.astype(np.float64), values.astype(np.float64)):
        msg = f"{case.id}: {spec.dtype} does not hold what the rule {spec.fill!r} fills {name} with"
        raise ValueError(msg)
    return array.reshape(shape)


def _above_zero(case: Case, spec: TensorSpec, values: Array) -> int:
    """Return what to add to numbers of both signs, so that an unsigned dtype holds them and no 0 is among them.

    A 0 that unpooling puts among zeros would not show. Of elements that are summed, a common divisor stays one. Of
    elements of uint8 that are chosen, half lie above 127, where a byte that is taken for signed is negative.
    """
    if is_chosen(case.operator) and spec.dtype == "uint8" and values.size:
        least, most = int(values.min()), int(values.max())
        middle = 128 - (least + most + 1) // 2
        if least + middle > 0 and most + middle < 256:  # noqa: PLR2004 - what a byte holds
            return middle
    return _DIVISORS.get(spec.fill, 1) - int(values.min(initial=0))


def _from_file(case: Case, name: str, spec: TensorSpec) -> Array:
    with np.load(str(spec.file), allow_pickle=False) as archive:
        array: Array = archive[name]
    if array.shape != spec.shape:
        msg = f"{case.id}: {spec.file} holds {name} as {array.shape}, not {spec.shape}"
        raise ValueError(msg)
    return dtypes.rounded(array, spec.dtype)


def _gain(shape: tuple[int, ...]) -> float:
    """Return a power of two near sqrt(2 / products): sums after a relu neither grow nor fade from layer to layer.

    It is computed with integers, because every machine has to find the same number. A power of two keeps the digits.

    Source: He et al., "Delving Deep into Rectifiers", section 2.2.
    """
    products = max(math.prod(shape[:-1]), 1)
    return 2.0 ** -((products.bit_length() - 1) // 2)


def _words(key: str, size: int, width: int) -> Array:
    stream = hashlib.shake_128(key.encode()).digest(size * width)
    return np.frombuffer(stream, dtype=f"<u{width}")


def _integers(key: str, size: int) -> Array:
    """Draw from -8..8 without 0: products of two are exact in every dtype, and a lost term of a sum always shows."""
    values = _words(key, size, 2).astype(np.int64) % 16 - 8
    return values + (values >= 0)


def _small(key: str, size: int) -> Array:
    """Draw from -2, -1, 1, 2: sums of 64 products are exact even in bfloat16."""
    values = _words(key, size, 2).astype(np.int64) % 4 - 2
    return values + (values >= 0)


def _sparse(key: str, size: int) -> Array:
    """Draw as ``small``, and make 0 of two in three: a filter whose least weights were pruned."""
    return np.where(_words(f"{key}\0kept", size, 2) % 3 == 0, _small(key, size), 0)


def _twelves(key: str, size: int) -> Array:
    """Draw multiples of 12 up to 96: averages over 1, 2, 3, 4, 6 or 12 are integers, and bfloat16 holds their sums."""
    return _integers(key, size) * 12


def _dozens(key: str, size: int) -> Array:
    """Draw from -24, -12, 12, 24: averages as for ``twelves``, and even int8 holds the sums of five."""
    return _small(key, size) * 12


def _wide(key: str, size: int) -> Array:
    """Draw integers of magnitude up to 2**24: only float64 holds their products, so rounding to float32 shows."""
    return _words(key, size, 4).astype(np.int64) % 2**25 - 2**24


def _long(key: str, size: int) -> Array:
    """Draw integers of 40 bits and a sign: only float64 and int64 hold them, and sums of a hundred of them."""
    return (_words(key, size, 8) >> np.uint64(23)).astype(np.int64) - 2**40


def _broad(key: str, size: int) -> Array:
    """Draw integers of 30 bits and a sign: int32 holds them, and float32 rounds them."""
    return (_words(key, size, 8) >> np.uint64(33)).astype(np.int64) - 2**30


def _multiples(key: str, size: int) -> Array:
    return _integers(key, size) * MULTIPLE


def _normal(key: str, size: int) -> Array:
    """Draw nearly standard normal numbers: sums of 12 uniform ones, which float64 holds exactly on every machine."""
    uniforms = _words(key, size * 12, 2).reshape(size, 12).astype(np.float64) / 65536
    return np.asarray(uniforms.sum(axis=1) - 6)


def _fine(key: str, size: int) -> Array:
    """Draw as ``normal``, but with 32 bits after the point; float32 would lose ten of them."""
    uniforms = _words(key, size * 12, 4).reshape(size, 12).astype(np.float64) / 2**32
    return np.asarray(uniforms.sum(axis=1) - 6)


def _distinct(key: str, size: int) -> Array:
    """Permute consecutive integers around 0: there are no ties."""
    return np.argsort(_words(key, size, 8), kind="stable") - size // 2


def _negative(key: str, size: int) -> Array:
    """Permute -size..-1: padding with 0 instead of minus infinity shows."""
    return np.argsort(_words(key, size, 8), kind="stable") - size


def _ties(key: str, size: int) -> Array:
    """Draw from -2..1: most windows have their maximum several times."""
    return _words(key, size, 2).astype(np.int64) % 4 - 2


def _ones(_key: str, size: int) -> Array:
    return np.ones(size)


_RULES: Final = {
    "integers": _integers,
    "small": _small,
    "sparse": _sparse,
    "wide": _wide,
    "long": _long,
    "broad": _broad,
    "twelves": _twelves,
    "dozens": _dozens,
    "multiples": _multiples,
    "normal": _normal,
    "fine": _fine,
    "he": _normal,
    "distinct": _distinct,
    "negative": _negative,
    "ties": _ties,
    "ones": _ones,
}
_DIVISORS: Final = {"twelves": 12, "dozens": 12, "multiples": MULTIPLE}
NORMAL: Final = ("normal", "fine", "he")
"""The rules whose values round in sums. The values of ``he`` are scaled by the size of the filter."""
RULES: Final = tuple(_RULES)
"""The rules for all tensors except indices."""


FIRST: Final = "first"
PLACES: Final = ("indices", "anywhere", FIRST)
"""The rules for indices: each inside its own window, as max pooling returns them, or anywhere in its channel, or all at
the channel's first place."""


def _indices(case: Case, spec: TensorSpec) -> Array:
    """Return canonical indices. The sizes of a wrong call may give none: any numbers do then."""
    try:
        return _in_image(case, spec)
    except (IndexError, TypeError, ValueError, ZeroDivisionError):
        if case.broken is None:
            raise
        return np.arange(math.prod(spec.shape)).reshape(spec.shape)


def _in_image(case: Case, spec: TensorSpec) -> Array:
    batch, *counts, channels = spec.shape
    plane = np.empty(spec.shape, dtype=INDEX_DTYPE)
    for image in range(batch):
        for channel in range(channels):
            key = f"{case.id}\0indices\0{image}\0{channel}"
            plane[image, ..., channel] = _places(case, key, spec.fill, tuple(counts)) * channels + channel
    return plane


def _places(case: Case, key: str, rule: str, counts: tuple[int, ...]) -> Array:
    """Return the place in its channel of each index of one image and channel."""
    if rule == FIRST:
        return np.zeros(counts, dtype=INDEX_DTYPE)
    return _plane(case, key) if rule == "indices" else _anywhere(case, key, counts)


def _anywhere(case: Case, key: str, counts: tuple[int, ...]) -> Array:
    """Return different places of the image, in random order."""
    size = math.prod(shapes.image_size(case))
    return np.argsort(_words(key, size, 4), kind="stable")[: math.prod(counts)].reshape(counts)


def _plane(case: Case, key: str) -> Array:
    flat = np.zeros((1,) * len(case.strides), dtype=np.int64)
    for number, axis in enumerate(shapes.axes(case)):
        positions = _positions(axis, _words(f"{key}\0{number}", axis.count, 4))
        flat = flat * axis.image + np.expand_dims(
            positions, tuple(other for other in range(len(case.strides)) if other != number)
        )
    return flat


def _latest(axis: shapes.Axis) -> list[int]:
    """Return the last position that each window may take, so that each later one finds a position behind it."""
    latest = [min(start + axis.extent, axis.image) - 1 for start in axis.starts]
    for i in reversed(range(axis.count - 1)):
        latest[i] = min(latest[i], latest[i + 1] - 1)
    return latest


def has_places(axis: shapes.Axis) -> bool:
    """Tell whether the windows of an axis can take positions of the image that rise."""
    return all(max(start, 0) <= latest for start, latest in zip(axis.starts, _latest(axis), strict=True))


def _positions(axis: shapes.Axis, draws: Array) -> Array:
    """Return a position of the image for each window of an axis. They rise, so no two windows share one."""
    latest = _latest(axis)
    chosen = np.empty(axis.count, dtype=np.int64)
    previous = -1
    for i, (start, draw) in enumerate(zip(axis.starts, draws.tolist(), strict=True)):
        earliest = max(start, previous + 1)
        chosen[i] = previous = earliest + draw % (latest[i] - earliest + 1)
    return chosen
