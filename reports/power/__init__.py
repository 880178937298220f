"""How much the cases notice: wrong implementations are asked every case, and each has to be found out."""

from typing import Final

ALL: Final = "*"
PAGE: Final = "test_power.md"
