"""The slips by the names that the catalogue uses: ``module.function``."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, Final

_RESULTS: Final = "results"
_MODULES: Final = (
    "arguments",
    "biases",
    "gradients",
    "indices",
    "paths",
    "pooling",
    "rectifying",
    _RESULTS,
    "sums",
    "tensors",
    "unpooling",
)


@functools.cache
def find(name: str) -> Callable[..., Any]:
    """Return the function of a slip.

    Raises:
        ValueError: if there is no such slip.
    """
    module, _, function = name.partition(".")
    public = module in _MODULES and not function.startswith("_")
    found = getattr(importlib.import_module(f"adapters.mutants.slips.{module}"), function, None) if public else None
    if not inspect.isfunction(found):
        msg = f"no slip is called {name!r}; it is a function of adapters.mutants.slips: MODULE.FUNCTION"
        raise ValueError(msg)
    return found


def is_of_results(name: str) -> bool:
    """Tell whether a slip works on the returned arrays in their dtypes and on the inputs as given."""
    return name.startswith(f"{_RESULTS}.")


def check(name: str, arguments: dict[str, Any]) -> None:
    """Check that a slip takes these arguments.

    Raises:
        ValueError: if there is no such slip, or it doesn't take them.
    """
    function = find(name)
    own = [None] * (3 if is_of_results(name) else 1)
    try:
        inspect.signature(function).bind(*own, **arguments)
    except TypeError as error:
        msg = f"{name}: {error}"
        raise ValueError(msg) from None
