"""``--against OLD``: what changed since an older run, said at the end of a run and written beside its reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reports.comparing import page
from reports.comparing.groups import counts, grouped
from reports.comparing.options import comparison, kinds
from reports.recording.options import UsageError
from reports.recording.run import Run, RunError, read

PAGE: Final = "comparison.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """The older run, and the kinds of change that fail the new one."""

    old: Run
    fail_on: frozenset[str]

    def said(self, new: Run, folder: Path) -> tuple[list[str], bool]:
        """Write the comparison's page into a folder. Return the lines about it, and whether it fails the run.

        Raises:
            OSError: if the page can't be written.
        """
        try:
            found = comparison(new, self.old)
        except RunError as error:  # it compares nothing, which must not look like no change
            return [str(error)], True
        groups = grouped(found)
        (folder / PAGE).write_text(page.markdown(found, groups), encoding="utf-8")
        failing = bool(self.fail_on & counts(groups).keys())
        return [*page.told(groups), f"each of them: {folder / PAGE}", page.total(found, groups)], failing


def against(path: str | None, fail_on: str | None, report: Path) -> Against | None:
    """Return the older run that the command line names; None if it names none.

    Raises:
        UsageError: if there is no such run, it was cut short, it is the one that is about to be written, or kinds of
            change are named without a run.
    """
    named = kinds(fail_on)
    if path is None:
        if fail_on is None:
            return None
        msg = "--fail-on says which changes fail a run: give the older run too, --against OLD"
        raise UsageError(msg)
    try:
        old = read(Path(path))
    except RunError as error:
        msg = f"--against: {error}"
        raise UsageError(msg) from None
    if old.footer is None:
        msg = f"--against {path}: the run was cut short; finish it with pytest cases --resume"
        raise UsageError(msg)
    if Path(path).resolve() == (report / "run.jsonl").resolve():
        msg = f"--against {path}: this run writes over it; give another --report, or copy the old run"
        raise UsageError(msg)
    return Against(old=old, fail_on=frozenset(named))
