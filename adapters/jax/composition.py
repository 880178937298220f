"""What an operator's translation consists of, and how JAX is told a layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.base import NotSupported
from adapters.call import refuse_given
from cases.model.case import DATA_FORMATS, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """An operator as an ``expression`` over its inputs, with the ``functions`` that it names.

    Lines go ``before`` its call and ``after`` it. ``indices`` tells that it gives a pair, (output, indices).
    """

    expression: str
    functions: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    indices: bool = False


def arranged(case: Case, first: Any, spatial: tuple[Any, ...] | list[Any], last: Any) -> tuple[Any, ...]:
    """What is said of the batch, of each spatial axis and of the channels, in the order of the call's layout."""
    return (first, last, *spatial) if case.channels_first else (first, *spatial, last)


def refuse_other_layouts(case: Case) -> None:
    """For operators that take no data_format but windows, in the order of the axes.

    Raises:
        NotSupported: if the case's word is none for its number of axes.
    """
    refuse_given(case, "data_format")
    words = {None, *(DATA_FORMATS.get(len(case.strides), ()))}
    if case.data_format not in words:
        msg = f"lax.reduce_window takes no data_format, so {case.data_format!r} can't be said"
        raise NotSupported(msg)
