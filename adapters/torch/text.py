"""The program around a call: tensors made of arrays before it, gradients with it, arrays made of its results after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.torch.modes import environment, first_lines
from cases.model.case import INPUTS, Case

_ARRAY: Final = """\

def array(tensor):
    bfloat16 = tensor.dtype == torch.bfloat16  # which torch gives NumPy only by way of a wider dtype
    return tensor.float().numpy().astype(ml_dtypes.bfloat16) if bfloat16 else tensor.numpy()

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operator's part of the program, over tensors with the channels before the spatial axes.

    ``expression`` is the call, of the tensors that ``arguments`` names, and gives what ``returns`` names. ``before``
    makes those of its arguments that are no inputs, ``after`` further outputs, and ``outputs`` says where each is.
    """

    expression: str
    arguments: tuple[str, ...]
    returns: tuple[str, ...] = ("output",)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    outputs: tuple[tuple[str, str], ...] = (("output", "output"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The mode and the device that ``configure`` was told."""

    mode: str
    device: str


def program(case: Case, call: Call, target: Target) -> str:
    """The whole program of a case's call."""
    bfloat16 = case.dtype == "bfloat16"
    imports = [
        *environment(case, target.device),
        *(["import ml_dtypes"] if bfloat16 else []),
        "import torch",
        "import torch.nn.functional as F",
        "",
    ]
    names = (
        *INPUTS[case.operator],
        *(name for name in case.inputs if name not in INPUTS[case.operator]),
    )
    tensors = [_tensor(case, name, target) for name in names]
    statements = _statements(case, call, compiled=target.mode == "compile")
    return "\n".join(
        [
            *imports,
            *first_lines(case, target.mode, target.device),
            *([_ARRAY] if bfloat16 else []),
            *tensors,
            *call.before,
            *statements,
            *_outputs(case, call, target),
        ]
    )


def _tensor(case: Case, name: str, target: Target) -> str:
    """The line that makes a tensor of an array: on its device, of its dtype, in its layout."""
    if name in case.given:
        return f"{name} = {case.given[name]!r}"
    spec, spatial = case.inputs[name], len(case.strides)
    to = [
        *(['"cuda"'] if target.device == "cuda" else []),
        *(["torch.bfloat16"] if spec.dtype == "bfloat16" else []),
    ]
    moved = f".to({', '.join(to)})" if to else ""
    if name == "filter":
        rank = len(spec.shape)
        moved += f".permute({', '.join(map(str, (rank - 1, rank - 2, *range(rank - 2))))})"
    elif name != "bias":
        moved += f".movedim(-1, {-spatial - 1})"
    if name != "bias":
        whole = target.mode == "channels_last" and len(spec.shape) == spatial + 2
        word = {2: "torch.channels_last", 3: "torch.channels_last_3d"}.get(spatial, "")
        moved += f".contiguous(memory_format={word})" if whole else ".contiguous()"
    gradient = ".requires_grad_()" if name in case.gradients else ""
    return f"{name} = torch.from_numpy({name}){moved}{gradient}"


def _statements(case: Case, call: Call, *, compiled: bool) -> Iterator[str]:
    """The call; with gradients it is that of a function, so that all of it is one statement."""
    names = ", ".join(call.arguments)
    # Every call has its own shapes, and none is to be generalised from the one before.
    function = f"torch.compile(lambda {names}: {call.expression}, dynamic=False)"
    if not case.gradients:
        yield (f"result = {function}({names})" if compiled else f"result = {call.expression}")
        return
    if compiled:
        yield f"forward = {function}"
    inputs = ", ".join(case.gradients) + ("," if len(case.gradients) == 1 else "")
    returns = ("output.detach()", *call.returns[1:], "*gradients")
    yield "\ndef call():"
    yield f"    {', '.join(call.returns)} = {f'forward({names})' if compiled else call.expression}"
    yield f"    gradients = torch.autograd.grad(output, ({inputs}), cotangent)"
    yield f"    return {', '.join(returns)}\n"
    yield "result = call()"


def _outputs(case: Case, call: Call, target: Target) -> Iterator[str]:
    gradients = tuple(f"{name}_gradient" for name in case.gradients)
    if len(names := call.returns + gradients) == 1:
        tensor = "result.cpu()" if target.device == "cuda" else "result"
        yield f'outputs = {{"output": {_array(case, tensor, "output")}}}'
        return
    yield f"{', '.join(names)} = {'(tensor.cpu() for tensor in result)' if target.device == 'cuda' else 'result'}"
    yield from call.after
    yield "outputs = {"
    for name, tensor in (*call.outputs, *((name, name) for name in gradients)):
        yield f'    "{name}": {_array(case, tensor, name)},'
    yield "}"


def _array(case: Case, tensor: str, name: str) -> str:
    """The expression that makes an array of a tensor, channels last, or the filter's axes as they came."""
    spatial = len(case.strides)
    if name == "filter_gradient":
        tensor += f".permute({', '.join(map(str, (*range(2, spatial + 2), 1, 0)))}).contiguous()"
    elif name != "bias_gradient":
        tensor += f".movedim({-spatial - 1}, -1).contiguous()"
    integral = name in {"indices", "native_indices"}
    return f"array({tensor})" if case.dtype == "bfloat16" and not integral else f"{tensor}.numpy()"
