"""The names of adapters, and all that is needed to start one."""

from __future__ import annotations

import difflib
import importlib.util
import re
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path

from adapters import ADAPTERS, ENTRY_POINTS
from adapters.base import LABEL


class UnknownAdapterError(ValueError):
    """No adapter has this name; the message lists the names that exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that is needed to start an adapter.

    ``name`` is the name that the user gave, ``locator`` is ``module:Class``, and ``python`` is the path of an
    interpreter (None: this one). The worker searches the folders in ``path`` for modules before any others. ``label``
    tells the same adapter in several interpreters apart; it becomes a part of the adapter's name.
    """

    name: str
    locator: str
    python: str | None = None
    path: tuple[str, ...] = ()
    label: str = ""

    @property
    def package(self) -> Path | None:
        """The folder of the package that holds the adapter; None if a lone module holds it. Nothing is imported."""
        top = self.locator.partition(":")[0].partition(".")[0]
        spec = PathFinder.find_spec(top, list(self.path)) or importlib.util.find_spec(top)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return Path(folders[0]) if folders else None


def known() -> dict[str, str]:
    """Return the locator of every adapter that has a name, by name: ours and those of installed distributions."""
    installed = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    return installed | ADAPTERS


def labelled(name: str, label: str) -> str:
    """Return the name of an adapter in the interpreter of a label: ``jax@0.7``; the plain name for no label."""
    return f"{name}{LABEL}{label}" if label else name


def resolve(name: str, python: str | None = None, label: str = "") -> Launch:
    """Return the launch of an adapter by its name or by ``module:Class``.

    A ``module`` is searched in the current folder first.

    Raises:
        UnknownAdapterError: if ``name`` is neither a known name nor ``module:Class``.
    """
    if re.fullmatch(r"\w+(\.\w+)*:\w+", name):
        return Launch(name=labelled(name, label), locator=name, python=python, path=(str(Path.cwd()),), label=label)
    names = known()
    if name in names:
        return Launch(name=labelled(name, label), locator=names[name], python=python, label=label)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    msg = f"there is no adapter {name!r}{hint} known are {', '.join(sorted(names))}, or give module:Class"
    raise UnknownAdapterError(msg)
