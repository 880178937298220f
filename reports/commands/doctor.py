"""``deconform doctor``: say what is at hand for a run, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.pool import Pool
from adapters.engine.threads import processors
from adapters.worker.memory import GIB
from reports.recording import targets
from reports.recording.options import Options, UsageError, pair

_LEAST_MEMORY = 8 * GIB


def main(arguments: list[str]) -> int:
    """Print a line for each thing, and return 1 if no framework can be asked, else 0."""
    parser = argparse.ArgumentParser(prog="deconform doctor", description=__doc__)
    parser.add_argument("--python", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME", help="one more adapter: module:Class")
    options = parser.parse_args(arguments)
    chosen = Options(adapters=tuple(options.adapter), pythons=dict(options.python))
    for line in _machine():
        print(line)
    try:
        launches, _ = targets.launches(targets.DEFAULT_ADAPTERS, chosen)
    except UsageError as error:
        print(error)
        return 2
    with Pool() as pool:
        answers = pool.probe(launches)
    found = 0
    for answer in answers:
        for line in _of(answer):
            print(line)
        found += isinstance(answer, Ready) and targets.is_framework(answer.name)
    if not found:
        print("nothing can be asked: install a framework, or name the interpreter of one: --python NAME=PATH")
    return 0 if found else 1


def _machine() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield f"deconform {version('deconform')}, Python {platform.python_version()}, {platform.system()}"
    few = "; workers may each take 4 GiB: give --workers 1, or a lower --memory" if memory < _LEAST_MEMORY else ""
    yield f"{processors()} processors, {memory / GIB:.0f} GiB of memory{few}"
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = {"this folder": Path.cwd(), "the caches' folder": caches, "temporary files": Path(tempfile.gettempdir())}
    for what, folder in places.items():
        yield f"{what}, {folder}: {_writable(folder)}"


def _writable(folder: Path) -> str:
    """Say whether files can be written in a folder, or in the nearest folder above it that exists."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return "can be written" if os.access(there, os.W_OK) else "cannot be written: choose another, or change its rights"


def _of(answer: Ready | Missing | StartFailure) -> Iterator[str]:
    match answer:
        case Ready():
            versions = ", ".join(f"{name} {found}" for name, found in answer.versions.items())
            yield f"{answer.name}: {versions}; Python {answer.python}; on {' and '.join(answer.devices)}"
            usable = [mode for mode, options in answer.options.items() if not options.missing]
            yield f"  modes: {', '.join(usable)}"
            for mode, options in answer.options.items():
                if options.missing:
                    yield f"  {mode} is missing: {options.missing}"
        case Missing():
            _, missing = targets.sorted_out([answer])
            yield from (f"{name}: {why}" for name, why in missing.items())
        case StartFailure():
            yield answer.message
