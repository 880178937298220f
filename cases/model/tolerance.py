"""The error that a result may have. Tolerances are defined here and nowhere else.

**exact**: the data are small integers. Every product and every sum is exact in every precision that holds them, so
every correct implementation returns the same bits. No error is tolerated.

**bounded**: the data are nearly normal, and sums round. Let b be the same operator's result on absolute inputs, K the
number of products that an element sums, and u the unit roundoff of the accumulating type. For every order of summation,
the error of an element is at most (K + 1) u b (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, to
first order), and the result's own rounding adds u times the result. An element that is a single product is rounded
once, by u times the result. This shows an implementation that cuts digits off instead of rounding. An element with a
larger error **fails**. An element with an error beyond 8 sqrt(K) u b, which random rounding errors hardly reach, is
**noted**. An implementation may accumulate in the case's own dtype, so the u of that dtype decides. Reports also tell
whether a result would keep within the bound of a wider type, but no result has to.

**special**: NaN, infinities, zeros with a sign, subnormals and the largest number are among small integers. Results
that are numbers are exact. No error is tolerated.
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
    """The tolerance of one case: its tier, the number of ``products`` that an element sums, and two dtypes.

    ``dtype`` is the dtype that accumulates. ``result`` is the dtype of the result; if empty, it is ``dtype``.
    """

    tier: Tier
    products: int
    dtype: str
    result: str = ""

    def fails_beyond(self, magnitude: Array, expected: Array) -> Array:
        """Return the largest error that rounding can explain, element by element; 0 unless the tier is bounded."""
        if self.tier != "bounded":
            return np.zeros(np.shape(expected))
        result = self.result or self.dtype
        rounding = UNIT_ROUNDOFF[result] * np.abs(expected)
        if self.products == 1 and result == self.dtype:
            return np.asarray(rounding)
        return np.asarray((self.products + 1) * UNIT_ROUNDOFF[self.dtype] * magnitude + rounding)

    def noted_beyond(self, magnitude: Array) -> Array:
        """Return the error that random rounding hardly reaches, element by element; 0 unless the tier is bounded."""
        if self.tier != "bounded":
            return np.zeros(np.shape(magnitude))
        return np.asarray(8 * np.sqrt(self.products) * UNIT_ROUNDOFF[self.dtype] * magnitude)
