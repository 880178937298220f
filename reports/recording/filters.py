"""The real filters that a user gives to a run: they are read once and given to the cases that take them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from cases.loading import vgg_weights
from cases.model.case import Case
from reports.recording.options import Options, UsageError

ARCHIVE: Final = "weights-{}.npz"
"""The name of the filters' file in the run's folder, by their digest. A run keeps the filters that it was made with."""


class Weights:
    """The filters of the option ``--weights``, or none.

    ``facts`` is what the run's header says about the filters.

    Raises:
        UsageError: if the file can't be used.
    """

    def __init__(self, options: Options) -> None:
        self.facts: dict[str, str] = {}
        self._archive: Path | None = None
        if options.weights is not None:
            self._take(options.weights, options.report.resolve())

    def _take(self, path: Path, folder: Path) -> None:
        """Read the filters, and write them into the run's folder for the workers."""
        try:
            found = vgg_weights.read(path)
            digest = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
            self._archive = folder / ARCHIVE.format(digest)
            vgg_weights.write(found, self._archive)
        except (vgg_weights.WeightsError, OSError) as error:
            msg = f"--weights {error}"
            raise UsageError(msg) from None
        self.facts = {"file": path.name, "digest": digest}

    def given_to(self, cases: Sequence[Case]) -> list[Case]:
        """Return the cases, with these filters in each pipeline that they fit."""
        archive = self._archive
        if archive is None:
            return list(cases)
        return [vgg_weights.with_weights(case, archive) if case.steps else case for case in cases]

    def check(self, cases: Iterable[Case]) -> None:
        """Check that a case takes the filters.

        Raises:
            UsageError: if filters were given and no case takes them.
        """
        if self._archive and not any(spec.file for case in cases for spec in case.inputs.values()):
            msg = (
                f"--weights {self.facts['file']}: no selected case takes these; "
                "select cases of cases/pipelines/vgg.yaml, or leave out --weights"
            )
            raise UsageError(msg)
