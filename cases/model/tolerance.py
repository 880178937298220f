"""How far a result may be off: the one place where that is said.

**exact**: the data are integers small enough that every product and every sum is exact in every precision that holds
them, so every correct implementation returns the same bits. Nothing is tolerated.

**bounded**: the data are near-normal and sums round. Let b be the same operator's result on absolute inputs, K the
products that an element sums, u the unit roundoff of the accumulating type. Whatever the order of summation, the
error of an element is at most (K + 1) u b (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, to
first order), and the result's own rounding adds u times the result. An element that is one product is rounded once,
by u times the result: whoever cuts digits off instead of rounding shows there. An element beyond that **fails**. One
beyond 8 sqrt(K) u b, which random rounding errors hardly reach, is **noted**. An implementation may accumulate in the
case's own dtype, so its u decides; whether a result would also keep within a wider type's u is reported, not asked.

**special**: NaN, infinities, zeros with a sign, subnormals and the largest number stand among small integers, so that
results are exact where they are numbers at all. Nothing is tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cases.model.case import Tier
from cases.model.dtypes import UNIT_ROUNDOFF

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What one case tolerates: its tier, the ``products`` that an element sums, the dtypes of sum and result.

    ``dtype`` is the one that accumulates; ``result`` is the same where it is not given.
    """

    tier: Tier
    products: int
    dtype: str
    result: str = ""

    def fails_beyond(self, magnitude: Array, expected: Array) -> Array:
        """The largest error that rounding can explain, element by element; 0 unless the tier is bounded."""
        if self.tier != "bounded":
            return np.zeros(np.shape(expected))
        result = self.result or self.dtype
        rounding = UNIT_ROUNDOFF[result] * np.abs(expected)
        if self.products == 1 and result == self.dtype:
            return np.asarray(rounding)
        return np.asarray((self.products + 1) * UNIT_ROUNDOFF[self.dtype] * magnitude + rounding)

    def noted_beyond(self, magnitude: Array) -> Array:
        """The error that random rounding hardly reaches, element by element; 0 unless the tier is bounded."""
        if self.tier != "bounded":
            return np.zeros(np.shape(magnitude))
        return np.asarray(8 * np.sqrt(self.products) * UNIT_ROUNDOFF[self.dtype] * magnitude)
