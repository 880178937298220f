"""An adapter asked in this process: all that a worker does, without a process of its own.

Only for adapters that use NumPy alone, whose calls neither crash nor hang. A framework would stay in the parent's
process until its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.base import Adapter
from adapters.engine import restarting
from adapters.outcome import Outcome
from adapters.wire import Array, unpack
from adapters.worker import serve
from cases.model.case import Case


def ask(adapter: Adapter, question: dict[str, Any]) -> Outcome | str:
    """Return the adapter's outcome for a case, or a text if the adapter failed before it asked any framework.

    ``question`` is made of the case by ``cases.model.case.question``. The adapter's ``configure`` has been called.
    """
    return restarting.read(unpack(serve.answer(adapter, question, _Nobody())))


def ask_prepared(adapter: Adapter, case: Case, inputs: dict[str, Array]) -> Outcome | str:
    """Return the adapter's outcome for a case whose inputs are made already, as ``ask`` does.

    Nothing is packed, so the arrays are the very objects that the adapter returned.
    """
    return restarting.read(serve.reply(adapter, lambda: (case, inputs), channel=None))


class _Nobody:
    """A channel to no parent, in place of the pipe."""

    def send(self, item: object, /) -> None:
        """Drop the item: nobody waits for it."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over nothing: nobody sends anything."""
        return iter(())
