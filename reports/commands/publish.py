"""``render`` and ``publish``: write the pages of a run, and the committed ones of the pinned versions."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from cases.loading.lookup import SHIPPED, every
from reports.judging import behaviours
from reports.judging.behaviours import Accepted
from reports.pages import readme
from reports.pages import render as pages
from reports.recording.run import Run, RunError
from reports.recording.targets import DEFAULT_ADAPTERS, adapter_of

_PUBLISHED = Path(__file__).parents[1] / "published"
_README = Path(__file__).parents[2] / "README.md"


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``render`` to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--to", type=Path, help="folder to write to; default: the run's own")
    parser.set_defaults(command=render)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``publish`` to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the committed tables differ")
    parser.add_argument("--as", dest="name", default="", metavar="NAME", help="a subfolder to write to, e.g. cuda")
    parser.add_argument(
        "--only",
        action="append",
        metavar="PAGE",
        help="write only this page, of a run of any cases and targets; may be given several times",
    )
    parser.set_defaults(command=publish)


def render(run: Run, options: argparse.Namespace) -> int:
    """Write every report of a run and print the paths; return 0."""
    for path in pages.write(run, behaviours.load_for(run), options.to or options.run.parent):
        print(path)
    return 0


def publish(run: Run, options: argparse.Namespace) -> int:
    """Write the committed tables, or check them; return 1 if the check finds a difference, else 0.

    Raises:
        RunError: if the run is not whole, or if there is no such page of it.
    """
    in_part = bool(options.name or options.only)
    if not in_part:
        _refuse_partial(run, options.run)
    folder, status = _PUBLISHED / options.name, 0
    accepted = behaviours.load_for(run)
    chosen = _chosen(pages.published(run, accepted), options)
    folder.mkdir(exist_ok=True)
    for name, text in chosen.items():
        path = folder / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if options.check and committed != text and name not in pages.MEASURED:
            print("".join(_diff(name, committed, text)))
            status = 1
        elif not options.check:
            path.write_text(text, encoding="utf-8")
            print(path)
    status = max(status, 0 if in_part else _readme(run, accepted, check=options.check))
    if status:
        print("the run differs from the published tables: if the change is right, run `tox -e publish` and commit it")
    return status


def _chosen(found: dict[str, str], options: argparse.Namespace) -> dict[str, str]:
    names = options.only or list(found)
    if unknown := [name for name in names if name not in found]:
        msg = f"{options.run}: has no page {unknown[0]}; there are: {', '.join(found)}"
        raise RunError(msg)
    return {name: found[name] for name in names}


def _readme(run: Run, accepted: Accepted, *, check: bool) -> int:
    """Write README's parts that the run decides, or check them; return 1 if the check finds a difference, else 0."""
    committed = _README.read_text(encoding="utf-8")
    text = readme.inserted(committed, run, accepted)
    if check and text != committed:
        print("".join(_diff("README.md", committed, text)))
        return 1
    if not check:
        _README.write_text(text, encoding="utf-8")
        print(_README)
    return 0


def _refuse_partial(run: Run, path: Path) -> None:
    """Refuse a run that does not hold all cases on all frameworks, since it would empty the published tables.

    Raises:
        RunError: if the run is such a part, was made with the user's own filters, or ended with problems: every page
            would say that it fails.
    """
    if "weights" in run.header:
        msg = f"{path}: was made with --weights; the published tables need a run with seeded filters"
        raise RunError(msg)
    if problems := (run.footer or {}).get("problems"):
        msg = f"{path}: the run failed when it ended ({problems[0]}); mend that, and run `pytest cases` again"
        raise RunError(msg)
    wanted = shipped()
    adapters = {adapter_of(target) for target in run.header["targets"]}
    lacking = [*sorted(set(DEFAULT_ADAPTERS) - adapters), *sorted(wanted - run.cases.keys())]
    if lacking:
        msg = (
            f"{path}: not a whole run ({lacking[0]} and {len(lacking) - 1} more are missing); run `pytest cases` first"
        )
        raise RunError(msg)


def shipped() -> set[str]:
    """Return the ids of the suite's cases that are asked by default."""
    return {case.id for case in every(SHIPPED) if not case.slow}


def _diff(name: str, committed: str, text: str) -> list[str]:
    lines = committed.splitlines(keepends=True), text.splitlines(keepends=True)
    return list(difflib.unified_diff(*lines, f"published/{name}", f"this run's {name}"))
