"""The tutorial from which the suite grew, as an implementation under test: its recipes in NumPy.

This adapter is neither a framework nor a definition. It shows readers of the tutorial for which sizes each reading of
the text is right. ``after`` and ``between`` are the two readings: they put a transposed convolution's zeros in
different places. The code follows the tutorial's words, shares nothing with the oracle, and computes in the case's own
dtype.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters import program
from adapters.base import NotSupported
from adapters.document.conv_transpose import ZEROS
from cases.model.case import Case

Tensors = dict[str, npt.NDArray[Any]]
_MODULES: Final = {"conv_transpose": "conv_transpose", "max_unpool": "unpooling", "avg_unpool": "unpooling"}
"""Operator that the tutorial describes -> the module of this package that follows the description."""
_AXES: Final = 2


class Document:
    """The tutorial's algorithms. A mode is a reading of its second step, which inserts zeros."""

    name = "document"
    modes = tuple(ZEROS)
    mode_options: dict[str, dict[str, Any]] = {  # noqa: RUF012 - nothing changes it
        "after": {"operators": tuple(_MODULES)},
        "between": {"operators": ("conv_transpose",)},
    }

    def __init__(self) -> None:
        self._mode = self.modes[0]

    def devices(self) -> tuple[str, ...]:
        """Return the only device, the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return the version of NumPy."""
        return {"numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Choose the reading.

        Raises:
            ValueError: if there is no such mode or device.
        """
        if mode not in self.modes or device not in self.devices():
            msg = f"{self.name} has no {mode!r} on {device!r}"
            raise ValueError(msg)
        self._mode = mode
        return {"zeros": f"{mode} elements"}

    def call(self, case: Case) -> str:
        """Write the call as a program, to be run in the clone's folder.

        Raises:
            NotSupported: if the tutorial does not describe such a call.
        """
        if reason := next(_unsaid(case), None):
            raise NotSupported(reason)
        tensors = ", ".join(case.inputs)
        module, said = _MODULES[case.operator], ", ".join(_arguments(case, self._mode))
        return (
            f"from adapters.document.{module} import {case.operator}  # in the clone's folder\n\n"
            f'result = {case.operator}({tensors}, {said})\noutputs = {{"output": result}}\n'
        )

    def stage(self, error: Exception) -> str:  # noqa: ARG002 - the protocol's
        """Return the stage in which an error came: always the call."""
        return "calling"

    def run(self, case: Case, inputs: Tensors) -> Tensors:
        """Run the program that ``call`` writes.

        Raises:
            NotSupported: if the tutorial does not describe such a call.
            ValueError, IndexError: if the recipe can't be carried out.
        """
        return program.execute(self.call(case), inputs)


def _unsaid(case: Case) -> Iterator[str]:
    """Yield the reasons why the tutorial can't be followed for a call, the first reason first."""
    if case.operator not in _MODULES:
        yield f"the tutorial calls TensorFlow for {case.operator}"
    elif _is_wrong(case):
        yield "of wrong calls the tutorial says only that the framework reports an error"
    else:
        yield from (reason for is_so, reason in _options(case) if is_so)


def _is_wrong(case: Case) -> bool:
    return bool(case.given or case.broken)


def _options(case: Case) -> Iterator[tuple[bool, str]]:
    """Yield whether a valid call uses something that the tutorial lacks, and the reason in words."""
    yield len(case.strides) != _AXES, "the tutorial speaks of rows and columns only"
    yield not isinstance(case.padding, str), "the tutorial knows SAME and VALID only"
    yield case.dilations is not None, "the tutorial has no dilations"
    yield case.groups > 1, "the tutorial has no groups"
    yield "bias" in case.inputs, "the tutorial has no bias"
    yield bool(case.gradients), "the tutorial computes no gradients"
    yield case.dtype == "bfloat16", "NumPy has no bfloat16"
    unequal = case.operator == "max_unpool" and len(set(case.strides)) > 1
    yield unequal, "the tutorial's program takes one stride for both axes"


def _arguments(case: Case, mode: str) -> Iterator[str]:
    if case.operator == "max_unpool":
        yield f"stride={case.strides[0]}"
        return
    transposes = case.operator == "conv_transpose"
    names = ("output_shape", "strides") if transposes else ("output_shape", "ksize", "strides", "padding")
    yield from (f"{name}={getattr(case, name)!r}" for name in names)
    if transposes:
        yield f"zeros={mode!r}"
