"""Wrong implementations: the definition with one slip each, to find out which cases notice it.

``catalogue/`` says what there is, in YAML: each mutant is a slip of this package with its arguments, and where it
shows. Each is an adapter like any other: ``pytest cases --adapter adapters.mutants:conv_transpose__filter_not_turned``.
"""

from __future__ import annotations

from typing import Any

from adapters.mutants.catalogue import entries
from adapters.mutants.mutant import Mutant


def __getattr__(name: str) -> Any:
    """The adapter of one mutant, by its name with underscores: ``OPERATOR__SLIP``."""
    operator, _, slip = name.partition("__")
    for entry in entries() if slip else ():
        if entry.name == slip.replace("_", "-") and operator in entry.of:
            return lambda: Mutant(entry, operator)
    msg = f"there is no mutant {name!r}; python -m reports power --list names them"
    raise AttributeError(msg)
