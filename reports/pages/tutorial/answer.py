"""The facts and functions that a claim's expression can read from one target's answer to one case.

Arrays are read from the run only when an expression needs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.oracle.conv import conv
from adapters.outcome import Returned, Unsupported
from cases.loading.claims import NATIVE
from cases.loading.expressions import Expression
from cases.loading.properties import properties
from cases.model.case import Case
from cases.model.fill import fill
from cases.model.shapes import Axis
from reports.judging.compare import outputs
from reports.judging.judge import judge
from reports.pages.conventions.indices import conventions
from reports.recording.record import Record
from reports.recording.run import Run

Array = npt.NDArray[Any]
TensorOrName = str | Array
"""The name of an input or an output, or a tensor that another function of the expression made."""


_OF_ONE_TARGET: Final = {"passed", "call"}
"""Facts that can differ between two targets although both returned the same bits."""


class NoSuchTensorError(ValueError):
    """An expression asks for something that the answer does not have. The expression then means nothing."""


class CaseInRun:
    """A case of a run, with the tensors that all answers to the case share. Each tensor is made or read once."""

    def __init__(self, run: Run, case: Case) -> None:
        self.run = run
        self.case = case
        self._inputs: dict[str, Array] | None = None
        self._outputs: dict[str, Array] = {}
        self._known: dict[tuple[str, frozenset[tuple[str, str]]], bool | None] = {}

    def holds(self, expression: Expression, target: str) -> bool | None:
        """Tell whether an expression is true of a target's answer; return None if the answer decides nothing.

        An answer decides nothing in three cases. The target was not asked. The target has no such operator. The
        expression means nothing, because it names a tensor that did not come back or a size that the case does not
        have.
        """
        record = self.run.records.get((self.case.id, target))
        if record is None or isinstance(record.outcome, Unsupported):
            return None
        if not isinstance(record.outcome, Returned) or _OF_ONE_TARGET & expression.names:
            return AnswerFacts(self, record).holds(expression)
        key = expression.text, frozenset(record.digests.items())
        if key not in self._known:
            self._known[key] = AnswerFacts(self, record).holds(expression)
        return self._known[key]

    def input(self, name: str) -> Array | None:
        """Return an input of the case in its own dtype.

        Return None if the case has no such input, or if the call says something else in place of its arguments.
        """
        if self._inputs is None:
            self._inputs = {} if self.case.given else _inputs(self.case)
        return self._inputs.get(name)

    def output(self, digest: str) -> Array:
        """Return the recorded array that has this digest."""
        if digest not in self._outputs:
            self._outputs[digest] = self.run.array(digest)
        return self._outputs[digest]


def _inputs(case: Case) -> dict[str, Array]:
    return {name: array.astype(case.inputs[name].dtype) for name, array in fill(case).items()}


class AnswerFacts:
    """The facts of ``cases.loading.claims.ANSWER`` and the functions beside them, for one recorded answer."""

    def __init__(self, asked: CaseInRun, record: Record) -> None:
        self.asked = asked
        self.record = record
        self.compared: list[tuple[str, Array | str | None]] = []
        """What tensors of this answer were compared with: a label for people, and an array or its digest."""

    def holds(self, expression: Expression) -> bool | None:
        """Tell whether an expression is true of the answer; return None if the expression means nothing here."""
        try:
            return expression.holds(properties(self.asked.case, expression.names) | self._facts(expression.names))
        except ValueError:
            return None

    def _facts(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: found(self) for name in names if (found := _FACTS.get(name)) is not None}

    def tensor(self, tensor: TensorOrName) -> Array:
        """Return an output or an input by its name. An array is returned as it is.

        Raises:
            NoSuchTensorError: if the answer has no tensor of this name.
        """
        if not isinstance(tensor, str):
            return tensor
        if tensor in self.record.digests:
            return self.asked.output(self.record.digests[tensor])
        array = self.asked.input(tensor)
        if array is None:
            msg = f"this answer has no tensor {tensor!r}"
            raise NoSuchTensorError(msg)
        return array

    def passed(self) -> bool:
        """Tell whether the answer is the expected one.

        Raises:
            NoSuchTensorError: if the answer can't be judged, because the case has no expected result.
        """
        status: str = judge(self.asked.run, self.asked.case, self.record.target).status
        if status == "unjudged":
            msg = f"{self.record.case}: there is no expected result to compare this answer with"
            raise NoSuchTensorError(msg)
        return status == "passed"

    def same(self, one: TensorOrName, other: TensorOrName) -> bool:
        """Tell whether two tensors have the same shape and equal elements. NaN equals NaN."""
        a, b = self.tensor(one), self.tensor(other)
        self.compared += [("by the statement:", tensor) for tensor in (one, other) if not isinstance(tensor, str)]
        return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())  # noqa: PLR0124 - NaN

    def correlation(self, one: TensorOrName, other: TensorOrName) -> float:
        """Return Pearson's correlation of two tensors of one shape.

        It is 1 if the tensors differ only by a positive scale and an offset.

        Raises:
            ValueError: if the shapes differ, or an element is infinite or NaN.
            ZeroDivisionError: if all elements of a tensor are equal.
        """
        a, b = (self.tensor(tensor).astype(np.float64) for tensor in (one, other))
        if a.shape != b.shape:
            msg = f"{a.shape} and {b.shape} have no correlation"
            raise ValueError(msg)
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            msg = "infinities and NaN have no correlation"
            raise ValueError(msg)
        a, b = a - a.mean(), b - b.mean()
        found = float((a * b).sum()) / math.sqrt((a * a).sum() * (b * b).sum())
        self.compared.append(("correlation:", np.array(found)))
        return found

    def agrees(self, target: str) -> bool:
        """Tell whether another target returned the same bits in every output. A target that failed does not agree.

        Raises:
            NoSuchTensorError: if this answer is no result, or the other target was not asked or has no such operator.
        """
        other = self.asked.run.records.get((self.record.case, target))
        if other is None or isinstance(other.outcome, Unsupported) or not isinstance(self.record.outcome, Returned):
            msg = f"there are no two results of {self.record.target} and {target}"
            raise NoSuchTensorError(msg)
        names = outputs(self.record.digests)
        self.compared += [(f"{target}: {name}", other.digests.get(name)) for name in names]
        return all(self.record.digests[name] == other.digests.get(name) for name in names)

    def follows(self, convention: str) -> bool:
        """Tell whether the framework's own index follows this convention of ``reports.pages.conventions.indices``.

        Raises:
            NoSuchTensorError: if the framework returned no index, or the oracle has no answer to the case.
        """
        found = conventions(self.asked.case, self.tensor(NATIVE))
        if found is None:
            msg = f"{self.record.case}: the oracle has no answer, so no convention can be checked"
            raise NoSuchTensorError(msg)
        return convention in found

    def convolution(self, value: TensorOrName, filter: TensorOrName) -> Array:  # noqa: A002 - the field's word
        """Return the full convolution with stride 1, in float64: [batch, *full, out].

        The value is [batch, *image, in]. It is padded with kernel - 1 zeros on each side of each spatial axis, so a
        full axis has image + kernel - 1 elements. The filter is [*kernel, out, in], and it is not rotated.
        """
        image, taps = self.tensor(value), self.tensor(filter)
        sizes = zip(image.shape[1:-1], taps.shape[:-2], strict=True)
        axes = tuple(
            Axis(image=length, count=length + kernel - 1, kernel=kernel, stride=1, before=kernel - 1, after=kernel - 1)
            for length, kernel in sizes
        )
        return conv(image.astype(np.float64), taps.astype(np.float64).swapaxes(-1, -2), axes)


_FACTS: Final[dict[str, Callable[[AnswerFacts], Any]]] = {
    "kind": lambda answer: answer.record.outcome.kind,
    "passed": lambda answer: answer.passed(),
    "call": lambda answer: answer.asked.run.call(answer.record),
    "same": lambda answer: answer.same,
    "shape": lambda answer: lambda tensor: answer.tensor(tensor).shape,
    "size": lambda answer: lambda tensor: answer.tensor(tensor).size,
    "zeros": lambda answer: lambda tensor: int((answer.tensor(tensor) == 0).sum()),
    "dtype_of": lambda answer: lambda tensor: answer.tensor(tensor).dtype.name,
    "correlation": lambda answer: answer.correlation,
    "rotated": lambda answer: lambda filter: np.flip(answer.tensor(filter), (0, 1)),  # noqa: A006
    "transposed": lambda answer: lambda filter: answer.tensor(filter).swapaxes(0, 1),  # noqa: A006
    "convolution": lambda answer: answer.convolution,
    "agrees": lambda answer: answer.agrees,
    "follows": lambda answer: answer.follows,
}
NAMES: Final = tuple(_FACTS)
"""The names that an expression can read from an answer."""
