"""Forms of values: a case's are channels-last with one entry a spatial axis, and a function may want other entries.

A value that has not the type which a form is for stays as it is: a wrong value is said as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cases.model.case import DATA_FORMATS, Case


def arranged(case: Case, batch: Any, spatial: Iterable[Any], channels: Any) -> tuple[Any, ...]:
    """Return an entry for each dimension of the value, in the order of the call's layout."""
    return (batch, channels, *spatial) if case.channels_first else (batch, *spatial, channels)


def shape(case: Case, sizes: Any) -> Any:
    """Return a channels-last shape in the order of the call's layout."""
    is_shape = isinstance(sizes, tuple) and len(sizes) > 1
    return arranged(case, sizes[0], sizes[1:-1], sizes[-1]) if is_shape else sizes


def layout_word(case: Case) -> str:
    """Return the case's data_format, or the word for channels-last."""
    return case.data_format or DATA_FORMATS[len(case.strides)][0]


def dimension_numbers(case: Case, layout: Any) -> Any:
    """Return the layouts of the value, of the filter, which is always spatial first, and of the output."""
    spatial = "".join(letter for letter in layout_word(case) if letter not in "NC")
    return layout, f"{spatial}IO", layout


def channels_ahead(case: Case, sizes: Any) -> Any:
    """Return a channels-last shape with its channels ahead, whatever the call's layout; spatial sizes as they are."""
    whole = isinstance(sizes, tuple) and len(sizes) == len(case.strides) + 2
    return (sizes[0], sizes[-1], *sizes[1:-1]) if whole else sizes


def plane(case: Case, sizes: Any) -> Any:
    """Return the spatial sizes of a shape, or spatial sizes, as those of a plane: a line is one row."""
    if not isinstance(sizes, tuple):
        return sizes
    axes = len(case.strides)
    return (1,) * (2 - axes) + (sizes[1:-1] if len(sizes) == axes + 2 else sizes)


def around(case: Case, sizes: Any) -> Any:
    """Return sizes of the spatial axes with a 1 for batch and channels."""
    return arranged(case, 1, sizes, 1) if isinstance(sizes, tuple) else sizes


def single(sizes: tuple[int, ...] | None) -> Any:
    """Return sizes of the spatial axes; the only size of one axis stands alone."""
    return sizes[0] if sizes is not None and len(sizes) == 1 else sizes


def pairs(case: Case, pads: Any) -> Any:
    """Return pairs of padding with those of batch and channels."""
    return arranged(case, (0, 0), pads, (0, 0)) if _are_pairs(pads) else pads


def lists(case: Case, pads: Any) -> Any:
    """Return ``pairs`` as lists."""
    return [list(pair) for pair in pairs(case, pads)] if _are_pairs(pads) else pads


def lists_of_plane(case: Case, pads: Any) -> Any:
    """Return ``lists``, with a pair for the axis of one row that makes a line a plane."""
    whole = lists(case, pads)
    if len(case.strides) == 1 and _are_pairs(pads):
        whole.insert(-1 if case.channels_first else 1, [0, 0])
    return whole


def alike(_case: Case, pads: Any) -> Any:
    """Return one number an axis for pairs of padding that are alike."""
    numbers = _are_pairs(pads) and all(len(set(pair)) == 1 for pair in pads)
    return tuple(pair[0] for pair in pads) if numbers else pads


def _are_pairs(pads: Any) -> bool:
    return isinstance(pads, tuple) and all(isinstance(pair, tuple) for pair in pads)


def cropped(slices: Iterable[str]) -> str:
    """Return the index that takes a slice of each spatial axis behind the channels; an empty slice takes all."""
    parts = tuple(slices)
    return f"[..., {', '.join(part or ':' for part in parts)}]" if any(parts) else ""
