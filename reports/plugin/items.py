"""pytest's item of one case on one target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.base import Target
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.judging.judge import judge
from reports.judging.verdict import Verdict
from reports.pages import failure
from reports.recording.lines import UnwritableError
from reports.recording.run import Run
from reports.recording.session import LostError, Session

SESSION = pytest.StashKey[Session]()
ACCEPTED = pytest.StashKey[Accepted]()
_TOLD = pytest.StashKey[set[tuple[Target, str]]]()


class DifferenceError(Exception):
    """A new difference, or a known one that is gone: the message is the whole failure."""


class CaseItem(pytest.Item):
    """One case on one target. Waiting for the answer is set-up: what goes wrong there is ours, and an error."""

    def __init__(self, *, asks: tuple[Case, Target], **rest: Any) -> None:
        super().__init__(**rest)
        self.case, self.target = asks

    def setup(self) -> None:
        """Wait for the answer, and for something to hold it against; an error in one line if one never came."""
        try:
            self.session_of_run.answer(self.case, str(self.target))
            verdict = self.verdict
        except LostError as error:
            lost = str(error)
        except UnwritableError as error:  # no later answer could be kept
            pytest.exit(str(error), returncode=pytest.ExitCode.INTERRUPTED)
        else:
            lost = f"{self.case.id}: {verdict.reason}" if verdict.follows == "error" else ""
        if lost:
            pytest.fail(self._once(lost), pytrace=False)

    def _once(self, message: str) -> str:
        """Return the message about an answer that is lacking: in full for the first of several that begin alike."""
        first, _, rest = message.partition("\n")
        told = self.config.stash.setdefault(_TOLD, set())
        is_new = (self.target, first) not in told
        told.add((self.target, first))
        return message if is_new or not rest else f"{first}\n(as above)"

    def runtest(self) -> None:
        """Pass, skip, expect to fail or fail, as the verdict says."""
        verdict = self.verdict
        match verdict.follows:
            case "skip":
                pytest.skip(verdict.reason)
            case "known":
                link = f" ({verdict.fact.link})" if verdict.fact else f": {verdict.summary}"
                pytest.xfail(f"{verdict.accepted}{link}")
            case "new" | "changed" | "vanished":
                raise DifferenceError(failure.explain(self.run_of_session, self.case, str(self.target), verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the message alone: a traceback through this suite tells nobody anything."""
        if isinstance(excinfo.value, (DifferenceError, pytest.xfail.Exception)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the item comes from."""
        return self.path, None, self.nodeid

    @property
    def verdict(self) -> Verdict:
        """The verdict on the answer."""
        return judge(self.run_of_session, self.case, str(self.target))

    @property
    def session_of_run(self) -> Session:
        """The conformance run that this item is part of."""
        return self.config.stash[SESSION]

    @property
    def run_of_session(self) -> Run:
        """The recorded answers."""
        run = self.session_of_run.run
        assert run is not None  # noqa: S101 - set-up waited for it
        return run
