"""How ONNX says what all programs have: its tensors have the channels ahead of the spatial axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.writing.forms import channels_ahead
from adapters.writing.writer import Wrapped, results, takes
from cases.model.case import Case

_IMPORTS: Final = "import numpy as np\nfrom onnx import TensorProto, helper, numpy_helper"
_SAME: Final = "SAME_UPPER"
"""The word for SAME, whose odd element stands behind the image."""


def _padding(_case: Case, pads: Any) -> Any:
    """Return the word as ONNX's, and pairs as all numbers before the image and then all behind it."""
    if pads == "SAME":
        return _SAME
    pairs = isinstance(pads, tuple) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in pads)  # noqa: PLR2004
    return tuple(pair[end] for end in (0, 1) for pair in pads) if pairs else pads


def _spatial(case: Case, sizes: Any) -> Any:
    """Return the spatial sizes of a whole shape."""
    whole = isinstance(sizes, tuple) and len(sizes) == len(case.strides) + 2
    return sizes[1:-1] if whole else sizes


WORDS: Final[Words] = {
    "helper.make_node": {
        "ksize": Word(word="kernel_shape"),
        "padding": Word(word="pads", form=_padding),
        "groups": Word(word="group"),
        "output_shape": Word(word="output_shape", form=_spatial),
    },
    "np.array": {"output_shape": Word(word="", form=channels_ahead)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The way to write a program that makes an ONNX model, and runs it by ``run`` on the arrays in ``feeds``."""

    imports: str
    run: str
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = True
    always_ahead: ClassVar[bool] = True
    ahead: ClassVar[str] = "{text}.transpose({to_ahead})"
    behind: ClassVar[str] = "{text}.transpose({to_behind})"

    def head(self, case: Case) -> tuple[str, ...]:
        """Return the imports, and what the backend sets."""
        bfloat16 = ("import ml_dtypes",) if case.dtype == "bfloat16" else ()
        return (*bfloat16, _IMPORTS, self.imports, "")

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return the array itself, or its cast."""
        return f"{name}.astype(ml_dtypes.bfloat16)" if bfloat16 else name

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return the array. A filter is [out, in, *kernel], and that of a transposed convolution [in, out, *kernel]."""
        if name == "filter":
            rank = len(case.inputs[name].shape)
            text += f".transpose({[rank - 1, rank - 2, *range(rank - 2)]})"
        return text

    def array(self, _case: Case, _name: str, text: str) -> str:
        """Return the array, which it is already."""
        return text

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the run of the model on its inputs."""
        feeds = ", ".join(f'"{name}": {name}' for name in takes(case, call))
        names = {name: f"result[{number}]" for number, name in enumerate(results(case, call))}
        return Wrapped(call=self.run.format(model=text, feeds=f"{{{feeds}}}"), names=names)
