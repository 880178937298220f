"""The work of ``python -m reports power``: try the implementations, print the result, write the page."""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import time
from concurrent.futures.process import BrokenProcessPool
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pandas as pd

from adapters.base import Target
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import UnknownAdapterError, known, resolve
from adapters.engine.pool import Pool
from cases.loading.load import file_id, find
from cases.loading.lookup import SHIPPED, UnknownIdError, quick_ids
from cases.model.case import split_id
from reports.power import ALL, PAGE, page, quick, trial
from reports.power.trial import Trial
from reports.recording.options import UsageError

_PUBLISHED: Final = Path(__file__).parents[1] / "published"


def work(options: argparse.Namespace) -> int:
    """Try the implementations that the options name, print the result, and return the exit status.

    Raises:
        UsageError: if the options name no implementation, or one that can't be started.
    """
    if options.adapter is not None:
        return _own(options)
    names = [name for name in trial.names() if fnmatchcase(name, options.only)]
    if not names:
        msg = f"--only {options.only}: no mutant matches; --list prints their names"
        raise UsageError(msg)
    if options.list:
        _say("\n".join(names))
        return 0
    started = time.monotonic()
    trials = _try(names, options)
    return _report(trials, options, time.monotonic() - started)


def _try(names: list[str], options: argparse.Namespace) -> dict[str, Trial]:
    if not options.quick:
        return trial.try_all(names, find(SHIPPED), options.workers)
    only = frozenset(_quick_ids())
    files = {split_id(case_id)[0] for case_id in only}
    return trial.try_all(names, [path for path in find(SHIPPED) if file_id(path) in files], options.workers, only)


def _quick_ids() -> list[str]:
    try:
        return quick_ids()
    except UnknownIdError as error:
        raise UsageError(str(error)) from None


def _report(trials: dict[str, Trial], options: argparse.Namespace, seconds: float) -> int:
    frame = page.table(trials)
    survivors, noticed = page.wrong(frame)
    for name in survivors:
        _say(f"{name}: no case notices it; add cases that do, or prove in the catalogue that it is equivalent")
    for name in noticed:
        first = min(trials[name].caught)
        _say(f"{name}: {first} notices it, so the catalogue's proof or the case is wrong: correct one of them")
    broken = page.broken(frame)
    for name in broken:
        _say(f"{name}: it only raises, which every case notices; correct its slip in the catalogue")
    faults = int((frame["equivalent"] == "").sum())
    _say(f"wrong implementations: {faults}, caught: {faults - len(survivors)}; {seconds:.0f} s")
    status = 1 if survivors or noticed or broken else 0
    if options.only != ALL:
        return status
    return max(status, _is_of_others() if options.quick else _written(trials, frame, options))


def _is_of_others() -> int:
    """Return 1 if the committed page is of other cases or mutants."""
    committed = _PUBLISHED / PAGE
    if committed.exists() and page.digest() in committed.read_text(encoding="utf-8"):
        return 0
    _say(f"{committed} is of other cases or mutants: run `tox -e power -- --publish`, review the changes, commit them")
    return 1


def _written(trials: dict[str, Trial], frame: pd.DataFrame, options: argparse.Namespace) -> int:
    """Write the page and the table. Return 1 if ``--check`` is given and the committed page differs, otherwise 0."""
    text = page.text(trials)
    chosen = quick.choose(trials) if options.publish else []
    paths = [options.to / PAGE, *([_PUBLISHED / PAGE] if options.publish else [])]
    for path in paths:
        path.write_text(text, encoding="utf-8")
    if options.publish:
        quick.write(chosen, quick.choose_values())
    table = (options.to / PAGE).with_suffix(".csv")
    frame.to_csv(table, index=False)
    _say("\n".join(map(str, [*paths, table])))
    committed = _PUBLISHED / PAGE
    if not options.check or (committed.exists() and committed.read_text(encoding="utf-8") == text):
        return 0
    _say(f"{committed} differs from the new page: review the changes, run `tox -e power -- --publish`, and commit it")
    return 1


def _own(options: argparse.Namespace) -> int:
    """Try one implementation and print the cases that notice it, or each one of a module and print how many do."""
    several = _classes(options.adapter)
    locators = several or [_locator(options.adapter)]
    try:
        found = _try(locators, options)
    except BrokenProcessPool:
        msg = f"--adapter {options.adapter}: a call ended its process; `pytest cases --adapter` shows which call"
        raise UsageError(msg) from None
    if not several:
        for case, way in sorted(found[locators[0]].caught.items()):
            _say(f"{case}: {way}")
    for locator in locators:
        name = locator if several else options.adapter
        _say(f"{name}: noticed by {len(found[locator].caught):,} of {found[locator].asked:,} cases")
    noticed = sum(bool(one.caught) for one in found.values())
    if several:
        _say(f"implementations: {len(locators)}, noticed: {noticed}")
    return 0 if noticed == len(locators) else 1


def _classes(module: str) -> list[str]:
    """Return ``module:Class`` for each adapter that a module defines; none if the text is no module's name.

    Raises:
        UsageError: if the module can't be imported or defines no adapter.
    """
    if module in known() or not re.fullmatch(r"\w+(\.\w+)*", module):
        return []
    try:
        made = importlib.import_module(module)
    except ImportError as error:
        msg = f"--adapter {module}: {error}; give a module, or module:Class"
        raise UsageError(msg) from None
    own = [name for name, one in inspect.getmembers(made, inspect.isclass) if one.__module__ == module]
    found = [f"{module}:{name}" for name in own if not name.startswith("_") and hasattr(getattr(made, name), "run")]
    if not found:
        msg = f"--adapter {module}: the module defines no class with run; give module:Class"
        raise UsageError(msg)
    return found


def _locator(adapter: str) -> str:
    """Return the ``module:Class`` of an adapter, after a worker has started and configured it.

    Raises:
        UsageError: if there is no such adapter, or no worker can start it.
    """
    try:
        launch = resolve(adapter)
    except UnknownAdapterError as error:
        msg = f"--adapter {adapter}: {error}"
        raise UsageError(msg) from None
    with Pool() as pool:
        (found,) = pool.probe([launch])
        if isinstance(found, Missing):
            msg = f"--adapter {adapter}: {found.message}; install the missing module"
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
