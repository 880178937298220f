"""What a user calls an adapter, and what starting it takes."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from adapters import ADAPTERS, ENTRY_POINTS


class UnknownAdapterError(ValueError):
    """No adapter has this name; the message names those that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to start an adapter: what the user calls it, where it is, and in which interpreter (None: this one).

    ``path`` holds folders that the worker looks in for modules before any other.
    """

    name: str
    locator: str
    python: str | None = None
    path: tuple[str, ...] = ()


def known() -> dict[str, str]:
    """Name -> locator of every adapter that has a name: ours, and those of installed distributions."""
    installed = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    return installed | ADAPTERS


def resolve(name: str, python: str | None = None) -> Launch:
    """The launch for an adapter's name or for ``module:Class``, which is looked for in the current folder too.

    Raises:
        UnknownAdapterError: if ``name`` is neither.
    """
    if re.fullmatch(r"\w+(\.\w+)*:\w+", name):
        return Launch(name=name, locator=name, python=python, path=(str(Path.cwd()),))
    names = known()
    if name in names:
        return Launch(name=name, locator=names[name], python=python)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    msg = f"there is no adapter {name!r}{hint} known are {', '.join(sorted(names))}, or give module:Class"
    raise UnknownAdapterError(msg)
