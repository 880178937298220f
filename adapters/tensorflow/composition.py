"""What an operator is in TensorFlow's words, and the few words that all operators share: layout, padding, options."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.call import option, said
from cases.model import rules, shapes
from cases.model.case import Case

PLAIN: Final = {"output": "{}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """An operator as an expression of TensorFlow's own operators.

    ``call`` is the expression, over the tensors that it ``takes``: inputs of the case, in the call's layout, and
    constants that the statements ``before`` make. The statements ``steps`` prepare what depends on the inputs and has
    gradients. ``outputs`` and the statements ``after`` are templates in which ``{}`` stands for the expression's value;
    ``differentiated`` is the part of it that the cotangent belongs to.
    """

    takes: tuple[str, ...]
    call: str
    before: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=lambda: dict(PLAIN))
    differentiated: str = "{}"


def arranged(case: Case, batch: Any, spatial: Iterable[Any], channels: Any) -> tuple[Any, ...]:
    """An entry for each dimension of the value, in the order of the call's layout."""
    return (batch, channels, *spatial) if case.channels_first else (batch, *spatial, channels)


def shape(case: Case, sizes: Sequence[int]) -> tuple[int, ...]:
    """A channels-last shape in the order of the call's layout."""
    return arranged(case, sizes[0], sizes[1:-1], sizes[-1]) if len(sizes) > 1 else tuple(sizes)


def pairs(case: Case, spatial: Iterable[tuple[int, int]]) -> list[list[int]]:
    """(before, after) pairs of the spatial axes as TensorFlow writes them, with those of batch and channels."""
    return [list(pair) for pair in arranged(case, (0, 0), spatial, (0, 0))]


def padding(case: Case) -> Any:
    """The padding as it is said to a function that takes pairs as well as words."""
    said_so = case.given.get("padding", case.padding)
    of_pairs = isinstance(said_so, tuple) and all(isinstance(pair, tuple) for pair in said_so)
    return pairs(case, said_so) if of_pairs else said_so


def single(case: Case, name: str, sizes: tuple[int, ...]) -> str:
    """Sizes of the spatial axes as the argument ``name``: the only one of one axis stands alone."""
    return said(case, name, str(sizes[0] if len(sizes) == 1 else sizes))


def around(case: Case, name: str, sizes: tuple[int, ...]) -> str:
    """Sizes of the spatial axes as the argument ``name`` with an entry for batch and channels, too."""
    given = case.given.get(name, sizes)
    return repr(arranged(case, 1, given, 1) if isinstance(given, tuple) else given)


def options(case: Case) -> str:
    """The data_format argument, if the case says one."""
    return option(case, "data_format", "data_format", None if case.data_format is None else repr(case.data_format))


def dilates(case: Case) -> bool:
    """Whether a window's elements lie apart, or are said to."""
    return "dilations" in case.given or set(shapes.dilations(case)) != {1}


def dilated(case: Case) -> str:
    """The dilations argument, if the case says one."""
    text = None if case.dilations is None else single(case, "dilations", case.dilations)
    return option(case, "dilations", "dilations", text)


def composed(case: Case) -> bool:
    """Whether the padding is in pairs that make a valid call, so that an operator without pairs can be composed."""
    return not isinstance(padding(case), str) and rules.broken(case) is None
