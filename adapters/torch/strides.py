"""Memory as programs come to it: the same elements at other places, with other strides.

A slice begins behind the tensor's memory and has gaps; a transpose has its largest stride last; an expanded tensor has
strides of 0; an axis of length one may have any stride. Elements in the gaps are those of no tensor.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from adapters.call import Call
from adapters.outcome import STRIDES
from adapters.writing.writer import results
from cases.model.case import Case

_SLICED: Final = """\
def sliced(tensor):  # every second element, behind an offset
    return torch.stack((torch.full_like(tensor, 77), tensor), -1)[..., 1]
"""
_CUT: Final = """\
def cut(tensor):  # rows with gaps between them, behind an offset
    wide = tensor.new_full((*tensor.shape[:-1], tensor.shape[-1] + 5), 77)
    wide[..., 3:-2] = tensor
    return wide[..., 3:-2]
"""
_TRANSPOSED: Final = """\
def transposed(tensor):  # the first axis is the one whose elements are next to each other
    order = tuple(reversed(range(tensor.ndim)))
    return tensor.permute(order).contiguous().permute(order)
"""
_ODD: Final = """\
def odd(tensor):  # axes of length one have strides that fit no others
    tensor = tensor.contiguous()
    return tensor.as_strided(tensor.shape, [7 if n == 1 else s for n, s in zip(tensor.shape, tensor.stride())])
"""
_EXPANDED: Final = """\
def expanded(tensor):  # one element for all
    return tensor.flatten()[:1].reshape((1,) * tensor.ndim).expand(tensor.shape)
"""
_WAYS: Final = {"sliced": _SLICED, "cut": _CUT, "transposed": _TRANSPOSED, "odd": _ODD}
"""The ways that keep every element, by the names of their functions."""


def chosen(case: Case, name: str) -> str:
    """Return the way in which a tensor of a case lies in memory: by its name, so that each case has another mixture."""
    spec = case.inputs[name]
    same = spec.fill == "ones" or (spec.fill == "literal" and len(set(spec.values or ())) == 1)
    if same and not spec.specials and spec.special is None:
        return "expanded"
    if not spec.shape:  # a single number has no axis
        return "transposed"
    ways = [way for way in _WAYS if way != "odd" or 1 in spec.shape]
    return ways[zlib.crc32(f"{case.id} {name}".encode()) % len(ways)]


def recorded(operator: Callable[[Case], Call]) -> Callable[[Case], Call]:
    """Return an operator whose call also says the shape and strides of each result and gradient."""

    def call(case: Case) -> Call:
        made = operator(case)
        return replace(
            made, outputs={**made.outputs, **{f"{STRIDES}{name}": f"{{{name}}}" for name in results(case, made)}}
        )

    return call


def definitions(case: Case) -> tuple[str, ...]:
    """Return the definitions of the functions that the case's program calls."""
    used = {chosen(case, name) for name in case.inputs if name not in case.given}
    return tuple(f"{text}\n" for way, text in {**_WAYS, "expanded": _EXPANDED}.items() if way in used)
