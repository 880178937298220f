"""A case as many wrong implementations are asked it: the definition's answer and each slip's are computed once.

Mutants with one slip differ in the calls, the outputs or the part that the slip changes, so they share its answer.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.mutants.call import Call, Tensors, answer
from adapters.mutants.slips import find
from adapters.oracle.exactness import cast
from cases.loading.claims import meets
from cases.model import rules
from cases.model.case import Broken, Case

Arrays = dict[str, npt.NDArray[Any]]


class Shared:
    """A case, its inputs, and everything that mutants compute of these alone.

    If ``read_only``, nothing here can be written to. So no mutant changes the arrays that the next one sees.
    """

    def __init__(self, case: Case, inputs: Arrays, *, read_only: bool = True) -> None:
        self.case = case
        self._read_only = read_only
        self.inputs = self._kept(inputs)
        self._met: dict[str, bool | None] = {}
        self._answers: dict[str, Tensors] = {}

    @functools.cached_property
    def broken(self) -> Broken | None:
        """Return the rule that the case breaks, if it breaks one."""
        return rules.broken(self.case, self.inputs.get("indices"))

    @functools.cached_property
    def call(self) -> Call:
        """Return the call with the definition's answer, in float64. Only for a case that breaks no rule.

        Raises:
            NotSupported: if the call has no canonical answer.
        """
        dtypes = {name: np.int64 if name == "indices" else np.float64 for name in self.inputs}
        floats: Tensors = self._kept({name: a.astype(dtypes[name]) for name, a in self.inputs.items()})
        return Call(case=self.case, inputs=floats, right=self._kept(answer(self.case, floats)))

    @functools.cached_property
    def right(self) -> Arrays:
        """Return the definition's answer in the case's dtype.

        Raises:
            NotSupported: if the call has no canonical answer.
        """
        return self._kept({name: cast(self.case, name, array) for name, array in self.call.right.items()})

    def cast(self, outputs: Tensors) -> Arrays:
        """Round outputs to the case's dtype. An array of the right answer gives the very array of ``right``."""
        same = {name for name, array in outputs.items() if array is self.call.right.get(name)}
        return {
            name: self.right[name] if name in same else cast(self.case, name, array) for name, array in outputs.items()
        }

    def slipped(self, slip: str, arguments: dict[str, Any]) -> Tensors:
        """Return the answer of a slip that keeps nothing between calls, in float64.

        Raises:
            Exception: whatever the slip raises.
        """
        key = f"{slip} {arguments!r}"
        if key not in self._answers:
            self._answers[key] = self._kept(find.find(slip)(self.call, **arguments))
        return self._answers[key]

    def meets(self, condition: str) -> bool:
        """Tell whether a condition is true of the case."""
        if condition not in self._met:
            self._met[condition] = meets(self.case, condition)
        return self._met[condition] is True

    def _kept(self, arrays: Arrays) -> Arrays:
        for array in arrays.values() if self._read_only else ():
            array.flags.writeable = False
        return arrays
