"""Case files as pytest collects them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from reports.plugin.items import SESSION, CaseItem
from reports.plugin.named import NAMED


class CaseFile(pytest.File):
    """A YAML file of cases."""

    def collect(self) -> Iterator[CaseItem | Faults]:
        """Yield one item for each case on each target that can be judged on it, of those that were asked for.

        The file's faults are a node of their own, so that they fail nothing else.
        """
        named = self.config.stash[NAMED]
        contents = named.take(self.config.stash[SESSION], self.path)
        for name, case, target in contents.items():
            if named.wants(self.path, name):
                # The whole id: pytest takes a bare name to have no parameter, and --lf then does not find the item.
                yield CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}", asks=(case, target))
        if contents.faults:
            yield Faults.from_parent(self, name="faults", nodeid=self.nodeid, lines=contents.faults)


class Faults(pytest.Collector):
    """The faults of a case file: an error of collection, beside the items of the cases that have none.

    Its id is the file's, so that --lf collects the file again.
    """

    def __init__(self, *, lines: Sequence[str], **rest: Any) -> None:
        super().__init__(**rest)
        self._lines = lines

    def collect(self) -> list[pytest.Item]:
        """Tell the faults.

        Raises:
            CollectError: always; one line a fault.
        """
        raise self.CollectError("\n".join(self._lines))
