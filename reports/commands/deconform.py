"""The command ``deconform``: every command of the suite by one name, from any folder.

``deconform run`` is pytest with the suite's plug-in, so it takes all of pytest's options as well. Every other verb is a
command of ``python -m cases``, ``python -m adapters`` or ``python -m reports``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cases
from adapters import __main__ as of_adapters
from cases import __main__ as of_cases
from reports.commands import doctor, verbs

PLUGIN: Final = "reports.plugin.entry"
REPORT: Final = "deconform-report"
"""The folder of the reports if the user names none and is not in a clone of the suite."""
_CASES: Final = {
    "list": "list the ids of all cases, or of those that match a glob",
    "show": "show one case in full, with its input data",
    "explain": "work out one case step by step, as on paper",
    "draw": "print a case file of calls in which every dimension varies at once",
    "schema": "print the JSON Schema of a case file",
}
_ADAPTERS: Final = {"adapters": ("list", "name the adapters and their modes"), "check": ("check", "try one adapter")}
_OWN: Final = {
    "run": "ask the targets cases: the suite's own, or those of the files and folders that are named",
    "doctor": "say what is at hand here, what is missing, and what to do",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, and return its exit status: 2 if there is no such command."""
    verb, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if verb in {"-h", "--help"}:
        print(_help())
        return 0
    command = _commands().get(verb)
    if command is None:
        print(f"deconform: there is no command {verb!r}; there are: {', '.join(_described())}", file=sys.stderr)
        return 2
    return command(rest)


def script() -> int:
    """Run ``main`` and return its exit status; return 1, without a traceback, if the reader of stdout closes it."""
    return of_adapters.run_for_reader(main)


def _commands() -> dict[str, Callable[[list[str]], int]]:
    ours = {verb: _of_cases(verb) for verb in _CASES}
    theirs = {name: _verb(of_adapters.main, verb) for name, (verb, _) in _ADAPTERS.items()}
    reports = {verb: _verb(verbs.main, verb) for verb in verbs.COMMANDS}
    return {"run": run, "doctor": doctor.main, **ours, **theirs, **reports}


def _verb(main_of_room: Callable[[list[str]], int], verb: str) -> Callable[[list[str]], int]:
    return lambda rest: main_of_room([verb, *rest])


def _of_cases(verb: str) -> Callable[[list[str]], int]:
    """Return the command of a verb, whose --folder stands before the verb there."""

    def command(rest: list[str]) -> int:
        at = next((place for place, word in enumerate(rest) if word.partition("=")[0] == "--folder"), len(rest))
        width = 1 if "=" in "".join(rest[at : at + 1]) else 2
        return of_cases.main([*rest[at : at + width], verb, *rest[:at], *rest[at + width :]])

    return command


def _described() -> dict[str, str]:
    adapters = {name: what for name, (_, what) in _ADAPTERS.items()}
    return {**_OWN, **_CASES, **adapters, **{verb: what for verb, (what, _) in verbs.COMMANDS.items()}}


def _help() -> str:
    described = _described()
    width = max(map(len, described))
    lines = [f"  {verb:<{width}}  {what}" for verb, what in described.items()]
    return "\n".join(["usage: deconform COMMAND ...; deconform COMMAND --help says more", "", *lines])


def run(arguments: list[str]) -> int:
    """Run pytest with the suite's plug-in, on the suite's cases if no file or folder is named."""
    import pytest  # noqa: PLC0415 - the other commands don't need it

    suite = Path(cases.__file__).parent
    plain = ["-p", PLUGIN, "--continue-on-collection-errors", "--rootdir", os.curdir, "-o", f"testpaths={suite}"]
    if not _is_clone(Path.cwd()):
        plain += ["-c", os.devnull, "-p", "no:cacheprovider"]
        if not any(argument.startswith("--fuzz") for argument in arguments):
            plain += ["--report", REPORT]  # a later --report wins
    return int(pytest.main([*plain, *(_found(argument, suite.parent) for argument in arguments)]))


def _found(argument: str, place: Path) -> str:
    """Return an argument that names one of the suite's files, which need not be below this folder, with its path."""
    file = argument.partition("::")[0]
    is_ours = file.startswith("cases") and not Path(file).exists() and (place / file).exists()
    return str(place / argument) if is_ours else argument


def _is_clone(folder: Path) -> bool:
    """Tell whether a folder is the clone that this code stands in, which has settings of its own."""
    return folder.resolve() == Path(cases.__file__).resolve().parents[1] and (folder / "pyproject.toml").is_file()
