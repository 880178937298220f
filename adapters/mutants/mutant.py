"""A mutant as an adapter: the definition's answer, except for the calls that its slip changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.mutants.call import Tensors
from adapters.mutants.catalogue import Entry
from adapters.mutants.parts import PARTS
from adapters.mutants.shared import Shared
from adapters.mutants.slips import find
from adapters.oracle import InvalidCall
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
        outputs = self.answer(Shared(case, inputs), inputs)
        return {name: array if array.flags.writeable else array.copy() for name, array in outputs.items()}

    def answer(self, shared: Shared, inputs: Arrays) -> Arrays:
        """Answer a shared case as ``run`` does. Only ``inputs``, which are the case's, can be changed or returned."""
        if shared.broken:
            return self._accepted(shared, shared.broken)
        with np.errstate(all="ignore"):  # some cases test infinities and NaN
            return self._answered(shared, inputs)

    def _answered(self, shared: Shared, inputs: Arrays) -> Arrays:
        _ = shared.call  # a call without a canonical answer is refused, even by a mutant that refuses valid calls
        if self.entry.accepts is not None or not self._shows(shared.case, shared.meets):
            return dict(shared.right)
        if self.entry.refuses:
            raise RuntimeError(self.entry.refuses)
        return self._slipped(shared, inputs)

    @property
    def writes(self) -> bool:
        """Tell whether the mutant may change its inputs or return their memory."""
        return find.is_of_results(self.entry.slip or "")

    def may_show(self, case: Case, meets: Callable[[str], bool] | None = None) -> bool:
        """Tell whether the slip can change the answer to a case; for a pipeline the answer is always yes.

        ``meets`` tells whether the case meets a condition, if that is known already.
        """
        if case.steps:
            return True
        if (case.invalid is not None) != (self.entry.accepts is not None):
            return False  # the mutant rightly refuses wrong calls, or it forgets a rule that no valid call breaks
        return self._shows(case, meets or Shared(case, {}).meets)

    def _shows(self, case: Case, meets: Callable[[str], bool]) -> bool:
        if case.operator != self.operator:
            return False
        return self.entry.only is None or meets(self.entry.only)

    def _accepted(self, shared: Shared, wrong: Broken) -> Arrays:
        """Answer with zeros a call that breaks the rule that the mutant forgets."""
        forgets = self.entry.accepts is not None and self.entry.accepts.covers(wrong)
        if not forgets or not self._shows(shared.case, shared.meets):
            msg = f"{wrong.rule}: {wrong.reason}"
            raise InvalidCall(msg)
        return {name: np.zeros_like(shared.inputs["value"]) for name in OUTPUTS[shared.case.operator]}

    def _slipped(self, shared: Shared, inputs: Arrays) -> Arrays:
        if self.writes:
            call = replace(shared.call, memory=self._memory)
            arrays: Arrays = self._slip(call, inputs, dict(shared.right))
            return arrays
        entry = self.entry
        slip = f"{entry.slip} {entry.arguments}"
        try:
            wrong = shared.once(slip, partial(self._slip, shared.call))
            return shared.once(f"{slip} {entry.outputs} {entry.part}", lambda: self._rounded(shared, wrong))
        except NotSupported as error:  # from the definition, about the changed call
            raise RuntimeError(str(error)) from None

    def _slip(self, *of: Any) -> Any:
        return find.find(self.entry.slip or "")(*of, **self.entry.arguments)

    def _rounded(self, shared: Shared, wrong: Tensors) -> Arrays:
        return shared.cast(self._mixed(shared.call.right, wrong))

    def _mixed(self, right: Tensors, wrong: Tensors) -> Tensors:
        """Return the right answer with the slip's arrays in it: only its outputs, and only its part of each."""
        named = self.entry.outputs or tuple(right)
        mixed = {name: _in_part(right[name], a, self.entry.part) for name, a in wrong.items() if name in named}
        return right | mixed


def _in_part(right: npt.NDArray[Any], wrong: npt.NDArray[Any], part: str | None) -> npt.NDArray[Any]:
    if part is None or wrong is right or right.shape != wrong.shape:  # an array that the slip left alone is the same
        return wrong
    mixed = right.copy()
    at = PARTS[part](right.shape)
    mixed[at] = wrong[at]
    return mixed
