"""How Keras says what all programs have: its own conversions, the same on every backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.keras.modes import OPTIONS
from adapters.writing.forms import pairs
from adapters.writing.writer import Wrapped
from cases.model.case import DATA_FORMATS, Case

_LAYOUTS: Final = ("channels_last", "channels_first")


def _lower(_case: Case, padding: Any) -> Any:
    """Return Keras' words for SAME and VALID; other padding stands."""
    return padding.lower() if padding in {"SAME", "VALID"} else padding


def _layout(case: Case, word: Any) -> Any:
    """Return Keras' word for the order of a tensor's axes; a word of no such order stands."""
    words = DATA_FORMATS.get(len(case.strides), ())
    return _LAYOUTS[words.index(word)] if word in words else word


def _with_channels(_case: Case, sizes: Any) -> Any:
    """Return the shape of a filter from one channel to one; what is no list of sizes stands."""
    return (*sizes, 1, 1) if isinstance(sizes, tuple) else sizes


WORDS: Final[Words] = {
    "": {
        "ksize": Word(word="pool_size"),
        "padding": Word(word="padding", form=_lower),
        "dilations": Word(word="dilation_rate"),
        "data_format": Word(word="data_format", form=_layout),
    },
    "keras.ops.pad": {"padding": Word(word="", form=pairs)},
    "keras.ops.ones": {"ksize": Word(word="", form=_with_channels)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Keras' way to write programs, on one backend."""

    mode: str
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = True
    always_ahead: ClassVar[bool] = False
    ahead: ClassVar[str] = "np.ascontiguousarray(np.moveaxis({text}, -1, 1))"
    behind: ClassVar[str] = "keras.ops.moveaxis({text}, 1, -1)"

    def head(self, _case: Case) -> tuple[str, ...]:
        """Return the environment, which Keras and its backend read when they are imported, and the imports."""
        line = f"os.environ |= {OPTIONS[self.mode]['environment']}  # before Keras is imported"
        return ("import os", "", line, "", "import keras", "import numpy as np", "")

    def enter(self, name: str, *, bfloat16: bool) -> str:  # noqa: ARG002 - tensor() reads the dtype
        """Return the array itself: its layout is NumPy's to change."""
        return name

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return a tensor of the backend."""
        wider = ', dtype="bfloat16"' if case.inputs[name].dtype == "bfloat16" else ""
        return f"keras.ops.convert_to_tensor({text}{wider})"

    def array(self, _case: Case, _name: str, text: str) -> str:
        """Return the tensor's array."""
        return f"keras.ops.convert_to_numpy({text})"

    def wrap(self, _case: Case, _call: Call, text: str) -> Wrapped:
        """Return the call as it stands."""
        return Wrapped(call=text, names={"output": "result"})
