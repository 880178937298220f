"""What the oracle's properties are drawn from: the calls of every operator, on windows of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume
from hypothesis import strategies as st

from adapters.oracle import Oracle
from tests.cases.laid import Place, Windows, pooled, windows

Array = npt.NDArray[np.float64]
Tensor = npt.NDArray[Any]
Data = Callable[..., Array]

LINEAR = ("conv", "conv_transpose", "max_unpool", "avg_pool", "avg_unpool")
"""The operators that are linear in each of their inputs alone."""
MAXIMA = ("max_pool", "max_pool_argmax")
DIVISIBLE = 216
"""By the elements of every window that is drawn, whole or cut, so that means of its multiples are integers."""


channels = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))  # groups, in and out of each
batches = st.sampled_from([2, 1, 3, 2, 1, 3, 0])  # an empty batch shows little
seeds = st.integers(0, 2**32 - 1)


def integers(*shape: int, seed: int = 0) -> Array:
    """From -8 to 8 without 0, so that no product vanishes."""
    values = np.random.default_rng(seed + sum(shape)).integers(-8, 8, shape)
    return np.where(values < 0, values, values + 1).astype(np.float64)


def normal(*shape: int, seed: int = 0) -> Array:
    """Where rounding is the question; no two elements are equal."""
    return np.random.default_rng(seed + sum(shape)).normal(size=shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operator's tensors and arguments; called, it gives the output alone."""

    operator: Any
    tensors: dict[str, Tensor]
    arguments: dict[str, Any]
    mode: str = "eager"

    def __call__(self, **changed: Tensor) -> Array:
        result = getattr(Oracle(self.mode).operators, self.operator)(**self.tensors | changed, **self.arguments)
        return result[0] if isinstance(result, tuple) else result  # type: ignore[no-any-return]

    def gradients(self, cotangent: Tensor) -> dict[str, Array]:
        return Oracle(self.mode).operators.gradients(self.operator, cotangent, **self.tensors, **self.arguments)

    @property
    def moved(self) -> tuple[str, ...]:
        """The inputs that have a gradient."""
        return tuple(name for name in self.tensors if name != "indices")

    @property
    def unit(self) -> int:
        """What integers are multiplied by so that the results are integers too."""
        return DIVISIBLE if self.operator == "avg_pool" else 1

    @property
    def products(self) -> int:
        """How many products, or elements, an element of the output sums at the most."""
        if "filter" not in self.tensors:
            return 1 if self.operator.startswith("max") else prod(self.arguments["ksize"])
        *kernel, first, last = self.tensors["filter"].shape
        summed: int = last // self.arguments["groups"] if self.operator == "conv_transpose" else first
        return prod(kernel) * summed + ("bias" in self.tensors)

    def other(self, name: str, seed: int) -> Array:
        """Other integers for an input."""
        return integers(*self.tensors[name].shape, seed=seed) * self.unit

    def cotangent(self, seed: int) -> Array:
        """Integers, one for each element of the output."""
        return integers(*self().shape, seed=seed) * self.unit


@st.composite
def calls(draw: st.DrawFn, operator: str, data: Data = integers, on: Windows | None = None) -> Call:
    """A call of an operator, on these windows or on any that it can have an answer for."""
    if operator.startswith("conv"):
        return draw(_convolutions(operator, data, on or draw(windows())))
    if operator.endswith("unpool"):
        return draw(_unpoolings(operator, data, on or draw(windows(largest_padding=1))))
    return draw(_poolings(operator, data, on or draw(pooled)))


@st.composite
def _convolutions(draw: st.DrawFn, operator: str, data: Data, on: Windows) -> Call:
    """In groups, perhaps with a bias; every admissible output_shape may be drawn."""
    groups, inner, outer = draw(channels)
    batch, seed = draw(batches), draw(seeds)
    if operator == "conv":
        size, filter_, shape = on.image, (inner, groups * outer), {}
    else:
        size, filter_ = on.counts, (outer, groups * inner)
        shape = {"output_shape": (batch, *on.image, groups * outer)}
    tensors = {
        "value": data(batch, *size, groups * inner, seed=seed),
        "filter": data(*on.kernel, *filter_, seed=seed + 1),
    }
    if draw(st.booleans()):
        tensors["bias"] = 100 * data(groups * outer, seed=seed + 2)
    mode = draw(st.sampled_from(Oracle.modes))
    return Call(operator=operator, tensors=tensors, arguments=shape | on.arguments | {"groups": groups}, mode=mode)


@st.composite
def _poolings(draw: st.DrawFn, operator: str, data: Data, on: Windows) -> Call:
    """Of two channels."""
    value = data(draw(batches), *on.image, 2, seed=draw(seeds))
    call = Call(operator=operator, tensors={"value": value}, arguments={"ksize": on.kernel, **on.arguments})
    return replace(call, tensors={"value": value * call.unit})


@st.composite
def _unpoolings(draw: st.DrawFn, operator: str, data: Data, on: Windows) -> Call:
    """Of two channels; the indices of a maximum's may lie anywhere, but no two at the same place."""
    batch, seed = draw(batches), draw(seeds)
    tensors: dict[str, Tensor] = {"value": data(batch, *on.counts, 2, seed=seed)}
    if operator == "max_unpool":
        tensors["indices"] = distinct_indices(batch, on.counts, np.arange(prod(on.image)), seed)
    arguments = {"output_shape": (batch, *on.image, 2), "ksize": on.kernel, **on.arguments}
    return Call(operator=operator, tensors=tensors, arguments=arguments)


def distinct_indices(batch: int, counts: Place, places: Tensor, seed: int) -> npt.NDArray[np.int64]:
    """Canonical indices [batch, *counts, 2] among the flat ``places`` of an image, no two at the same place."""
    assume(prod(counts) <= places.size)
    plane = np.broadcast_to(places, (batch, 2, places.size))
    chosen = np.random.default_rng(seed).permuted(plane, axis=-1)[..., : prod(counts)]
    return np.moveaxis(chosen.reshape(batch, 2, *counts), 1, -1) * 2 + np.arange(2)
