"""The power of the cases: wrong implementations are asked every case, and some case must notice each of them."""

from typing import Final

ALL: Final = "*"
PAGE: Final = "test_power.md"
