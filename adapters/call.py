"""The arguments of a call as text: what follows from the case, unless the case gives an argument as it is to stand."""

from __future__ import annotations

from adapters.base import NotSupported
from cases.model.case import Case


def said(case: Case, name: str, text: str) -> str:
    """The text of the argument called ``name`` here: what the case gives for it, else ``text``."""
    return repr(case.given[name]) if name in case.given else text


def option(case: Case, name: str, word: str, text: str | None) -> str:
    """An optional argument with the comma before it, called ``word`` there; empty where neither says it."""
    if text is None and name not in case.given:
        return ""
    return f", {word}={said(case, name, text or '')}"


def refuse_given(case: Case, *names: str) -> None:
    """Refuse a call in which a wrong argument is given that this one does not have.

    Raises:
        NotSupported: if one of ``names`` is given.
    """
    for name in names:
        if name in case.given:
            msg = f"there is no argument for {name} here, so a wrong one can't be said"
            raise NotSupported(msg)
