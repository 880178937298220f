"""Pooling, which ONNX has, as it has ``MaxUnpool``; ``avg_unpool`` is a ``ConvTranspose`` with ones.

ONNX's indices count through the batch, with the channels ahead of the spatial axes, in the image without its padding.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from adapters.call import Argument, Call, Expression, Function, dilates, fault, refuse
from adapters.onnx.graph import Graph, call, node
from adapters.onnx.padding import is_sized, of_transposed, window
from adapters.writing import indices, windows
from cases.model import shapes
from cases.model.case import DATA_FORMATS, Case, Padding
from cases.model.dtypes import INTEGERS

_PLANES: Final = indices.Convention(planes=True)
_MOST: Final = 2**62
"""An image of more elements has no indices that a program can count."""


def relu(case: Case) -> Call:
    """Make a ``Relu``."""
    return call(case, Graph(nodes=(node("Relu", ["value"]),), outputs={"output": case.dtype}))


def max_pool(case: Case) -> Call:
    """Make a ``MaxPool``."""
    return call(case, Graph(nodes=(node("MaxPool", ["value"], *_pooled(case)),), outputs={"output": case.dtype}))


def max_pool_argmax(case: Case) -> Call:
    """Make a ``MaxPool`` with its second output, which are indices."""
    outputs = {"output": case.dtype, "indices": "int64"}
    made = call(case, Graph(nodes=(node("MaxPool", ["value"], *_pooled(case), gives=outputs),), outputs=outputs))
    return replace(
        made,
        returns=("output", "flat"),
        after=tuple(_canonical(case)),
        outputs={"output": "{output}", "indices": "indices", "native_indices": "{flat}"},
    )


def _canonical(case: Case) -> list[str]:
    """Return the statements that make canonical indices of ONNX's."""
    batch, *image, channels = case.inputs["value"].shape
    planes = f"np.arange({batch * channels}).reshape({batch}, {channels}{', 1' * len(image)})"
    lines = [
        f"places = {{flat}} - {planes} * {math.prod(image)}  # flat over a plane",
        f"indices = {indices.canonical(case, 'places', _PLANES)}",
    ]
    batched = [f"indices = indices + {indices.through_batch(case, _PLANES)}"]
    return lines + (batched if case.include_batch_in_index else [])


def avg_pool(case: Case) -> Call:
    """Make an ``AveragePool``, or divide the sums of windows where it can't be told what to divide by."""
    beyond = case.divisor == "padded" and _begins_behind(case) and any(axis.overhang for axis in shapes.axes(case))
    if isinstance(case.divisor, int) or beyond:
        same = windows.explicit(case)
        if not shapes.is_plain(case):
            return _divided(case, same)
        case = same
    padded = ("count_include_pad=1",) if case.divisor == "padded" else ()
    made = node("AveragePool", ["value"], *_pooled(case), *padded)
    return call(case, Graph(nodes=(made,), outputs={"output": case.dtype}))


def _divided(case: Case, same: Case) -> Call:
    """Return the sums of the windows, a ``Conv`` with ones, divided by what each window counts."""
    counts = windows.divisors(replace(case, data_format=DATA_FORMATS[len(case.strides)][1]), "np.reshape({}, {})")
    ones, group = _ones(case)
    nodes = (
        node("Conv", ["value", "ones"], *window(same), group, gives=["sums"]),
        node("Div", ["sums", "counts"]),
    )
    constants: dict[str, Expression] = {"ones": ones, "counts": f"np.array({counts}, {_dtype(case)})"}
    return call(case, Graph(nodes=nodes, outputs={"output": case.dtype}, constants=constants))


def _pooled(case: Case) -> tuple[Argument, ...]:
    """Return the attributes of pooling.

    Beside auto_pad ceil_mode has no effect, by ONNX's formulas, so the padding is said in numbers then. With ceil_mode
    ONNX drops all windows that begin behind the image; where there is such a window, pads make room for it instead.
    """
    ceiled = None if case.ceil_mode is None else 1
    if ceiled and is_sized(case):
        ceiled, pairs = (None, _with_overhang(case)) if _begins_behind(case) else (1, shapes.padding_pairs(case))
        case = replace(case, padding=pairs)
    return (*window(case, "ksize"), Argument(name="ceil_mode", own=ceiled))


