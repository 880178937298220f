"""Convolution, and the transposed one: a layer that is made with the case's filter and bias, and applied.

The filter of ``ConvTranspose`` under ``transpose_kernel=True`` is that of the convolution which it transposes. It takes
no output_shape. Its SAME and VALID give one size each; for another the case's window is said as padding of the dilated
value, which is what Flax means by pairs of padding.
"""

from __future__ import annotations

from typing import Any

from adapters.call import Call, Expression, Function, Text, errs, refuse
from adapters.jax.conv import padding_of_dilated
from cases.model.case import Case


def conv(case: Case, module: str) -> Call:
    """Apply ``Conv``, which doesn't rotate the filter either."""
    window = {"strides": case.strides, "padding": case.padding, "dilations": case.dilations}
    groups = None if case.groups == 1 else case.groups
    return Call(expression=_applied(case, module, "Conv", **window, groups=groups))


def conv_transpose(case: Case, module: str) -> Call:
    """Apply ``ConvTranspose``."""
    reason = case.broken.reason if case.broken is not None else ""
    why = f"ConvTranspose takes no output_shape or output_padding, so this can't be said: {reason}"
    refuse(why, when=errs(case, "output_shape", "output_padding"))
    refuse("ConvTranspose takes no groups", when=case.groups != 1 or "groups" in case.given)
    padding = padding_of_dilated(case, grouped=False)
    window = {"strides": case.strides, "padding": padding, "dilations": case.dilations}
    return Call(expression=_applied(case, module, "ConvTranspose", **window, transpose_kernel=True))


def _applied(case: Case, module: str, name: str, **window: Any) -> Expression:
    """Return a layer with the sizes of the case's filter, applied to the value."""
    *kernel, first, last = case.inputs["filter"].shape
    features = first if name == "ConvTranspose" else last
    own = {"kernel_size": tuple(kernel), **window, "use_bias": None if "bias" in case.inputs else False}
    if module == "nn":
        params = ", ".join(f'"{role}": {tensor}' for role, tensor in _parameters(case).items())
        layer = Function(name=f"nn.{name}", operands=(), arguments={"features": features, **own})
        return (layer, f'.apply({{"params": {{{params}}}}}, value)')
    channels = {"in_features": case.inputs["value"].shape[-1], "out_features": features}
    made = {f"{role}_init": Text(text=f"lambda *_: {tensor}") for role, tensor in _parameters(case).items()}
    arguments = {**channels, **own, **made, "rngs": Text(text="nnx.Rngs(0)")}
    return (Function(name=f"nnx.{name}", operands=(), arguments=arguments), "(value)")


def _parameters(case: Case) -> dict[str, str]:
    """Return the tensors of a layer by Flax's names."""
    return {"kernel": "filter", **({"bias": "bias"} if "bias" in case.inputs else {})}
