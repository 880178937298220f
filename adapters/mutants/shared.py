"""A case as many wrong implementations are asked it: the definition's answer and each slip's are computed once.

Several mutants have one slip and change other calls by it, so they share its answer. The arrays made here are
read-only, so that no mutant changes what the next one sees.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.mutants.call import Call, Tensors, answer, frozen
from adapters.oracle.exactness import cast
from cases.loading.claims import meets
from cases.model import rules
from cases.model.case import Broken, Case

Arrays = dict[str, npt.NDArray[Any]]


class Shared:
    """A case, its inputs, and everything that mutants compute of these alone. The inputs stay as they are."""

    def __init__(self, case: Case, inputs: Arrays) -> None:
        self.case = case
        self.inputs = inputs
        self._met: dict[str, bool | None] = {}
        self._made: dict[str, Tensors] = {}

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
        floats: Tensors = frozen({name: a.astype(dtypes[name]) for name, a in self.inputs.items()})
        return Call(case=self.case, inputs=floats, right=frozen(answer(self.case, floats)))

    @functools.cached_property
    def right(self) -> Arrays:
        """Return the definition's answer in the case's dtype.

        Raises:
            NotSupported: if the call has no canonical answer.
        """
        return frozen({name: cast(self.case, name, array) for name, array in self.call.right.items()})

    def cast(self, outputs: Tensors) -> Arrays:
        """Round outputs to the case's dtype. An array of the right answer gives the very array of ``right``."""
        right = self.call.right
        return {
            name: self.right[name] if array is right.get(name) else cast(self.case, name, array)
            for name, array in outputs.items()
        }

    def once(self, key: str, make: Callable[[], Tensors]) -> Tensors:
        """Return what ``make`` returned when it was called with this key first.

        Raises:
            Exception: whatever ``make`` raises.
        """
        if key not in self._made:
            self._made[key] = frozen(make())
        return self._made[key]

    def meets(self, condition: str) -> bool:
        """Tell whether a condition is true of the case."""
        if condition not in self._met:
            self._met[condition] = meets(self.case, condition)
        return self._met[condition] is True
