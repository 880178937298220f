"""The one builder of ONNX programs: all that an adapter of an ONNX backend needs.

The adapter says how its backend runs a model. The program makes the model by ``onnx.helper``, with the attributes that
the case has, right or wrong; neither ONNX's checker nor its shape inference sees it, unless the backend asks them.
Filters and biases are constants of the model, as in a model that was trained.
"""

from __future__ import annotations

from typing import Final

from adapters.call import fault, refuse, refuse_given
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
    _refuse_unsayable(case)
    return writer.program(case, _OF[case.operator](case), Dialect(imports=imports, run=run))


def _refuse_unsayable(case: Case) -> None:
    """Refuse a wrong batch, channels or layout of the output: in ONNX all three follow from the value."""
    refuse_given(case, "data_format")
    wrong = fault(case)
    if wrong is None or wrong.argument in case.given:
        return
    whole = wrong.argument == "output_shape" and case.operator != "max_unpool" and wrong.axis is None
    refuse(f"{case.operator} takes no batch or channels of the output, so a wrong one can't be said", when=whole)
    refuse("ONNX has no data_format, so a wrong one can't be said", when=wrong.rule == "data_format")
