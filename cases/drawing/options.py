"""The options of a drawn call: all that does not depend on sizes.

Options are drawn once. If the sizes drawn for them make no valid call, other sizes are drawn, and the options stay.
So rejected draws take no option away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from cases.drawing import large, layers
from cases.drawing.stream import Stream
from cases.model import dtypes
from cases.model.case import POOLING, CeilMode, Divisor, is_chosen

_DTYPES: Final = dict.fromkeys(dtypes.FLOATS, 4) | dict.fromkeys(dtypes.INTEGERS, 1)
_PADDINGS: Final = {"SAME": 4, "VALID": 3, "symmetric": 2, "asymmetric": 2, "one side": 2}
_DIVISORS: Final[dict[Divisor | None, int]] = {None: 6, "inside": 1, "padded": 4, 1: 1, 3: 1, 5: 1, 7: 1}
_BATCHES: Final = {0: 1, 1: 8, 2: 7, 3: 5, 5: 4}
_RANKS: Final = {1: 3, 2: 4, 3: 3}
_BUDGETS: Final = {(2**13, 2_000_000): 10, (2**16, 20_000_000): 5, (2**18, 20_000_000): 1}
"""The most elements of a tensor, and the most products of a call. Most calls are small, since a run keeps answers."""
_LARGEST: Final = (2**18, 20_000_000)
"""The budget of a call in which something is large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a call. An option that the operator lacks is False, and groups are then ``one``.

    ``budget`` is the most elements of a tensor, and the most products of the call. ``special`` is empty for plain
    numbers. ``symmetric`` tells that the first of three axes is also the third. ``large`` names what is large (see
    ``cases.drawing.large``); it is mostly empty. ``layer`` tells that the sizes are those of ``cases.drawing.layers``,
    and ``rare`` that they have something besides that is rare there.
    """

    operator: str
    axes: int
    dtype: str
    padding: str
    layout: str
    batch: int
    groups: str
    special: str
    budget: tuple[int, int]
    dilated: bool
    symmetric: bool
    gradients: bool
    bias: bool
    output_padding: bool
    through_the_batch: bool
    anywhere: bool
    ceil_mode: CeilMode | None = None
    divisor: Divisor | None = None
    large: str = ""
    layer: bool = False
    rare: bool = False

    @property
    def filtered(self) -> bool:
        """Tell whether the call has a filter."""
        return self.operator.startswith("conv")


def draw_options(operator: str, stream: Stream) -> Options:
    """Return options of a call of this operator. They fit together, whatever the sizes are."""
    filtered = operator.startswith("conv")
    dtype, padding = stream.weighted(_DTYPES), stream.weighted(_PADDINGS)
    batch = stream.weighted(_BATCHES)
    floats = dtype in dtypes.FLOATS
    asked = operator == "conv_transpose" and stream.one_in(2)
    return Options(
        operator=operator,
        axes=stream.weighted(_RANKS),
        dtype=dtype,
        padding=padding,
        layout=stream.weighted({"first": 4, "last": 1, "unsaid": 3}),
        batch=batch,
        groups=stream.weighted({"one": 3, "several": 3, "depthwise": 2}) if filtered else "one",
        special=stream.one_of(_specials(operator)) if floats and batch and stream.one_in(6) else "",
        budget=stream.weighted(_BUDGETS),
        dilated=stream.below(5) < 2,  # noqa: PLR2004 - two in five
        symmetric=stream.one_in(2),
        gradients=stream.one_in(2) and floats,
        bias=filtered and stream.one_in(2),
        output_padding=asked and padding != "SAME",
        through_the_batch=operator == "max_pool_argmax" and stream.one_in(2),
        anywhere=operator == "max_unpool" and stream.one_in(3),
        **_of_windows(operator, Stream(key=f"{stream.key}\0windows\0{stream.taken}")),
    )


def _of_windows(operator: str, stream: Stream) -> dict[str, Any]:
    """Return the options that pooling alone has, from a stream of their own: no other option depends on them."""
    if operator not in POOLING:
        return {}
    ceil_mode = stream.weighted({None: 3, "drop": 2, "keep": 1})
    divisor = stream.weighted(_DIVISORS) if operator == "avg_pool" else None
    return {"ceil_mode": ceil_mode, "divisor": divisor}


def draw_large(operator: str, stream: Stream) -> Options:
    """Return options of a call in which one quantity is large."""
    usual = draw_options(operator, stream)
    what = stream.one_of(large.kinds(filtered=usual.filtered))
    return replace(
        usual,
        large=what,
        budget=_LARGEST,
        batch=stream.one_of(large.BATCHES) if what == large.BATCH else usual.batch or 1,
        dilated=usual.dilated or what == large.DILATION,
        groups="several" if what == large.GROUPS else usual.groups,
    )


def draw_layer(operator: str, stream: Stream) -> Options:
    """Return options of a layer as networks have them; its gradients are mostly asked."""
    usual = draw_options(operator, stream)
    pooling, zeros = operator in POOLING, "zero" in usual.special or "subnormal" in usual.special
    return replace(
        usual,
        layer=True,
        budget=_LARGEST,
        axes=stream.weighted(layers.RANKS),
        dtype=stream.weighted(layers.DTYPES),
        padding=stream.weighted(layers.PADDINGS),
        batch=stream.weighted(layers.BATCHES),
        groups=stream.weighted({"one": 5, "several": 1, "depthwise": 2}) if usual.filtered else "one",
        special=stream.one_of(("nan", "inf", "minus_inf")) if pooling and (zeros or stream.one_in(3)) else "",
        dilated=stream.one_in(6),
        gradients=stream.below(4) > 0,
        output_padding=False,
    )


def draw_rare(operator: str, stream: Stream) -> Options:
    """Return options of a layer with something that networks seldom have; half of them have a special value."""
    usual = draw_layer(operator, stream)
    dtype, padding = stream.weighted(layers.RARE_DTYPES), stream.weighted(layers.RARE_PADDINGS)
    floats = dtype in dtypes.FLOATS
    return replace(
        usual,
        rare=True,
        budget=stream.weighted(layers.RARE_BUDGETS),
        dtype=dtype,
        padding=padding,
        batch=stream.weighted(layers.RARE_BATCHES),
        groups=stream.weighted({"one": 4, "several": 2, "depthwise": 2}) if usual.filtered else "one",
        special=stream.one_of(_specials(operator)) if floats and stream.one_in(2) else "",
        dilated=stream.one_in(3),
        gradients=floats and stream.one_in(2),
        output_padding=operator == "conv_transpose" and padding != "SAME" and stream.one_in(3),
    )


def _specials(operator: str) -> tuple[str, ...]:
    """Return the words of special values. In a sum, minus zero has no right answer, and a subnormal is rounded away."""
    beyond = ("nan", "inf", "minus_inf")
    return (*beyond, "minus_zero", "subnormal", "minus_subnormal") if is_chosen(operator) else beyond
