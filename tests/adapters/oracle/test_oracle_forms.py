"""The three forms of ``conv_transpose`` on any valid call, and the full result behind every output_shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.oracle import Oracle
from cases.model.tolerance import Tolerance
from tests.adapters.drawn import Array, Call, calls, normal
from tests.cases.laid import Windows, windows

EVERY: Any = slice(None)


def forms(call: Call) -> list[Array]:
    return [replace(call, mode=mode)() for mode in Oracle.modes]


@settings(max_examples=150, deadline=None)
@given(call=calls("conv_transpose"))
def test_the_forms_return_the_same_bits_on_integers(call: Call) -> None:
    scattered, *others = forms(call)
    assert len(others) == 2
    for other in others:
        np.testing.assert_array_equal(other, scattered, strict=True)


@settings(max_examples=150, deadline=None)
@given(call=calls("conv_transpose", normal))
def test_the_forms_keep_within_rounding_of_each_other(call: Call) -> None:
    """Allow twice the bound of the bounded tier, since each of two forms may be off by the bound."""
    absolute = {name: np.abs(tensor) for name, tensor in call.tensors.items()}
    magnitude = replace(call, tensors=absolute)()
    scattered, *others = forms(call)
    bound = Tolerance(tier="bounded", products=call.products, dtype="float64").fails_beyond(magnitude, scattered)
    for other in others:
        assert (np.abs(other - scattered) <= 2 * bound).all()


@settings(max_examples=100, deadline=None)
@given(on=windows(), data=st.data())
def test_every_admissible_output_shape_is_a_window_on_one_full_result(on: Windows, data: st.DataObject) -> None:
    """Crop the padding before the image off the full result, and put zeros where the full result doesn't reach."""
    call = data.draw(calls("conv_transpose", on=on))
    sizes = zip(on.counts, on.strides, on.extents, strict=True)
    lengths = tuple((count - 1) * stride + extent for count, stride, extent in sizes)
    full = asked(call, replace(on, image=lengths, padding="VALID"))
    bias = call.tensors.get("bias", 0)
    for other in on.admissible():
        expected = np.zeros((len(full), *other.image, full.shape[-1])) + bias
        parts = [
            (min(length - before, image), before)
            for length, image, (before, _) in zip(lengths, other.image, other.pads, strict=True)
        ]
        if all(seen > 0 for seen, _ in parts):
            seen = tuple(slice(before, before + length) for length, before in parts)
            expected[(EVERY, *(slice(length) for length, _ in parts))] = full[(EVERY, *seen)]
        np.testing.assert_array_equal(asked(call, other), expected, strict=True)


def asked(call: Call, on: Windows) -> Array:
    """Return the output for the same tensors and other windows."""
    shape = (len(call.tensors["value"]), *on.image, call.arguments["output_shape"][-1])
    return replace(call, arguments=call.arguments | on.arguments | {"output_shape": shape})()
