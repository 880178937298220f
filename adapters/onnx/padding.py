"""The windows of convolution and pooling in ONNX's words: ``auto_pad``, ``pads`` and ``output_padding``."""

from __future__ import annotations

from typing import Any, Final

from adapters.call import Argument, errs, fault
from cases.model import shapes
from cases.model.case import Case

_LEAVE_SIZES: Final = ("channels", "groups", "data_format")
"""Rules under whose breach a case's sizes, and so its window, mean what they always do."""


def padding(case: Case, own: Any) -> Argument:
    """Return the padding: a word is ``auto_pad``, all else is ``pads``."""
    word = "auto_pad" if isinstance(case.given.get("padding", own), str) else "pads"
    return Argument(name="padding", own=own, word=word)


def window(case: Case, *names: str) -> tuple[Argument, ...]:
    """Return the attributes that convolution and pooling share, after those of ``names``."""
    sizes = tuple(Argument(name=name, own=getattr(case, name)) for name in (*names, "strides"))
    return (*sizes, padding(case, case.padding), Argument(name="dilations", own=case.dilations))


def of_transposed(case: Case) -> tuple[Argument, ...]:
    """Return the attributes with which a transposed convolution has the case's window.

    The window (offset, length) is ``pads`` that cut the full result in front and behind, and ``output_padding`` where
    it ends behind the full result. A wrong output_shape is said as such.
    """
    if is_sized(case):
        axes = shapes.axes(case)
        pads: Any = tuple((axis.before, max(axis.full - axis.before - axis.image, 0)) for axis in axes)
        extra: Any = tuple(max(axis.before + axis.image - axis.full, 0) for axis in axes)
        image = None
    else:
        pads, extra = case.padding, case.output_padding if errs(case, "output_padding") else ()
        image = case.output_shape if errs(case, "output_shape") else None
    return (
        Argument(name="strides", own=case.strides),
        padding(case, pads),
        Argument(name="output_padding", own=extra if any(extra or ()) else None),
        Argument(name="output_shape", own=image),
        Argument(name="dilations", own=case.dilations),
    )


def is_sized(case: Case) -> bool:
    """Tell whether the case's sizes fix a window, whatever else is wrong."""
    wrong = fault(case)
    return wrong is None or wrong.argument in {*case.given, "bias"} or wrong.rule in _LEAVE_SIZES
