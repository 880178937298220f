"""The options of a comparison as texts of the command line, and the comparison that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reports.comparing.changes import KINDS, Comparison, compared
from reports.judging import behaviours
from reports.judging.judge import begin
from reports.recording.options import UsageError
from reports.recording.run import Run, RunError


def add_fail_on(add: Callable[..., Any]) -> None:
    """Add the option that names the kinds of change that fail, by a parser's method for adding one."""
    kinds_ = ", ".join(KINDS)
    add("--fail-on", metavar="KINDS", help=f"the changes that fail, of {kinds_}; default: all")


def kinds(words: str | None) -> set[str]:
    """Return the kinds of change that a text names, separated by commas; all if there is no text.

    Raises:
        UsageError: if there is no such kind.
    """
    if words is None:
        return {*KINDS}
    named = {word.strip() for word in words.split(",")} - {""}
    if unknown := sorted(named - KINDS.keys()):
        msg = f"--fail-on: {unknown[0]!r} is no kind of change; there are {', '.join(KINDS)}"
        raise UsageError(msg)
    return named


def comparison(run: Run, old: Run, pairs: Sequence[str] = (), required: Sequence[str] = ()) -> Comparison:
    """Compare a run with an older one. ``pairs`` and ``required`` are texts of the command line.

    Raises:
        RunError: if the older run was cut short, or if nothing was compared: at all, or of a target that is required.
        UsageError: if a pair is none, names a target that its run has not, or one that another pair names.
    """
    if old.footer is None:
        msg = f"{old.path}: the run was cut short; finish it with pytest cases --resume"
        raise RunError(msg)
    same = {target: target for target in run.header["targets"]}
    found = compared(_begun(old), _begun(run), same | _renamed(pairs, run, old))
    if not found.targets:
        msg = f"{run.path} and {old.path} have no answer of a framework in common: nothing was compared"
        raise RunError(msg)
    for glob in required:
        if not any(fnmatchcase(target, glob) for target in found.targets):
            targets = ", ".join(sorted(found.targets))
            msg = f"--require {glob}: no answer of such a target was compared; there are answers of {targets}"
            raise RunError(msg)
    return found


def _begun(run: Run) -> Run:
    begin(run, behaviours.load_for(run))
    return run


def _renamed(pairs: Sequence[str], new: Run, old: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, former = pair.partition("=")
        for target, run, side in ((name, new, "NEW"), (former, old, "OLD")):
            if target not in run.header["targets"]:
                there = ", ".join(run.header["targets"])
                msg = f"--pair {pair}: {run.path} has no target {target!r}; write NEW=OLD, of {side} there are {there}"
                raise UsageError(msg)
        if name in found:
            msg = f"--pair {pair}: {name} is compared with {found[name]} already; give each new target once"
            raise UsageError(msg)
        found[name] = former
    return found
