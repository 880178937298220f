"""The work of ``python -m reports power``: try the implementations, say what came out, write the page."""

from __future__ import annotations

import argparse
import time
from concurrent.futures.process import BrokenProcessPool
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pandas as pd

from adapters.base import Target
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import UnknownAdapterError, resolve
from adapters.engine.pool import Pool
from cases.loading.load import find
from cases.loading.lookup import SHIPPED
from reports.power import ALL, PAGE, page, trial
from reports.power.trial import Trial
from reports.recording.options import UsageError

_PUBLISHED: Final = Path(__file__).parents[1] / "published"


def work(options: argparse.Namespace) -> int:
    """Try what the options name, and say what came out.

    Raises:
        UsageError: if they name nothing.
    """
    if options.adapter is not None:
        return _own(options)
    names = [name for name in trial.names() if fnmatchcase(name, options.only)]
    if not names:
        msg = f"--only {options.only}: no mutant matches; --list names them"
        raise UsageError(msg)
    if options.list:
        _say("\n".join(names))
        return 0
    started = time.monotonic()
    trials = trial.try_all(names, find(SHIPPED), options.workers)
    return _report(trials, options, time.monotonic() - started)


def _report(trials: dict[str, Trial], options: argparse.Namespace, seconds: float) -> int:
    frame = page.table(trials)
    survivors, noticed = page.wrong(frame)
    for name in survivors:
        _say(f"{name}: no case notices it; add cases that do, or prove in the catalogue that it is no fault")
    for name in noticed:
        first = min(trials[name].caught)
        _say(f"{name}: is noticed by {first}, so the catalogue's proof is wrong: correct the one or the other")
    broken = page.broken(frame)
    for name in broken:
        _say(f"{name}: only ever raises, which anybody notices; mend its slip")
    faults = int((frame["equivalent"] == "").sum())
    _say(f"wrong implementations: {faults}, caught: {faults - len(survivors)}; {seconds:.0f} s")
    status = 1 if survivors or noticed or broken else 0
    return status if options.only != ALL else max(status, _written(trials, frame, options))


def _written(trials: dict[str, Trial], frame: pd.DataFrame, options: argparse.Namespace) -> int:
    """Write the page and the table; 1 if the committed page is to be the same and isn't."""
    text = page.text(trials)
    paths = [options.to / PAGE, *([_PUBLISHED / PAGE] if options.publish else [])]
    for path in paths:
        path.write_text(text, encoding="utf-8")
    table = (options.to / PAGE).with_suffix(".csv")
    frame.to_csv(table, index=False)
    _say("\n".join(map(str, [*paths, table])))
    committed = _PUBLISHED / PAGE
    if not options.check or (committed.exists() and committed.read_text(encoding="utf-8") == text):
        return 0
    _say(f"{committed} is another: see what changed, then `tox -e power -- --publish`, and commit it")
    return 1


def _own(options: argparse.Namespace) -> int:
    """Try one implementation, and name the cases that notice it."""
    locator = _locator(options.adapter)
    try:
        found = trial.try_all([locator], find(SHIPPED), options.workers)[locator]
    except BrokenProcessPool:
        msg = f"--adapter {options.adapter}: a call ended its process; pytest cases --adapter says which"
        raise UsageError(msg) from None
    for case, way in sorted(found.caught.items()):
        _say(f"{case}: {way}")
    _say(f"{options.adapter}: noticed by {len(found.caught):,} of {found.asked:,} cases")
    return 0 if found.caught else 1


def _locator(adapter: str) -> str:
    """Where an adapter is, once a worker of its own could start it.

    Raises:
        UsageError: if none could.
    """
    try:
        launch = resolve(adapter)
    except UnknownAdapterError as error:
        msg = f"--adapter {adapter}: {error}"
        raise UsageError(msg) from None
    with Pool() as pool:
        (found,) = pool.probe([launch])
        if isinstance(found, Missing):
            msg = f"--adapter {adapter}: {found.message}; install it"
            raise UsageError(msg)
        targets = [Target(adapter=found.name, mode=found.modes[0], device="cpu")] if isinstance(found, Ready) else []
        started = [found, *pool.prepare(targets).values()]
    for failure in started:
        if isinstance(failure, StartFailure):
            msg = f"--adapter {failure.message}"
            raise UsageError(msg)
    return launch.locator


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a command line prints
