"""How PyTorch says what all programs have: its tensors have the channels ahead of the spatial axes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.outcome import STRIDES
from adapters.torch import strides
from adapters.torch.modes import COMPILED, INFERRING, INSTRUCTIONS, STRIDED
from adapters.writing import transforms
from adapters.writing.forms import alike, channels_ahead, plane
from adapters.writing.vectorized import Layout
from adapters.writing.writer import Wrapped, results, takes
from cases.model.case import Case

_PRODUCTS: Final = "torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = {}"
_ARRAY: Final = """\

def array(tensor):
    bfloat16 = tensor.dtype == torch.bfloat16  # which torch gives NumPy only by way of a wider dtype
    return tensor.float().numpy().astype(ml_dtypes.bfloat16) if bfloat16 else tensor.numpy()

"""
_FAKE: Final = """\
from torch._subclasses.fake_tensor import FakeTensorMode

fake = FakeTensorMode(allow_non_fake_inputs=True)
"""
_ZEROS: Final = """\
def zeros(tensor):  # of its shape and dtype; it has no elements itself
    return torch.zeros(tensor.shape, dtype=tensor.dtype)
"""
_FORMATS: Final = {2: "torch.channels_last", 3: "torch.channels_last_3d"}


_FUNCTIONS: Final = transforms.Functions(
    vjp="torch.func.vjp",
    jvp="torch.func.jvp",
    vmap="torch.func.vmap",
    jacobian="torch.func.jacrev",
    zeros="torch.zeros_like",
    contracted="torch.tensordot",
    split="def split(tensor, axis, parts):\n    return tensor.unflatten(axis, (parts, -1)).movedim(axis, 0)\n",
    joined="def joined(tensor, axis):\n    return tensor.movedim(0, axis).flatten(axis, axis + 1)\n",
    layout=lambda case: Layout(ahead=True, groups=0, results=1 if case.operator == "conv_transpose" else 0),
)
_BY_PLACE: Final = {"ksize": Word(word=""), "strides": Word(word="")}
WORDS: Final[Words] = {
    "": {
        "ksize": Word(word="kernel_size"),
        "strides": Word(word="stride"),
        "padding": Word(word="padding", form=alike),
        "dilations": Word(word="dilation"),
        "output_shape": Word(word="output_size", form=channels_ahead),
        "divisor": Word(word="divisor_override"),
    },
    "F.max_pool{}d": _BY_PLACE,
    "F.avg_pool{}d": _BY_PLACE,
    "F.max_unpool{}d": {**_BY_PLACE, "padding": Word(word="", form=alike)},
    "F.fold": {"output_shape": Word(word="output_size", form=plane)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """PyTorch's way to write programs, in one mode on one device."""

    mode: str
    device: str
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = False
    always_ahead: ClassVar[bool] = True
    ahead: ClassVar[str] = "{text}.movedim(-1, {at})"
    behind: ClassVar[str] = "{text}.movedim({at}, -1)"

    def head(self, case: Case) -> tuple[str, ...]:
        """Return imports, and the settings on which the result depends."""
        bfloat16 = case.dtype == "bfloat16"
        imports = (*(["import ml_dtypes"] if bfloat16 else []), "import torch", "import torch.nn.functional as F", "")
        return (*self._instructions(case), *imports, *self._settings(case), *([_ARRAY] if bfloat16 else []))

    def _instructions(self, case: Case) -> tuple[str, ...]:
        """Return the choice of instructions, where a result depends on it: sums of numbers of 16 bits."""
        chosen = {name: os.environ[name] for name in INSTRUCTIONS if name in os.environ}
        sums = case.dtype in {"float16", "bfloat16"} and "filter" in case.inputs and self.device == "cpu"
        lines = ("import os", "", f"os.environ |= {chosen}  # before torch is imported", "")
        return lines if chosen and sums else ()

    def _settings(self, case: Case) -> tuple[str, ...]:
        if self.mode in STRIDED:
            return ("import numpy as np", "", *strides.definitions(case))
        if self.mode in INFERRING:
            return (*([_FAKE] if self.mode == "fake" else []), _ZEROS)
        if self.mode == "nomkldnn":
            return ("torch.backends.mkldnn.set_flags(False)", "")
        if self.device == "cuda" and ("filter" in case.inputs or case.operator == "avg_unpool"):
            return (_PRODUCTS.format(self.mode == "tf32"), "")
        return ()

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return a tensor on the device."""
        to = (*(['"cuda"'] if self.device == "cuda" else []), *(["torch.bfloat16"] if bfloat16 else []))
        text = f"torch.from_numpy({name})" + (f".to({', '.join(to)})" if to else "")
        return {"meta": f'{text}.to("meta")', "fake": f"fake.from_tensor({text})"}.get(self.mode, text)

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return the tensor in the mode's memory format; a filter is [out, in, *kernel]."""
        axes, rank = len(case.strides), len(case.inputs[name].shape)
        if name == "filter":
            text += f".permute({', '.join(map(str, (rank - 1, rank - 2, *range(rank - 2))))})"
        if self.mode in STRIDED:
            text = f"{strides.chosen(case, name)}({text})"
        elif name != "bias":
            last = self.mode == "channels_last" and rank == axes + 2
            text += f".contiguous({f'memory_format={_FORMATS[axes]}' if last else ''})"
        watched = name in case.gradients and self.mode not in transforms.MODES
        return text + (".requires_grad_()" if watched else "")

    def array(self, case: Case, name: str, text: str) -> str:
        """Return the tensor's array, in C order; or an array of its shape and strides."""
        if name.startswith(STRIDES):
            return f"np.array([{text}.shape, {text}.stride()])"
        if name == "filter_gradient":
            text += f".permute({', '.join(map(str, (*range(2, len(case.strides) + 2), 1, 0)))})"
        if name != "bias_gradient":
            text += ".contiguous()"
        integral = name in {"indices", "native_indices"}
        return f"array({text})" if case.dtype == "bfloat16" and not integral else f"{text}.numpy()"

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call, compiled if so asked; with gradients in a function, so that all of it is one statement."""
        if self.mode in transforms.MODES:
            return self._transformed(case, call, text)
        parameters = ", ".join(takes(case, call))
        # Every call has its own shapes, and none is to be generalised from the one before.
        compiled = f"torch.compile(lambda {parameters}: {text}, {COMPILED.get(self.mode, '')}dynamic=False)"
        names, unpacked = self._named(results(case, call))
        if self.mode in COMPILED:
            text = f"{'forward' if case.gradients else compiled}({parameters})"
        if not case.gradients:
            return Wrapped(call=text, names=names, unpacked=unpacked)
        below = (f"forward = {compiled}",) if self.mode in COMPILED else ()
        return Wrapped(call="call()", below=(*below, _differentiated(case, call, text)), names=names, unpacked=unpacked)

    def _transformed(self, case: Case, call: Call, text: str) -> Wrapped:
        names, unpacked = self._named(results(case, call))
        defined = transforms.function(self.mode, case, call, text, _FUNCTIONS)
        made = f"call({', '.join(transforms.parameters(case, call))})"
        return Wrapped(call=made, below=("", defined), names=names, unpacked=unpacked)

    def _named(self, found: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return where each result is, and the statements that name several."""
        brought = "{}.cpu()" if self.device == "cuda" else "zeros({})" if self.mode in INFERRING else "{}"
        if len(found) == 1:
            return {found[0]: brought.format("result")}, ()
        each = f"({brought.format('tensor')} for tensor in result)" if brought != "{}" else "result"
        return {name: name for name in found}, (f"{', '.join(found)} = {each}",)


def _differentiated(case: Case, call: Call, text: str) -> str:
    inputs = ", ".join(case.gradients) + ("," if len(case.gradients) == 1 else "")
    returns = ("output.detach()", *call.returns[1:], "*gradients")
    return (
        f"\ndef call():\n    {', '.join(call.returns)} = {text}\n"
        f"    gradients = torch.autograd.grad(output, ({inputs}), cotangent)\n    return {', '.join(returns)}\n"
    )
