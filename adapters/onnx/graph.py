"""An operator as a graph of ONNX nodes, and the call that runs its model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from adapters.call import Argument, Call, Expression, Function
from cases.model.case import Case

OPSET: Final = 22
"""The opset in which convolution and pooling changed last."""
IR_VERSION: Final = 10
"""The version of the model's format: that of the first ONNX with this opset."""
MODEL: Final = "model()"
TYPES: Final = {"float32": "FLOAT", "float64": "DOUBLE"}
"""dtype -> its name in ``onnx.TensorProto``, where that is another word."""
_INFO: Final = 'helper.make_tensor_value_info("{}", TensorProto.{}, {})'


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A graph: its nodes in order, what they take and give, and the texts of the arrays that it holds, by name.

    ``inputs`` and ``outputs`` map names in the graph to the input of the case, and to the dtype.
    """

    nodes: tuple[Function, ...]
    inputs: dict[str, str] = field(default_factory=lambda: {"value": "value"})
    outputs: dict[str, str]
    constants: dict[str, Expression] = field(default_factory=dict)


def node(
    operator: str, takes: Iterable[str], *attributes: Argument | str, gives: Iterable[str] = ("output",)
) -> Function:
    """Return a node: its operator, the names that it takes and gives, and its attributes."""
    return Function(name="helper.make_node", operands=(f'"{operator}"', _names(takes), _names(gives), *attributes))


def call(case: Case, graph: Graph) -> Call:
    """Return the call that runs the model of a graph."""
    return Call(functions=(_definition(case, graph),), expression=MODEL, takes=tuple(graph.inputs))


def _definition(case: Case, graph: Graph) -> Expression:
    """Return the definition of the function that makes the model."""
    lines: list[Expression] = ["def model():\n    nodes = [\n"]
    for each in graph.nodes:
        lines += ["        ", each, ",\n"]
    given = [_info(name, case.inputs[of].dtype, _ahead(case.inputs[of].shape)) for name, of in graph.inputs.items()]
    unknown = f"[None] * {len(case.strides) + 2}"  # ONNX's checker, which some backends ask, wants a rank
    made = [_info(name, dtype, unknown) for name, dtype in graph.outputs.items()]
    lines.append(f"    ]\n    inputs = [{', '.join(given)}]\n    outputs = [{', '.join(made)}]\n")
    if graph.constants:
        lines += ["    constants = [\n", *map(_held, *zip(*graph.constants.items(), strict=True)), "    ]\n"]
    last = f'nodes, "{case.operator}", inputs, outputs{", constants" if graph.constants else ""}'
    opset = f'opset_imports=[helper.make_opsetid("", {OPSET})], ir_version={IR_VERSION}'
    lines.append(f"    return helper.make_model(helper.make_graph({last}), {opset})\n\n")
    return tuple(lines)


def _held(name: str, array: Expression) -> Expression:
    return "        numpy_helper.from_array(", array, f', "{name}"),\n'


def _info(name: str, dtype: str, shape: tuple[int, ...] | str) -> str:
    return _INFO.format(name, TYPES.get(dtype, dtype.upper()), shape)


def _ahead(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) > 1 else shape


def _names(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
