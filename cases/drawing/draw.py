"""Joint draws: valid calls of an operator, in which all dimensions vary at once.

A call follows from the operator, the seed and its own place. So a longer draw begins with the calls of a shorter one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cases.coverage.feasible import build_call
from cases.drawing import measures
from cases.drawing.data import draw_data, draw_special
from cases.drawing.options import Options, draw_large, draw_layer, draw_options, draw_rare
from cases.drawing.sizes import draw_sizes
from cases.drawing.stream import Stream
from cases.loading.sizes import BuildError
from cases.model import shapes, sums
from cases.model.case import DATA_FORMATS, POOLING, Case

Fields = dict[str, Any]
_PATIENCE: Final = 300
"""The number of sizes that are tried with the same options."""
_TOO_LARGE: Final = "a tensor is too large"
_LEAST: Final = 4
"""The fewest elements of a value or an output. Fewer could all be zeros or one number."""


@dataclass(kw_only=True)
class Drawn:
    """The entries of a draw; how many sizes were rejected for each reason; the options that fitted no sizes.

    ``kind`` is a key of ``KINDS``, or "wrong" for wrong calls.
    """

    kind: str = "joint"
    entries: list[Fields] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    given_up: list[Options] = field(default_factory=list)

    def add(self, operator: str, seed: int, place: int) -> None:
        """Draw the call of a place, and add its entry."""
        options_of = KINDS[self.kind]
        stream = Stream(key=f"{'draw' if self.kind == 'joint' else self.kind}\0{operator}\0{seed}\0{place}")
        while True:
            options = options_of(operator, stream)
            for _ in range(_PATIENCE):
                if found := self._attempt(options, stream):
                    self.entries.append({"name": f"d{place:03}", **found})
                    return
            self.given_up.append(options)

    def _attempt(self, options: Options, stream: Stream) -> Fields | None:
        try:
            return _call(options, stream)
        except _RejectedError as rejected:
            self.rejected[str(rejected)] += 1
            return None


class _RejectedError(Exception):
    """The sizes that were drawn make no call that fits the options."""


KINDS: Final[dict[str, Callable[[str, Stream], Options]]] = {
    "joint": draw_options,
    "large": draw_large,
    "layers": draw_layer,
    "rare": draw_rare,
}
"""Drawn calls: all dimensions at once, one quantity beyond the usual besides, layers as networks have them, or layers
with something that is rare in them.
"""


def draw(operator: str, seed: int, number: int, kind: str = "joint") -> Drawn:
    """Return the first ``number`` calls of an operator that follow from a seed."""
    drawn = Drawn(kind=kind)
    for place in range(1, number + 1):
        drawn.add(operator, seed, place)
    return drawn


def _call(options: Options, stream: Stream) -> Fields:
    """Return the fields of a valid call with these options.

    Raises:
        _RejectedError: if the sizes drawn for it don't fit.
    """
    sizes = draw_sizes(options, stream)
    if options.batch * math.prod(sizes["image"]) > options.budget[0]:  # told before anything is made of it
        raise _RejectedError(_TOO_LARGE)
    plain = _with_options(options, sizes)
    call = _built(options.operator, plain | {"dtype": "float32", "data": "small", "gradients": False})
    _check(options, call)
    if options.output_padding:
        plain = _with_output_padding(plain, call)
    special = draw_special(options, _tensors(options, call), stream)
    for data in draw_data(options, stream):
        fields = plain | special | data | {name: _both(data.get(name), said) for name, said in special.items()}
        if _is_exact(options.operator, fields):
            return fields
    reason = "no data that the dtype holds are exact"
    raise _RejectedError(reason)


def _tensors(options: Options, call: Case) -> dict[str, int]:
    """Return the number of elements of each tensor of a call that may hold a special value."""
    shown = {name: spec.shape for name, spec in call.inputs.items() if name != "indices"}
    if options.gradients:
        shown["cotangent"] = shapes.output_shape(call)
    return {name: math.prod(shape) for name, shape in shown.items()}


def _both(data: Fields | None, special: Any) -> Any:
    """Return all that an entry says of one tensor, which is a word or a place for the value."""
    return {**(data or {}), **special} if isinstance(special, dict) else special


def _with_options(options: Options, sizes: Fields) -> Fields:
    """Return the fields of an entry. A field that would say what is so anyway is left out."""
    last, first = DATA_FORMATS[options.axes]
    said: Fields = {
        "batch": options.batch,
        "bias": options.bias,
        "include_batch_in_index": options.through_the_batch,
        "ceil_mode": options.ceil_mode,
        "divisor": options.divisor,
        "data_format": {"first": first, "last": last, "unsaid": None}[options.layout],
        "dtype": options.dtype,
        "gradients": options.gradients,
        "indices": {"fill": "anywhere"} if options.anywhere else None,
    }
    return sizes | {name: value for name, value in said.items() if value is not None and value is not False}


def _with_output_padding(fields: Fields, call: Case) -> Fields:
    """Return the fields with the size of the value and an output_padding in place of the image."""
    axes = shapes.axes(call)
    said = {
        "value": {"shape": list(call.inputs["value"].shape)},
        "output_padding": [axis.padded - axis.full for axis in axes],
    }
    return {**said, **{name: value for name, value in fields.items() if name != "image"}}


def _check(options: Options, call: Case) -> None:
    """Check the sizes of a call.

    Raises:
        _RejectedError: if three axes are wrongly alike, the call is too small or too large, or shows too little.
    """
    images = shapes.image_size(call)
    most_elements, most_products = options.budget
    is_alike = options.axes > 2 and not (options.symmetric or options.layer) and len(set(images)) < len(images)  # noqa: PLR2004
    scatters = options.operator == "max_unpool" or (options.operator.startswith("max_pool") and options.gradients)
    faults = {
        "three axes are not all different": is_alike,
        "a tensor is too small": options.batch > 0 and measures.least_elements(call) < _LEAST,
        _TOO_LARGE: measures.elements(call) > most_elements,
        "the products are too many": measures.products(call) > most_products,
        "nearly all elements are zeros": scatters and measures.is_sparse(call),
        "a window holds padding alone": options.operator in POOLING and shapes.has_empty_window(call),
    }
    for reason, is_so in faults.items():
        if is_so:
            raise _RejectedError(reason)


def _built(operator: str, fields: Fields) -> Case:
    try:
        return build_call(operator, fields)
    except BuildError as error:
        reason = "indices don't fit" if "indices" in str(error) else "the sizes don't fit together"
        raise _RejectedError(reason) from None


def _is_exact(operator: str, fields: Fields) -> bool:
    """Tell whether the call can be built, so that its dtype holds its data, and all its sums are exact."""
    try:
        return sums.is_exact(build_call(operator, fields))
    except BuildError:
        return False
