"""A case as the files of ONNX's backend tests: a model, its inputs and its expected outputs.

The model is the one that the adapters run: the text of a call is executed, and instead of a backend it meets a function
that keeps the model and its inputs and returns the expected outputs. What the text then reads of these has to be the
expected result again, so no slip in ONNX's layout or indices gets into a file.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.call import refuse
from adapters.onnx.graph import OPSET, TYPES
from adapters.onnx.program import program
from adapters.program import execute
from cases.model.case import Case

Arrays = dict[str, npt.NDArray[Any]]
DATA: Final = "test_data_set_0"
"""The folder of a model's inputs and outputs."""


def files(case: Case, inputs: Arrays, expected: Arrays) -> dict[str, bytes]:
    """Return the contents of a valid case's files by path, from its inputs and its expected outputs.

    Raises:
        NotSupported: if ONNX can't be told what the case says, or an operator of the model has no such dtype by ONNX's
            own table. The adapters ask for these dtypes all the same, because some backends have them.
        ImportError: if onnx is not installed.
    """
    from onnx import numpy_helper  # noqa: PLC0415 - for this alone

    given = _ahead(case, expected)
    kept: dict[str, Any] = {}

    def keep(model: Any, feeds: Arrays) -> list[npt.NDArray[Any]]:
        kept.update(model=model, feeds=feeds)
        return given

    text = program(case, imports="", run="keep({model}, {feeds})")
    _check(case, expected, execute(text, {**inputs, "keep": keep}))
    graph, feeds = kept["model"].graph, kept["feeds"]
    refuse("ONNX's operators have no such dtype", when=not all(_takes(each.op_type, case.dtype) for each in graph.node))
    arrays = [(f"input_{number}", each.name, feeds[each.name]) for number, each in enumerate(graph.input)]
    arrays += [(f"output_{number}", each.name, given[number]) for number, each in enumerate(graph.output)]
    found = {"model.onnx": kept["model"]}
    found |= {f"{DATA}/{file}.pb": numpy_helper.from_array(array, name) for file, name, array in arrays}
    return {path: message.SerializeToString(deterministic=True) for path, message in found.items()}


def _takes(operator: str, dtype: str) -> bool:
    """Tell whether an operator's first input may have a dtype."""
    from onnx import defs  # noqa: PLC0415 - for this alone

    schema = defs.get_schema(operator, OPSET)
    allowed = {each.type_param_str: each.allowed_type_strs for each in schema.type_constraints}
    return f"tensor({TYPES.get(dtype, dtype).lower()})" in allowed[schema.inputs[0].type_str]


def _ahead(case: Case, expected: Arrays) -> list[npt.NDArray[Any]]:
    """Return the expected outputs as ONNX has them: channels ahead, and indices that count through the batch."""
    found = [expected["output"]]
    if "indices" in expected:
        batch, *image, channels = case.inputs["value"].shape
        plane, indices = max(math.prod(image), 1), expected["indices"]
        images = np.arange(batch).reshape(-1, *(1 for _ in indices.shape[1:]))
        places = indices // max(channels, 1) % plane
        found.append((images * channels + np.arange(channels)) * plane + places)
    return [np.ascontiguousarray(np.moveaxis(array, -1, 1)) for array in found]


def _check(case: Case, expected: Arrays, found: Arrays) -> None:
    """Check that the program reads the expected result out of ONNX's outputs."""
    for name, array in expected.items():
        right = (array.dtype, array.shape, array.tobytes())
        assert (found[name].dtype, found[name].shape, found[name].tobytes()) == right, f"{case.id}: {name}"  # noqa: S101
