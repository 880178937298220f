"""The triples of values that the suite covers: of the few dimensions that real faults have been seen to need at once.

Kernels choose a path by dtype, groups, dilations, strides, layout and number of axes together, and the padding of a
dilated window depends on the parity of the image. So all values of three of these stand in one call, and of two of
these together with gradients.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from cases.coverage.dimensions import Value, dimensions
from cases.coverage.feasible import Space

Triple = tuple[Value, Value, Value]
_TOGETHER: Final = (
    ("strides", "dilations", "groups", "dtype"),
    ("dilations", "spatial axes", "groups", "layout"),
    ("image", "padding", "dilations"),
)
"""Dimensions of which any three are a triple, and any two with gradients, each in the order of the dimensions."""


def _joint() -> Iterator[tuple[str, ...]]:
    for names in _TOGETHER:
        yield from itertools.combinations(names, 3)
        yield from ((*two, "gradients") for two in itertools.combinations(names, 2))


JOINT: Final = tuple(dict.fromkeys(_joint()))
"""The dimensions of each triple."""


def triples(found: Iterable[Value]) -> Iterator[Triple]:
    """Return the triples of these values, one of each dimension."""
    words = dict(found)
    for first, second, third in JOINT:
        if first in words and second in words and third in words:
            yield (first, words[first]), (second, words[second]), (third, words[third])


def possible(operator: str, space: Space) -> Iterator[Triple]:
    """Return the triples that a call of an operator can have: those of which it can have every pair."""
    words = dimensions(operator)
    for joint in JOINT:
        if all(name in words for name in joint):
            for first, second, third in itertools.product(*([(name, word) for word in words[name]] for name in joint)):
                if {(first, second), (first, third), (second, third)} <= space.feasible:
                    yield first, second, third
