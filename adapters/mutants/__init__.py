"""Wrong implementations: each is the definition with one slip. They show which cases notice the slip.

The YAML files in ``catalogue/`` list the mutants: for each a slip of this package, its arguments, and the calls that it
changes. Each mutant is an adapter like any other:
``pytest cases --adapter adapters.mutants:conv_transpose__filter_turned``.
"""

from __future__ import annotations

from typing import Any

from adapters.mutants.catalogue import entries
from adapters.mutants.mutant import Mutant


def __getattr__(name: str) -> Any:
    """Return the adapter of one mutant by its name with underscores: ``OPERATOR__SLIP``."""
    operator, _, slip = name.partition("__")
    for entry in entries() if slip else ():
        if entry.name == slip.replace("_", "-") and operator in entry.of:
            return lambda: Mutant(entry, operator)
    msg = f"there is no mutant {name!r}; python -m reports power --list names them"
    raise AttributeError(msg)
