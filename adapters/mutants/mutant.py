"""A mutant as an adapter: the definition's answer, except for the calls that its slip changes."""

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
    """A wrong implementation of one operator; for all other operators it is the definition."""

    modes = ("eager",)

    def __init__(self, entry: Entry, operator: str) -> None:
        self.entry = entry
        self.operator = operator
        self._memory: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """Return the name of the target: ``OPERATOR__SLIP``."""
        return f"{self.operator}__{self.entry.name.replace('-', '_')}"

    def devices(self) -> tuple[str, ...]:
        """Return the only device, the processor."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return the version of NumPy."""
        return {"numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Return the slip in words; there is nothing to configure."""
        return {"slip": self.entry.about}

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        """Answer a case, wrongly if the slip changes it.

        Raises:
            InvalidCall: if the case breaks a rule that the mutant doesn't forget.
            RuntimeError: if the mutant refuses the case, or its slip leaves it without an answer.
        """
        if wrong := rules.broken(case, inputs.get("indices")):
            return self._accepted(case, inputs, wrong)
        with np.errstate(all="ignore"):  # some cases test infinities and NaN
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
        """Tell whether the slip can change the answer to a case; for a pipeline the answer is always yes."""
        if case.steps:
            return True
        if (case.invalid is not None) != (self.entry.accepts is not None):
            return False  # the mutant rightly refuses wrong calls, or it forgets a rule that no valid call breaks
        return self._shows(case)

    def _shows(self, case: Case) -> bool:
        if case.operator != self.operator:
            return False
        return self.entry.only is None or meets(case, self.entry.only) is True

    def _accepted(self, case: Case, inputs: Arrays, wrong: Broken) -> Arrays:
        """Answer with zeros a call that breaks the rule that the mutant forgets."""
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
        except NotSupported as error:  # from the definition, about the changed call
            raise RuntimeError(str(error)) from None

    def _mixed(self, call: Call, wrong: Tensors) -> Tensors:
        """Return the right answer with the slip's arrays in it: only its outputs, and only its part of each."""
        named = self.entry.outputs or tuple(call.right)
        mixed = {name: _in_part(call.right[name], a, self.entry.part) for name, a in wrong.items() if name in named}
        return call.right | mixed


def _in_part(right: npt.NDArray[Any], wrong: npt.NDArray[Any], part: str | None) -> npt.NDArray[Any]:
    if part is None or wrong is right or right.shape != wrong.shape:  # an array that the slip left alone is the same
        return wrong
    mixed = right.copy()
    at = PARTS[part](right.ndim)
    mixed[at] = wrong[at]
    return mixed


def _cast(case: Case, outputs: Tensors) -> Arrays:
    return {name: cast(case, name, array) for name, array in outputs.items()}