def _begins_behind(case: Case) -> bool:
    """Tell whether a window begins in the padding behind the image, or behind it, and ceil_mode is set."""
    sized = case.ceil_mode is not None and fault(case) is None
    return sized and any(axis.starts[-1] >= axis.image for axis in shapes.axes(case))


def _with_overhang(case: Case) -> tuple[tuple[int, int], ...]:
    """Return the padding, with what the last window reaches beyond it."""
    return tuple((axis.before, axis.after + axis.overhang) for axis in shapes.axes(case))


def max_unpool(case: Case) -> Call:
    """Make a ``MaxUnpool``, with an output_shape where windows and padding alone give another."""
    refuse("MaxUnpool has no dilation", when=dilates(case))
    pads = _pads(case)
    takes: dict[str, str] = {"value": "value", "flat": "indices"}
    constants: dict[str, Expression] = {}
    if pads is None or "output_shape" in case.given or not _follows(case):
        shape = Argument(name="output_shape", own=case.output_shape)
        constants["output_shape"] = Function(name="np.array", operands=(shape,))
    sizes = [Argument(name=name, own=own) for name, own in (("ksize", case.ksize), ("strides", case.strides))]
    made = node("MaxUnpool", [*takes, *constants], *sizes, Argument(name="padding", own=pads, word="pads"))
    graph = Graph(nodes=(made,), inputs=takes, outputs={"output": case.dtype}, constants=constants)
    return replace(call(case, graph), before=(f"flat = {_flat(case)}",))


def _pads(case: Case) -> Padding | None:
    """Return the padding of unpooling in pairs; None if no sizes fix it."""
    if case.padding not in {"SAME", "VALID"}:
        return case.padding
    return shapes.padding_pairs(case) if is_sized(case) else None


def _follows(case: Case) -> bool:
    """Tell whether each axis of the image ends where the last window does, or the padding behind it."""
    return is_sized(case) and all(axis.full == axis.padded for axis in shapes.axes(case))


def _flat(case: Case) -> str:
    """Return ONNX's indices; what is wrong in itself stays as it is, and what lies outside the image stays outside."""
    spec, wrong = case.inputs["indices"], fault(case)
    size = math.prod((case.output_shape or ())[1:])
    batch = case.inputs["value"].shape[0]
    whole = "indices" not in case.given and spec.dtype in INTEGERS and abs(batch * size) < _MOST
    if not whole or (wrong is not None and wrong.argument == "indices"):
        return "indices"
    images = f'np.arange({batch}, dtype="{spec.dtype}").reshape(-1{", 1" * (len(spec.shape) - 1)}) * {size}'
    flat = f"{indices.channels_ahead(case)} + {images}"
    if not indices.points_outside(case):
        return flat
    return f"np.where((indices >= 0) & (indices < {size}), {flat}, np.where(indices < 0, -1, {batch * size}))"


def avg_unpool(case: Case) -> Call:
    """Make a ``ConvTranspose`` with ones, each channel by itself."""
    ones, group = _ones(case)
    made = node("ConvTranspose", ["value", "ones"], *of_transposed(case), group)
    return call(case, Graph(nodes=(made,), outputs={"output": case.dtype}, constants={"ones": ones}))


def _ones(case: Case) -> tuple[str, str]:
    """Return the text of a filter of ones for each channel by itself, and the attribute that says so."""
    channels = case.inputs["value"].shape[-1]
    shape = (channels, min(channels, 1), *(case.ksize or ()))  # no channels are one group of none
    return f"np.ones({shape}, {_dtype(case)})", f"group={max(channels, 1)}"


def _dtype(case: Case) -> str:
    return "ml_dtypes.bfloat16" if case.dtype == "bfloat16" else f'"{case.dtype}"'
