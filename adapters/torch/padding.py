"""How PyTorch's padding is chosen: one number an axis where both sides are alike, else a pad first or a crop after.

The arithmetic is in ``adapters.writing.windows``. Pooling has further ways, because its windows may reach behind the
image; they are in ``adapters.torch.pooling``.
"""

from __future__ import annotations

from typing import Any

from adapters.call import Text, fault, refuse
from adapters.writing import windows
from adapters.writing.forms import cropped
from cases.model import shapes
from cases.model.case import Case


def of_conv(case: Case) -> tuple[str, Any]:
    """Return a convolution's image and padding: stride 1 has a word for SAME, other unlike padding comes first."""
    window = {"padding", "strides", "dilations"} & case.given.keys()  # beside wrong ones the word says something else
    if not window and case.padding == "SAME" and set(case.strides) == {1}:
        return "value", "same"
    if fault(case) is None and not windows.alike(case):
        return padded(case, "value"), Text(text="0")
    return "value", windows.one_number(case)


def of_transposed(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """Return padding, output_padding and a crop of a transposed convolution that together give the case's window."""
    found = windows.of_transposed(case)
    refuse("torch pads both sides alike, so which sizes don't fit other padding can't be said", when=found is None)
    pads, extra, cuts = found or ((), (), ())
    return pads, extra, cropped(cuts)


def padded(case: Case, tensor: str, fill: str = "") -> str:
    """Return the text that pads a tensor as the case says; ``fill`` is a further argument of F.pad."""
    sizes = tuple(size for pair in reversed(shapes.padding_pairs(case)) for size in pair)  # the last axis comes first
    return f"F.pad({tensor}, {sizes}{fill})"
