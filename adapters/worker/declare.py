"""What an adapter says of itself: its modes first, then its name, devices and versions, which take its framework.

Every type is checked here, in the worker, so that the author of a plug-in is told what to do.
"""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from adapters.base import Adapter
from cases.model import dtypes
from cases.model.case import DATA_FORMATS, OPERATORS, PIPELINE


def declare(adapter: Adapter) -> dict[str, Any]:
    """Return an adapter's modes and their options, as builtin types. No method of it is called.

    Raises:
        TypeError: if the adapter has no ``configure``, or neither ``call`` nor ``run``, or its modes or options have
            the wrong type.
        AttributeError: if it has no ``modes``.
    """
    makes_calls = "call" if hasattr(adapter, "call") else "run"
    for method in ("configure", makes_calls):
        if not callable(getattr(adapter, method, None)):
            msg = f"{type(adapter).__name__} has no method `{method}`"
            raise TypeError(msg)
    modes = words("modes", adapter.modes)
    return {"modes": modes, "options": _options(modes, getattr(adapter, "mode_options", {}))}


def offer(adapter: Adapter, options: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return all else that the parent must know about an adapter, as builtin types.

    Raises:
        TypeError: if a part has the wrong type.
        AttributeError: if a part is missing.
        ImportError: if its framework is not installed.
    """
    devices = words("devices()", adapter.devices())
    _check_limits(options, {**_LIMITS, "devices": tuple(dict.fromkeys((*devices, *_DEVICES)))})
    return {
        "name": word("name", adapter.name),
        "devices": devices,
        "versions": texts("versions()", adapter.versions()),
        "python": platform.python_version(),
        "processor": _instructions(),
        "pid": os.getpid(),
    }


def _instructions() -> str:
    """Return NumPy's names of the instruction sets that this processor has, of those that NumPy has code for."""
    found: Any = np.show_config(mode="dicts")
    sets = found.get("SIMD Extensions", {})
    return " ".join([*sets.get("baseline", ()), *sets.get("found", ())])


def word(what: str, value: object) -> str:
    """Return ``value`` if it is a word; ``what`` names it in the error.

    Raises:
        TypeError: if it is not a word.
    """
    if isinstance(value, str) and re.fullmatch(r"\w+", value, re.ASCII):
        return value
    msg = f"{what} is {value!r}; it must be a word of letters, digits and underscores"
    raise TypeError(msg)


def words(what: str, value: object) -> list[str]:
    """Return the entries of ``value`` if it is a tuple of words; ``what`` names it in the error.

    Raises:
        TypeError: if it is not a tuple of words.
    """
    if isinstance(value, tuple) and value:
        return [word(f"an entry of {what}", entry) for entry in value]
    msg = f"{what} is {value!r}; it must be a tuple of one or more words"
    raise TypeError(msg)


def texts(what: str, value: object) -> dict[str, str]:
    """Return ``value`` if it is a dict of strings; ``what`` is the method that returned it.

    Raises:
        TypeError: if it is not a dict of strings.
    """
    if _holds_texts(value):
        return value  # type: ignore[return-value]
    msg = f"{what} returned {value!r}; it must return a dict of strings"
    raise TypeError(msg)


def _options(modes: list[str], value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        msg = f"mode_options is {value!r}; it must be a dict from a mode's name to a dict of its options"
        raise TypeError(msg)
    for mode in value:
        if mode not in modes:
            msg = f"mode_options has {mode!r}, which is not one of the modes: {', '.join(modes)}"
            raise TypeError(msg)
    return {mode: _mode(f"mode_options[{mode!r}]", options) for mode, options in value.items()}


def _mode(what: str, options: object) -> dict[str, Any]:
    if not isinstance(options, dict):
        msg = f"{what} is {options!r}; it must be a dict with any of: {', '.join(_CHECKS)}"
        raise TypeError(msg)
    for key, value in options.items():
        if key not in _CHECKS:
            msg = f"{what} has {key!r}, which is not one of: {', '.join(_CHECKS)}"
            raise TypeError(msg)
        fits, wanted = _CHECKS[key]
        if not fits(value):
            msg = f"{what}[{key!r}] is {value!r}; it must be {wanted}"
            raise TypeError(msg)
    return options


def _check_limits(options: dict[str, dict[str, Any]], there_are: dict[str, tuple[object, ...]]) -> None:
    """Refuse a limit to something that no case or device has: it would silently leave a mode with nothing to do."""
    for mode, limits in options.items():
        for key, known in there_are.items():
            for value in limits.get(key, ()):
                if value not in known:
                    msg = f"mode_options[{mode!r}][{key!r}] has {value!r}, which is not one of: {_listed(known)}"
                    raise TypeError(msg)


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values))


def _holds_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for item in value.items() for text in item)


def _are_variables(value: object) -> bool:
    """Tell whether a process can be given these variables.

    An empty name, ``=`` in a name or a NUL would end in an OSError.
    """
    return _holds_texts(value) and all(
        name and "=" not in name and "\0" not in name + text
        for name, text in value.items()  # type: ignore[attr-defined]
    )


def _are_words(value: object) -> bool:
    is_tuple = isinstance(value, tuple) and bool(value)
    return is_tuple and all(isinstance(entry, str) and re.fullmatch(r"\w+", entry, re.ASCII) for entry in value)  # type: ignore[attr-defined]


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _are_counts(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(map(_is_count, value))


def _is_cost(value: object) -> bool:
    return type(value) in {int, float} and 0 < value < math.inf  # type: ignore[operator]


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_line(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value


_DEVICES: Final = ("cpu", "cuda")
_LIMITS: Final[dict[str, tuple[object, ...]]] = {
    "dtypes": dtypes.FLOATS + dtypes.INTEGERS,
    "operators": (*OPERATORS, PIPELINE),
    "spatial_axes": tuple(DATA_FORMATS),
}
"""The values that a mode can be limited to, besides devices: the values that cases can have."""
_CHECKS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "environment": (_are_variables, "a dict of strings, with no `=` in a name"),
    "devices": (_are_words, "a tuple of one or more words"),
    "dtypes": (_are_words, "a tuple of one or more words"),
    "operators": (_are_words, "a tuple of one or more words"),
    "spatial_axes": (_are_counts, "a tuple of one or more whole numbers of at least 1"),
    "one_in": (_is_count, "a whole number of at least 1"),
    "cost": (_is_cost, "a finite number above 0"),
    "by_name": (_is_flag, "True or False"),
    "sizes_only": (_is_flag, "True or False"),
    "whole": (_is_flag, "True or False"),
    "missing": (_is_line, "a line that says why, and what to do"),
}
