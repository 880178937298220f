"""An adapter asked in this very process: all of a worker's own doing, without the process around it.

For NumPy alone, whose calls neither crash nor hang: a framework would be in the parent's process for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.base import Adapter
from adapters.engine import target_queue
from adapters.outcome import Outcome
from adapters.wire import unpack
from adapters.worker import serve


def ask(adapter: Adapter, question: dict[str, Any]) -> Outcome | str:
    """What the adapter does with a case; a text if it is at fault before any framework was asked.

    ``question`` is what ``cases.case.question`` makes of the case. ``configure`` has been called.
    """
    return target_queue.read(unpack(serve.answer(adapter, question, _Nobody())))


class _Nobody:
    """Stands for the pipe to the parent."""

    def send(self, item: object, /) -> None:
        """Nobody has to know what is being called."""

    def __iter__(self) -> Iterator[Any]:
        """Nobody asks anything."""
        return iter(())
