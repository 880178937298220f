"""One target's answer to one case, as what the expression of a claim can ask of it. Arrays are read when asked for."""

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
from cases.loading.facts import facts
from cases.model.case import Case
from cases.model.fill import fill
from cases.model.shapes import Axis
from reports.judging.compare import outputs
from reports.judging.judge import judge
from reports.pages.indices import conventions
from reports.recording.record import Record
from reports.recording.run import Run

Array = npt.NDArray[Any]
Named = str | Array
"""A tensor by its name in the case or the answer, or one that another function made."""


_OF_ONE: Final = {"passed", "call"}
"""Facts in which targets that returned the same bits may differ."""


class NoSuchTensorError(ValueError):
    """An expression names a tensor that an answer has not: then it means nothing."""


class Question:
    """A case, and what all answers to it share: each tensor is made or read once."""

    def __init__(self, run: Run, case: Case) -> None:
        self.run = run
        self.case = case
        self._inputs: dict[str, Array] | None = None
        self._arrays: dict[str, Array] = {}
        self._known: dict[tuple[str, frozenset[tuple[str, str]]], bool | None] = {}

    def holds(self, expression: Expression, target: str) -> bool | None:
        """Whether an expression is true of a target's answer; None if that answer decides nothing.

        That is so where the target was not asked or has no such operator, and where the expression means nothing: it
        names a tensor that did not come back, or a size that the case has not.
        """
        record = self.run.records.get((self.case.id, target))
        if record is None or isinstance(record.outcome, Unsupported):
            return None
        if not isinstance(record.outcome, Returned) or _OF_ONE & expression.names:
            return Answer(self, record).holds(expression)
        key = expression.text, frozenset(record.digests.items())
        if key not in self._known:
            self._known[key] = Answer(self, record).holds(expression)
        return self._known[key]

    def input(self, name: str) -> Array | None:
        """An input of the case, in its own dtype; None if there is none, or the call says another."""
        if self._inputs is None:
            self._inputs = {} if self.case.given else _inputs(self.case)
        return self._inputs.get(name)

    def output(self, digest: str) -> Array:
        """What came back."""
        if digest not in self._arrays:
            self._arrays[digest] = self.run.array(digest)
        return self._arrays[digest]


def _inputs(case: Case) -> dict[str, Array]:
    return {name: array.astype(case.inputs[name].dtype) for name, array in fill(case).items()}


class Answer:
    """The facts of ``cases.claims.ANSWER`` and its functions, for one recorded answer."""

    def __init__(self, question: Question, record: Record) -> None:
        self.question = question
        self.record = record
        self.compared: list[tuple[str, Array | str | None]] = []
        """What tensors of this answer were compared with, or their digests, each with a name for people."""

    def holds(self, expression: Expression) -> bool | None:
        """Whether an expression is true of the answer; None if it means nothing there."""
        try:
            return expression.holds(facts(self.question.case, expression.names) | self._facts(expression.names))
        except ValueError:
            return None

    def _facts(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: found(self) for name in names if (found := _FACTS.get(name)) is not None}

    def tensor(self, tensor: Named) -> Array:
        """An array by its name among inputs and outputs.

        Raises:
            NoSuchTensorError: if the answer has none.
        """
        if not isinstance(tensor, str):
            return tensor
        if tensor in self.record.digests:
            return self.question.output(self.record.digests[tensor])
        array = self.question.input(tensor)
        if array is None:
            msg = f"this answer has no tensor {tensor!r}"
            raise NoSuchTensorError(msg)
        return array

    def passed(self) -> bool:
        """Whether the answer is the expected one."""
        return judge(self.question.run, self.question.case, self.record.target).status == "passed"

    def same(self, one: Named, other: Named) -> bool:
        """Whether two tensors have one shape and equal elements; NaN equals NaN."""
        a, b = self.tensor(one), self.tensor(other)
        self.compared += [("by the statement:", tensor) for tensor in (one, other) if not isinstance(tensor, str)]
        return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())  # noqa: PLR0124 - NaN

    def correlation(self, one: Named, other: Named) -> float:
        """Pearson's correlation of two tensors of one shape: 1 if they differ by a scale and an offset alone."""
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
        """Whether another target returned the same bits in every output; not, if it failed.

        Raises:
            NoSuchTensorError: if this answer is no result, or that target was not asked or has no such operator.
        """
        other = self.question.run.records.get((self.record.case, target))
        if other is None or isinstance(other.outcome, Unsupported) or not isinstance(self.record.outcome, Returned):
            msg = f"there are no two results of {self.record.target} and {target}"
            raise NoSuchTensorError(msg)
        names = outputs(self.record.digests)
        self.compared += [(f"{target}: {name}", other.digests.get(name)) for name in names]
        return all(self.record.digests[name] == other.digests.get(name) for name in names)

    def follows(self, convention: str) -> bool:
        """Whether the framework's own index is one by this rule of ``reports.indices``."""
        return convention in conventions(self.question.case, self.tensor(NATIVE))

    def convolution(self, value: Named, filter: Named) -> Array:  # noqa: A002 - the field's word
        """The convolution with stride 1 of a value [batch, *image, in] that is padded with kernel - 1 zeros all round.

        The filter is [*kernel, out, in], and is not rotated.
        """
        image, taps = self.tensor(value), self.tensor(filter)
        sizes = zip(image.shape[1:-1], taps.shape[:-2], strict=True)
        axes = tuple(
            Axis(image=length, count=length + kernel - 1, kernel=kernel, stride=1, before=kernel - 1, after=kernel - 1)
            for length, kernel in sizes
        )
        return conv(image.astype(np.float64), taps.astype(np.float64).swapaxes(-1, -2), axes)


_FACTS: Final[dict[str, Callable[[Answer], Any]]] = {
    "kind": lambda answer: answer.record.outcome.kind,
    "passed": lambda answer: answer.passed(),
    "call": lambda answer: answer.question.run.call(answer.record),
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
