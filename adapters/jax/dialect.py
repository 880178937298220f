"""How JAX says what all programs have: layouts and bfloat16 are NumPy's, which compiles nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.writing.forms import around, dimension_numbers, pairs, shape
from adapters.writing.writer import Wrapped, takes
from cases.model.case import Case

_IMPORTS: Final = "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax"


_CONV: Final = {
    "strides": Word(word=""),
    "padding": Word(word=""),
    "dilations": Word(word="rhs_dilation"),
    "groups": Word(word="feature_group_count"),
    "data_format": Word(word="dimension_numbers", form=dimension_numbers),
}
WORDS: Final[Words] = {
    "lax.conv_general_dilated": _CONV,
    "lax.conv_transpose": _CONV,
    "lax.reduce_window": {
        "ksize": Word(word="", form=around),
        "strides": Word(word="", form=around),
        "padding": Word(word="", form=pairs),
        "dilations": Word(word="window_dilation", form=around),
    },
    "jax.ShapeDtypeStruct": {"output_shape": Word(word="", form=shape)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """JAX's way to write programs, under some settings. ``jit`` compiles a call as one program."""

    settings: tuple[str, ...]
    jit: bool
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = True
    always_ahead: ClassVar[bool] = False
    ahead: ClassVar[str] = "np.moveaxis({text}, -1, 1)"
    behind: ClassVar[str] = "np.moveaxis({text}, 1, -1)"

    def head(self, _case: Case) -> tuple[str, ...]:
        """Return imports and settings."""
        return (_IMPORTS, *(("", *self.settings) if self.settings else ()), "")

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return the array itself, or its cast."""
        return f"{name}.astype(jnp.bfloat16)" if bfloat16 else name

    def tensor(self, _case: Case, _name: str, text: str) -> str:
        """Return a tensor where operations run one by one; a jitted function takes arrays."""
        return text if self.jit else f"jnp.asarray({text})"

    def array(self, _case: Case, _name: str, text: str) -> str:
        """Return the array, which it is already."""
        return text

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call, or that of a function which pulls the cotangent back to each input that the case names."""
        results = (*call.returns, *(f"{name}_gradient" for name in case.gradients))
        places = ["result"] if len(results) == 1 else [f"result[{number}]" for number in range(len(results))]
        names = {name: f"np.asarray({place})" for name, place in zip(results, places, strict=True)}
        operands = ", ".join(case.inputs)
        if case.gradients:
            function = "jax.jit(with_gradients)" if self.jit else "with_gradients"
            return Wrapped(call=f"{function}({operands})", above=(_with_gradients(case, call, text),), names=names)
        parameters = ", ".join(takes(case, call))
        return Wrapped(call=f"jax.jit(lambda {parameters}: {text})({parameters})" if self.jit else text, names=names)


def _with_gradients(case: Case, call: Call, text: str) -> str:
    watched, returns = ", ".join(case.gradients), ", ".join(call.returns)
    results, more = (
        ("output, pullback", "") if len(call.returns) == 1 else ("output, pullback, indices", ", has_aux=True")
    )
    return (
        f"def with_gradients({', '.join(case.inputs)}):\n"
        f"    {results} = jax.vjp(lambda {watched}: {text}, {watched}{more})\n"
        f"    return {returns}, *pullback(cotangent)\n"
    )
