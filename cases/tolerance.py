"""How far a result may be off: the one place where that is said.

**exact**: the data are integers small enough that every product and every sum is exact in every precision that holds
them, so every correct implementation returns the same bits. Nothing is tolerated.

**bounded**: the data are near-normal and sums round. Let b be the same operator's result on absolute inputs, K the
products that an element sums, u the unit roundoff of the accumulating type. Whatever the order of summation, the
error of an element is at most (K + 1) u b (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, to
first order), and the result's own rounding adds u times the result. An element beyond that **fails**. One beyond
8 sqrt(K) u b, which random rounding errors hardly reach, is **noted**.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases.case import Tier

UNIT_ROUNDOFF: Final = {"float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What one case tolerates: its tier, the ``products`` that an element sums, and the accumulating dtype."""

    tier: Tier
    products: int
    dtype: str

    def fails_beyond(self, magnitude: Array, expected: Array) -> Array:
        """The largest error that rounding can explain, element by element; 0 in the exact tier."""
        if self.tier == "exact":
            return np.zeros(np.shape(expected))
        unit = UNIT_ROUNDOFF[self.dtype]
        return np.asarray((self.products + 1) * unit * magnitude + unit * np.abs(expected))

    def noted_beyond(self, magnitude: Array) -> Array:
        """The error that random rounding hardly reaches, element by element; 0 in the exact tier."""
        if self.tier == "exact":
            return np.zeros(np.shape(magnitude))
        return np.asarray(8 * np.sqrt(self.products) * UNIT_ROUNDOFF[self.dtype] * magnitude)
