"""How JAX says what all programs have: layouts and bfloat16 are NumPy's, which compiles nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.writing import transforms
from adapters.writing.forms import around, dimension_numbers, pairs, shape
from adapters.writing.vectorized import own_layout
from adapters.writing.writer import Wrapped, places, results, takes
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
SHAPES: Final = "shapes"
"""The mode that infers shapes and dtypes, and runs nothing."""
_SPLIT: Final = """\
def split(tensor, axis, parts):
    shape = *tensor.shape[:axis], parts, tensor.shape[axis] // parts, *tensor.shape[axis + 1:]
    return jnp.moveaxis(tensor.reshape(shape), axis, 0)
"""
_JOINED: Final = """\
def joined(tensor, axis):
    shape = *tensor.shape[1:axis + 1], -1, *tensor.shape[axis + 2:]
    return jnp.moveaxis(tensor, 0, axis).reshape(shape)
"""
_FUNCTIONS: Final = transforms.Functions(
    vjp="jax.vjp",
    jvp="jax.jvp",
    vmap="jax.vmap",
    jacobian="jax.jacrev",
    zeros="jnp.zeros_like",
    contracted="jnp.tensordot",
    split=_SPLIT,
    joined=_JOINED,
    layout=own_layout,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """JAX's way to write programs, under some settings. All modes but ``eager`` compile a call as one program."""

    settings: tuple[str, ...]
    mode: str
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
        return f"jnp.asarray({text})" if self.mode == "eager" else text

    def array(self, _case: Case, name: str, text: str) -> str:
        """Return the array, which it is already, but for what a whole program returns."""
        if self.mode != "program":
            return text
        return f"np.asarray({text})" + (".astype(np.int64)" if name == "indices" else "")

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call, or that of a function which pulls the cotangent back to each input that the case names."""
        found = results(case, call)
        array = "np.zeros({0}.shape, {0}.dtype)" if self.mode == SHAPES else "np.asarray({0})"
        names = {name: array.format(place) for name, place in zip(found, places(found), strict=True)}
        function, operands, above = self._function(case, call, text)
        if self.mode == SHAPES:
            made = f"jax.eval_shape({function}, {operands})"
        elif self.mode == "eager":
            made = f"{function}({operands})" if case.gradients else text
        else:
            made = f"jax.jit({function})({operands})"
        return Wrapped(call=made, above=above, names=names)

    def _function(self, case: Case, call: Call, text: str) -> tuple[str, str, tuple[str, ...]]:
        """Return a function that makes the call, what it is called with, and its definition if it has a name."""
        if self.mode in transforms.MODES:
            defined = transforms.function(self.mode, case, call, text, _FUNCTIONS)
            return "call", ", ".join(transforms.parameters(case, call)), (defined,)
        if case.gradients:
            return "with_gradients", ", ".join(case.inputs), (_with_gradients(case, call, text),)
        parameters = ", ".join(takes(case, call))
        return f"lambda {parameters}: {text}", parameters, ()


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
