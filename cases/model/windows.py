"""Properties of pooling's windows that depend on the data: where NaN, infinities and zeros stand in a window."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.model import shapes
from cases.model.case import POOLING, Case, TensorSpec
from cases.model.fill import fill, special_places

_Column = npt.NDArray[Any]
"""The elements of one window in one channel of one image, in the order of their places."""


def special_words(spec: TensorSpec) -> set[str]:
    """Return the words of the special values that an entry puts into a tensor."""
    return {word for _, word in special_places(spec)}


KINDS: Final[dict[str, Callable[[_Column], bool]]] = {
    "has_nan": lambda column: bool(np.isnan(column).any()),
    "of_nan_alone": lambda column: bool(np.isnan(column).all()),
    "has_nan_behind_its_first": lambda column: bool(np.isnan(column[1:]).any()) and not bool(np.isnan(column[0])),
    "has_several_nan": lambda column: int(np.isnan(column).sum()) > 1,
    "with_subnormal_maximum": lambda column: bool(0 < abs(column.max()) < _smallest_normal(column)),
    "with_subnormal_mean": lambda column: _has_subnormal_mean(column.astype(np.float64), _smallest_normal(column)),
    "with_infinite_maximum": lambda column: bool((column == np.inf).any()),
    "with_near_maximum": lambda column: _has_near(column.astype(np.float64)),
    "of_lowest_alone": lambda column: bool((column == _lowest(column)).all()),
}
"""Words -> a function that tells whether they are true of a window. A window has elements of the image alone."""


@np.errstate(all="ignore")  # data may hold anything, and pytest makes an error of each of NumPy's warnings
def some(which: Callable[[_Column], bool], case: Case) -> bool:
    """Tell whether something is true of a window of a pooling call.

    Other calls have no such window. Filled data have none either: their elements are finite, and above the lowest.

    Raises:
        KeyError: if the case has no value of its own: it is a step of a pipeline.
    """
    value = case.inputs["value"]
    if case.operator not in POOLING or not (special_words(value) or value.fill == "literal"):
        return False
    return any(map(which, _columns(case)))


def _has_subnormal_mean(column: _Column, smallest: float) -> bool:
    """Tell whether a column's mean is nearer to zero than the smallest normal number of its dtype, and no zero."""
    return bool(np.isfinite(column).all()) and bool(0 < abs(column.mean()) < smallest)


def _has_near(column: _Column) -> bool:
    """Tell whether an element is below the greatest one, and less than 1e-5 away from it."""
    return bool(((column.max() - 1e-5 < column) & (column < column.max())).any())


def _lowest(column: _Column) -> float:
    """Return the lowest value of a column's dtype: minus infinity, or the lowest integer."""
    return -np.inf if column.dtype.kind == "f" else np.iinfo(column.dtype).min


def _smallest_normal(column: _Column) -> float:
    """Return the smallest normal number of a column's dtype; integers have no subnormal numbers."""
    return float(np.finfo(column.dtype).tiny) if column.dtype.kind == "f" else 0.0


def _columns(case: Case) -> Iterator[_Column]:
    value = fill(case)["value"]
    axes = shapes.axes(case)
    for window in itertools.product(*(range(axis.count) for axis in axes)):
        inside = [axis.inside(place) for axis, place in zip(axes, window, strict=True)]
        if all(map(len, inside)):
            held = value[np.ix_(range(value.shape[0]), *inside, range(value.shape[-1]))]
            yield from np.moveaxis(held, -1, 1).reshape(value.shape[0] * value.shape[-1], -1)
