"""Layouts: cases are channels-last, and a call may want the channels ahead of the spatial axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cases.model.case import Case

_WITHOUT_LAYOUT: Final = ("filter", "bias", "filter_gradient", "bias_gradient")


def has_layout(name: str) -> bool:
    """Tell whether an input or output has a batch, spatial axes and channels, in the call's order."""
    return name not in _WITHOUT_LAYOUT


def moved(case: Case, how: str, text: str, rank: int) -> str:
    """Return the text of a tensor of ``rank`` dimensions with its channels moved, as ``how`` says it."""
    orders = {"to_ahead": [0, rank - 1, *range(1, rank - 1)], "to_behind": [0, *range(2, rank), 1]}
    return how.format(text=text, at=-len(case.strides) - 1, **orders)


def arranged(case: Case, batch: Any, spatial: Iterable[Any], channels: Any) -> tuple[Any, ...]:
    """Return an entry for each dimension of the value, in the order of the call's layout."""
    return (batch, channels, *spatial) if case.channels_first else (batch, *spatial, channels)


def shape(case: Case, sizes: Any) -> Any:
    """Return a channels-last shape in the order of the call's layout; what is no shape, as it is."""
    is_shape = isinstance(sizes, tuple) and len(sizes) > 1
    return arranged(case, sizes[0], sizes[1:-1], sizes[-1]) if is_shape else sizes


def pairs(case: Case, value: Any) -> Any:
    """Return pairs of padding with those of batch and channels; what is no tuple of pairs, as it is."""
    of_pairs = isinstance(value, tuple) and all(isinstance(pair, tuple) for pair in value)
    return arranged(case, (0, 0), value, (0, 0)) if of_pairs else value


def around(case: Case, sizes: Any) -> Any:
    """Return sizes of the spatial axes with a 1 for batch and channels; what is no tuple, as it is."""
    return arranged(case, 1, sizes, 1) if isinstance(sizes, tuple) else sizes


def cropped(slices: Iterable[str]) -> str:
    """Return the index that takes a slice of each spatial axis behind the channels; an empty slice takes all."""
    parts = tuple(slices)
    return f"[..., {', '.join(part or ':' for part in parts)}]" if any(parts) else ""
