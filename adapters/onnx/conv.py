"""``Conv`` and ``ConvTranspose``, which ONNX has with groups, dilations and a bias for one to three axes."""

from __future__ import annotations

from adapters.call import Argument, Call
from adapters.onnx.graph import Graph, call, node
from adapters.onnx.padding import of_transposed, window
from cases.model.case import Case


def conv(case: Case) -> Call:
    """Make a ``Conv``."""
    return _filtered(case, "Conv", window(case))


def conv_transpose(case: Case) -> Call:
    """Make a ``ConvTranspose``."""
    return _filtered(case, "ConvTranspose", of_transposed(case))


def _filtered(case: Case, operator: str, attributes: tuple[Argument, ...]) -> Call:
    """Return the call of a node whose filter and bias the model holds."""
    held = tuple(name for name in ("filter", "bias") if name in case.inputs)
    groups = Argument(name="groups", own=None if case.groups == 1 else case.groups)
    made = node(operator, ("value", *held), *attributes, groups)
    return call(case, Graph(nodes=(made,), outputs={"output": case.dtype}, constants={name: name for name in held}))
