"""A worker for ``adapters.check``, which also returns the inputs as an adapter left them."""

from __future__ import annotations

from typing import Any, Final

from adapters import worker
from adapters.base import Adapter
from adapters.wire import Array, Channel
from cases.case import Case

AFTER: Final = "after the call: "
"""Stands before the names of the inputs among the outputs."""


class Watched:
    """An adapter whose ``run`` returns its inputs too, whatever it did to them."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def run(self, case: Case, inputs: dict[str, Array]) -> Any:
        """The adapter's outputs and the inputs after the call; something else than a dict is returned as it is."""
        kept = {AFTER + name: array for name, array in inputs.items()}
        outputs: object = self._adapter.run(case, inputs)
        return {**outputs, **kept} if isinstance(outputs, dict) else outputs


def serve(channel: Channel, locator: str) -> None:
    """``adapters.worker``'s own ``serve``, with the adapter watched."""
    worker.serve(channel, locator, wrap=Watched)
