"""Zeros that are multiplied though the definition has no product there: zero times an infinity or a NaN is NaN.

A kernel may store zeros around an image, between the elements that strides or dilations keep apart, around windows, and
between the groups of a filter. It depends on the kernel which of them it multiplies, so each element may show it or
not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import shapes
from cases.model.case import Case, is_outward
from cases.model.shapes import Axis

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
MULTIPLIED: Final = "zeros multiplied"
OF_GROUPS: Final = "zeros of other groups multiplied"
_MOST: Final = 2**30
"""The most products that are looked at. A larger call is not explained in this way."""


def with_products_of_zeros(case: Case, inputs: Arrays, expected: Arrays, actual: Arrays) -> Arrays | None:
    """Return what is expected, with the actual NaN wherever a zero may have been multiplied; None if there is none.

    The arrays of ``expected`` and ``actual`` have the same shapes.
    """
    has_nan = {name for name, array in actual.items() if name in expected and np.isnan(array.astype(np.float64)).any()}
    if "filter" not in inputs or not has_nan:
        return None
    if all(np.isfinite(array.astype(np.float64)).all() for array in inputs.values()):
        return None
    fields = _Fields(case, inputs)
    if fields.cost > _MOST or any(axis.before < 0 for axis in shapes.axes(case)):
        return None
    outward = is_outward(case.operator)
    sums = {"output": fields.image if outward else fields.windows}
    if case.gradients:
        sums |= {"value_gradient": fields.windows if outward else fields.image, "filter_gradient": fields.filter}
    found = {name: reach() for name, reach in sums.items() if name in has_nan}
    return expected | {name: _taken(mask, expected[name], actual[name]) for name, mask in found.items()}


def _taken(mask: Array, expected: Array, actual: Array) -> Array:
    """Return the expected elements, with the actual NaN where the mask is true."""
    return np.where(mask & np.isnan(actual), actual, expected)


@dataclass(slots=True, kw_only=True)
class _Marks:
    """Where a tensor holds a zero that the definition does not multiply, and where something that is not finite."""

    zero: Array
    beyond: Array


class _Fields:
    """The tensors of a convolution on a grid without strides and dilations, and where products with zeros may add up.

    Tensors are [batch, *positions, channels]; the filter is [*taps, image's channels, windows' channels].
    """

    def __init__(self, case: Case, inputs: Arrays) -> None:
        self._axes = shapes.axes(case)
        outward = is_outward(case.operator)
        image, value = inputs.get("cotangent") if outward else inputs["value"], inputs["value"]
        windows = value if outward else inputs.get("cotangent")
        self._image = self._of_image(image)
        self._windows = self._of_windows(windows)
        self._filter = self._of_filter(inputs["filter"], case.groups)
        self._groups = case.groups
        self._batch = len(value)

    @property
    def cost(self) -> int:
        """The number of products."""
        taps = math.prod(axis.extent for axis in self._axes)
        return taps * math.prod(map(self._reach, self._axes)) * math.prod(self._filter.zero.shape[-2:]) * self._batch

    @staticmethod
    def _reach(axis: Axis) -> int:
        """Return the length of an axis that holds the image, its padding and every window."""
        return max(axis.full, axis.before + axis.image)

    def _of_image(self, image: Array | None) -> _Marks:
        """Mark an image in its padding. Without an image nothing asks for it."""
        if image is None:
            return _Marks(zero=np.zeros(()), beyond=np.zeros(()))
        marks = _blank(image, map(self._reach, self._axes))
        return _put(marks, (slice(None), *(slice(axis.before, axis.before + axis.image) for axis in self._axes)), image)

    def _of_windows(self, windows: Array | None) -> _Marks:
        """Mark values a stride apart, with as many zeros before and behind as a filter reaches."""
        if windows is None:
            return _Marks(zero=np.zeros(()), beyond=np.zeros(()))
        marks = _blank(windows, (self._reach(axis) + axis.extent - 1 for axis in self._axes))
        ends = [axis.extent + axis.stride * (axis.count - 1) for axis in self._axes]
        steps = (slice(axis.extent - 1, end, axis.stride) for axis, end in zip(self._axes, ends, strict=True))
        return _put(marks, (slice(None), *steps), windows)

    def _of_filter(self, filter_: Array, groups: int) -> _Marks:
        """Mark the taps a dilation apart, and the blocks of the groups in a filter over all channels."""
        first, last = filter_.shape[-2:]
        shape = (*(axis.extent for axis in self._axes), first * groups, last)
        marks = _Marks(zero=np.ones(shape), beyond=np.zeros(shape))
        steps = tuple(slice(None, None, axis.dilation) for axis in self._axes)
        for group, part in enumerate(np.split(filter_, groups, axis=-1)):
            width = last // groups
            block = (slice(group * first, (group + 1) * first), slice(group * width, (group + 1) * width))
            _put(marks, (*steps, *block), part)
        return marks

    def windows(self) -> Array:
        """Return for each window and channel whether products with zeros may reach it."""
        lengths = [axis.stride * (axis.count - 1) + 1 for axis in self._axes]
        found = np.zeros((self._batch, *lengths, self._filter.zero.shape[-1]))
        for tap in self._taps():
            place = _block(tap, lengths)
            found += self._image.zero[place] @ self._filter.beyond[tap]
            found += self._image.beyond[place] @ self._filter.zero[tap]
        return found[(slice(None), *(slice(None, None, axis.stride) for axis in self._axes))] > 0

    def image(self) -> Array:
        """Return for each element and channel of the image whether products with zeros may reach it."""
        lengths = [self._reach(axis) for axis in self._axes]
        found = np.zeros((self._batch, *lengths, self._filter.zero.shape[-2]))
        for tap in self._taps():
            place = _block([axis.extent - 1 - at for axis, at in zip(self._axes, tap, strict=True)], lengths)
            found += self._windows.zero[place] @ self._filter.beyond[tap].T
            found += self._windows.beyond[place] @ self._filter.zero[tap].T
        return found[(slice(None), *(slice(axis.before, axis.before + axis.image) for axis in self._axes))] > 0

    def filter(self) -> Array:
        """Return for each weight whether products with zeros may reach its gradient."""
        lengths = [self._reach(axis) for axis in self._axes]
        zero, beyond = _rows(self._image.zero), _rows(self._image.beyond)
        dense = np.zeros(self._filter.zero.shape)
        for tap in itertools.product(*(range(0, axis.extent, axis.dilation) for axis in self._axes)):
            place = _block([axis.extent - 1 - at for axis, at in zip(self._axes, tap, strict=True)], lengths)
            dense[tap] = zero.T @ _rows(self._windows.beyond[place]) + beyond.T @ _rows(self._windows.zero[place])
        steps = dense[tuple(slice(None, None, axis.dilation) for axis in self._axes)]
        if self._groups > 1:  # it may be computed over all channels, with zeros for those of other groups
            steps = steps + bool(self._image.beyond.any() or self._windows.beyond.any())
        parts = np.split(steps, self._groups, axis=-1)
        own = [np.split(part, self._groups, axis=-2)[group] for group, part in enumerate(parts)]
        return np.concatenate(own, axis=-1) > 0

    def _taps(self) -> itertools.product[tuple[int, ...]]:
        return itertools.product(*(range(axis.extent) for axis in self._axes))


def _block(starts: Iterable[int], lengths: Iterable[int]) -> tuple[slice, ...]:
    """Return the index of a block of a tensor [batch, *positions, channels]."""
    return (slice(None), *(slice(at, at + length) for at, length in zip(starts, lengths, strict=True)))


def _blank(tensor: Array, lengths: Iterable[int]) -> _Marks:
    shape = (len(tensor), *lengths, tensor.shape[-1])
    return _Marks(zero=np.ones(shape), beyond=np.zeros(shape))


def _put(marks: _Marks, at: Any, tensor: Array) -> _Marks:
    """Mark a tensor's own elements: none is a zero that the definition leaves out."""
    marks.zero[at] = 0
    marks.beyond[at] = ~np.isfinite(tensor.astype(np.float64))
    return marks


def _rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1])
