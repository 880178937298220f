"""Slips with returned arrays: another dtype, the memory of an input, an old result, a missing array.

Each slip takes the call, the inputs as given, and the right arrays in their dtypes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.mutants.call import Call

Arrays = dict[str, npt.NDArray[Any]]
Inputs = Arrays


def as_dtype(_call: Call, _inputs: Inputs, outputs: Arrays, dtype: str, output: str = "output") -> Arrays:
    """Return an array in a fixed dtype."""
    return outputs | {output: outputs[output].astype(dtype)} if output in outputs else outputs


def changed_in_place(_call: Call, inputs: Inputs, outputs: Arrays, tensor: str) -> Arrays:
    """Change an input, as if its memory were used for results."""
    if tensor in inputs and inputs[tensor].size:
        inputs[tensor].flat[-1] += 1
    return outputs


def as_view(_call: Call, inputs: Inputs, outputs: Arrays) -> Arrays:
    """Return the value itself, not a copy, if the result equals it."""
    value, output = inputs["value"], outputs["output"]
    same = value.shape == output.shape and value.dtype == output.dtype and value.tobytes() == output.tobytes()
    return outputs | {"output": value} if same else outputs


def remembered(call: Call, _inputs: Inputs, outputs: Arrays) -> Arrays:
    """Remember results by the tensors' shapes, and return an old result for other elements of the same shapes."""
    key = (call.case.operator, *((name, spec.shape, spec.dtype) for name, spec in call.case.inputs.items()))
    assert call.memory is not None  # noqa: S101 - only calls of other slips are shared
    return dict(call.memory.setdefault(key, outputs))


def without(_call: Call, _inputs: Inputs, outputs: Arrays, output: str) -> Arrays:
    """Leave out the array of this name."""
    return {name: array for name, array in outputs.items() if name != output}


def one_more(_call: Call, _inputs: Inputs, outputs: Arrays) -> Arrays:
    """Return one more array, which nobody asked for."""
    return outputs | {"mask": outputs["output"]}


def columns_in_memory(_call: Call, _inputs: Inputs, outputs: Arrays) -> Arrays:
    """Return arrays whose elements lie in memory in another order."""
    return {name: np.asfortranarray(array) for name, array in outputs.items()}
