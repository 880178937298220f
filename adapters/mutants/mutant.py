"""A mutant as an adapter: the definition's answer, but where its slip shows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.mutants.call import Call, Tensors, answer
from adapters.mutants.catalogue import Entry
from adapters.mutants.parts import PARTS
from adapters.mutants.slips import find
from adapters.oracle import InvalidCall
from adapters.oracle.exactness import cast
from cases.loading.claims import meets
from cases.model import rules
from cases.model.case import OUTPUTS, Broken, Case

Arrays = dict[str, npt.NDArray[Any]]


class Mutant:
    """One wrong implementation of one operator; of all others it is the definition."""

    modes = ("eager",)

    def __init__(self, entry: Entry, operator: str) -> None:
        self.entry = entry
        self.operator = operator
        self._memory: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """The operator and the slip, as targets may be called: ``OPERATOR__SLIP``."""
        return f"{self.operator}__{self.entry.name.replace('-', '_')}"

    def devices(self) -> tuple[str, ...]:
        """Only the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """NumPy's version."""
        return {"numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Nothing is left to choose."""
        return {"slip": self.entry.about}

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        """The outputs of a case, wrong where the slip shows.

        Raises:
            InvalidCall: if the case breaks a rule, and this is not the one that the mutant forgets.
            RuntimeError: if the mutant refuses the case, or its slip leaves it without an answer.
        """
        if wrong := rules.broken(case, inputs.get("indices")):
            return self._accepted(case, inputs, wrong)
        with np.errstate(all="ignore"):  # infinities and NaN are what some cases are about
            return self._answered(case, inputs)

    def _answered(self, case: Case, inputs: Arrays) -> Arrays:
        floats = {name: a.astype(np.int64 if name == "indices" else np.float64) for name, a in inputs.items()}
        call = Call(case=case, inputs=floats, right=answer(case, floats), memory=self._memory)
        if self.entry.accepts is not None or not self._shows(case):
            return _cast(case, call.right)
        if self.entry.refuses:
            raise RuntimeError(self.entry.refuses)
        return self._slipped(call, inputs)

    def may_show(self, case: Case) -> bool:
        """Whether the slip can make a difference to a case; a pipeline is asked in any case."""
        if case.steps:
            return True
        if (case.invalid is not None) != (self.entry.accepts is not None):
            return False  # the mutant refuses wrong calls as it should, or forgets a rule that no valid call breaks
        return self._shows(case)

    def _shows(self, case: Case) -> bool:
        if case.operator != self.operator:
            return False
        return self.entry.only is None or meets(case, self.entry.only) is True

    def _accepted(self, case: Case, inputs: Arrays, wrong: Broken) -> Arrays:
        """Zeros for a call that breaks the rule that the mutant forgets."""
        forgets = self.entry.accepts is not None and self.entry.accepts.covers(wrong)
        if not forgets or not self._shows(case):
            msg = f"{wrong.rule}: {wrong.reason}"
            raise InvalidCall(msg)
        return {name: np.zeros_like(inputs["value"]) for name in OUTPUTS[case.operator]}

    def _slipped(self, call: Call, inputs: Arrays) -> Arrays:
        name = self.entry.slip or ""
        slip = partial(find.find(name), call, **self.entry.arguments)
        if find.is_of_results(name):
            arrays: Arrays = slip(inputs, _cast(call.case, call.right))
            return arrays
        try:
            return _cast(call.case, self._mixed(call, slip()))
        except NotSupported as error:  # the definition's own, of a call that nobody made
            raise RuntimeError(str(error)) from None

    def _mixed(self, call: Call, wrong: Tensors) -> Tensors:
        """What the slip made of the outputs that it concerns, in the part that it concerns; all else is right."""
        named = self.entry.outputs or tuple(call.right)
        mixed = {name: _in_part(call.right[name], a, self.entry.part) for name, a in wrong.items() if name in named}
        return call.right | mixed


def _in_part(right: npt.NDArray[Any], wrong: npt.NDArray[Any], part: str | None) -> npt.NDArray[Any]:
    if part is None or wrong is right or right.shape != wrong.shape:  # a slip hands on what it leaves alone
        return wrong
    mixed = right.copy()
    at = PARTS[part](right.ndim)
    mixed[at] = wrong[at]
    return mixed


def _cast(case: Case, outputs: Tensors) -> Arrays:
    return {name: cast(case, name, array) for name, array in outputs.items()}
