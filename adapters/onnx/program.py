"""The one builder of ONNX programs: all that an adapter of an ONNX backend needs.

The adapter says how its backend runs a model. The program makes the model by ``onnx.helper``, with the attributes that
the case has, right or wrong; neither ONNX's checker nor its shape inference sees it, unless the backend asks them.
Filters and biases are constants of the model, as in a model that was trained.
"""

from __future__ import annotations

from typing import Final

from adapters.call import refuse, refuse_output
from adapters.onnx import conv, pooling
from adapters.onnx.dialect import Dialect
from adapters.writing import writer
from cases.model.case import Case

_OPERATORS: Final = (
    *(conv.conv, conv.conv_transpose, pooling.max_unpool, pooling.avg_unpool),
    *(pooling.max_pool, pooling.max_pool_argmax, pooling.avg_pool, pooling.relu),
)
_OF: Final = {function.__name__: function for function in _OPERATORS}


def program(case: Case, *, imports: str, run: str) -> str:
    """Return a case's call as a program that makes an ONNX model and runs it.

    ``imports`` are the lines that the backend needs. ``run`` is the text that runs a model and returns the list of its
    outputs; ``{model}`` stands in it for the ``onnx.ModelProto``, and ``{feeds}`` for a dict of arrays by name.

    Raises:
        NotSupported: if ONNX can't be told what the case says.
    """
    refuse("ONNX has no gradients", when=bool(case.gradients))
    refuse_output(case, "ONNX has no data_format")
    return writer.program(case, _OF[case.operator](case), Dialect(imports=imports, run=run))
