"""How Flax says what all programs have: as JAX does, of which its arrays are, with the words of its own functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.jax import dialect as of_jax
from adapters.writing.writer import Wrapped
from cases.model.case import Case

_IMPORTS: Final = {"linen": "import flax.linen as nn", "nnx": "from flax import nnx"}
_LAYER: Final = {"dilations": Word(word="kernel_dilation"), "groups": Word(word="feature_group_count")}
_POOLING: Final = {"ksize": Word(word="window_shape")}
WORDS: Final[Words] = {
    **of_jax.WORDS,
    **{f"{module}.{name}": _LAYER for module in ("nn", "nnx") for name in ("Conv", "ConvTranspose")},
    **{f"{module}.{name}": _POOLING for module in ("nn", "nnx") for name in ("pool", "max_pool", "avg_pool")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Flax's way to write programs: that of JAX, under other imports and with other words."""

    mode: str
    jax: of_jax.Dialect
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = of_jax.Dialect.one_line
    always_ahead: ClassVar[bool] = of_jax.Dialect.always_ahead
    ahead: ClassVar[str] = of_jax.Dialect.ahead
    behind: ClassVar[str] = of_jax.Dialect.behind

    @property
    def module(self) -> str:
        """Return the name of the module whose functions are called."""
        return {"linen": "nn"}.get(self.mode, self.mode)

    def head(self, case: Case) -> tuple[str, ...]:
        """Return imports and settings."""
        return (_IMPORTS[self.mode], *self.jax.head(case))

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return the array itself, or its cast."""
        return self.jax.enter(name, bfloat16=bfloat16)

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return the text of an input's tensor, complete."""
        return self.jax.tensor(case, name, text)

    def array(self, case: Case, name: str, text: str) -> str:
        """Return the text of an output's array, made of its tensor."""
        return self.jax.array(case, name, text)

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call, or that of a function which pulls the cotangent back to each input that the case names."""
        return self.jax.wrap(case, call, text)
