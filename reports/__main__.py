"""``python -m reports``: render a run, compare it, record behaviours, run its programs, publish or check the tables.

And three that need none: ``coverage`` counts the values that the cases cover, ``power`` tries wrong implementations on
them, and ``deconvnet`` makes a run of its own and looks into a network.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import math
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from cases.lookup import SHIPPED, every
from cases.read import CaseFileError
from reports import accepted, behaviours, coverage, render
from reports.against import both, changes, rest
from reports.deconvnet import command as deconvnet
from reports.known import KnownError
from reports.options import UsageError
from reports.power import command as power
from reports.reproduce import KINDS, USUAL, Limits, choose, reproduce
from reports.run import Run, RunError, read
from reports.session import DEFAULT_ADAPTERS

_PUBLISHED = Path(__file__).parent / "published"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 where something differs or is missing, 2 for a usage error."""
    options = _parser().parse_args(arguments)
    try:
        if options.run is None:  # what asks makes its own
            return int(options.command(options))
        return int(options.command(_finished(options.run), options))
    except (RunError, KnownError, CaseFileError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130  # as a shell says of a program that SIGINT ended


def _finished(path: Path) -> Run:
    run = read(path)
    if run.footer is None:
        msg = f"{path}: the run has no footer, so it was cut short; finish it with pytest cases --resume"
        raise RunError(msg)
    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True)
    rendering = commands.add_parser("render", help="write every report of a run")
    rendering.add_argument("run", type=Path)
    rendering.add_argument("--to", type=Path, help="folder; the run's own if not given")
    rendering.set_defaults(command=_render)
    comparing = commands.add_parser("compare", help="what changed since an older run, in what both asked")
    comparing.add_argument("run", type=Path)
    comparing.add_argument("--against", type=Path, required=True, metavar="OLD")
    comparing.set_defaults(command=_compare)
    recording = commands.add_parser("record", help="write down what targets do with calls that have no result")
    recording.add_argument("run", type=Path)
    recording.set_defaults(command=_record)
    _add_reproducing(commands.add_parser("reproduce", help="run the programs of answers, each in a fresh interpreter"))
    deconvnet.add_options(commands.add_parser("deconvnet", help="project a layer's activations to pixels"), _count)
    power.add_options(commands.add_parser("power", help="see that the cases notice every wrong implementation"), _count)
    covering = commands.add_parser("coverage", help="which values and pairs of values the suite's cases cover")
    covering.set_defaults(run=None, command=_coverage)
    publishing = commands.add_parser("publish", help="write the committed tables of the pinned versions")
    publishing.add_argument("run", type=Path)
    publishing.add_argument("--check", action="store_true", help="write nothing; fail where they differ")
    publishing.add_argument("--as", dest="name", default="", metavar="NAME", help="a folder beside them, e.g. cuda")
    publishing.set_defaults(command=_publish)
    return parser


def _add_reproducing(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    parser.add_argument("run", type=Path)
    parser.add_argument("--kind", action="append", choices=KINDS, help=f"repeatable; default: {', '.join(USUAL)}")
    parser.add_argument("--only", default="*", metavar="GLOB", help="only cases whose ids match")
    parser.add_argument("--target", default="*", metavar="GLOB", help="only these targets")
    parser.add_argument("--workers", type=_count, default=limits.workers, metavar="N", help="default: processors")
    parser.add_argument(
        "--timeout", type=_seconds, default=limits.timeout, metavar="S", help="for a program; default: %(default)g"
    )
    parser.add_argument("--python", type=_pair, action="append", default=[], metavar="NAME=PATH")
    parser.set_defaults(command=_reproduce)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text}: give a number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    msg = f"{text}: give a number of seconds above 0"
    raise argparse.ArgumentTypeError(msg)


def _pair(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not name or shutil.which(path) is None:
        msg = f"{text}: give NAME=PATH, e.g. torch=/path/to/venv/bin/python"
        raise argparse.ArgumentTypeError(msg)
    return name, path


def _render(run: Run, options: argparse.Namespace) -> int:
    for path in render.write(run, accepted.load(), options.to or options.run.parent):
        print(path)
    return 0


def _record(run: Run, _options: argparse.Namespace) -> int:
    """Write down what the run shows; what it did not ask stays as it was, as long as there is such a case."""
    folder = accepted.FOLDER / accepted.BEHAVIOURS
    folder.mkdir(exist_ok=True)
    before, existing = behaviours.load(folder), _shipped()
    for target in sorted(run.header["targets"]):
        if text := behaviours.text(run, target, before.get(target), existing):
            path = folder / f"{target}.yaml"
            path.write_text(text, encoding="utf-8")
            print(path)
    return 0


def _reproduce(run: Run, options: argparse.Namespace) -> int:
    programs = choose(run, accepted.load(), options.kind or USUAL, options.only, options.target)
    if not programs and (options.only, options.target) != ("*", "*"):
        msg = f"{options.run}: no such answer of cases {options.only} on targets {options.target}"
        raise RunError(msg)
    folder = Path(tempfile.mkdtemp(prefix="reproduce-"))
    limits = Limits(workers=options.workers, timeout=options.timeout, pythons=dict(options.python))
    started, wrong = time.monotonic(), 0
    for one, found, path in reproduce(programs, folder, limits):
        wrong += bool(found)
        what = f"OTHERWISE: {found}; the run: {one.recorded}; {path}" if found else f"ok: {one.recorded}"
        print(f"{one.case}[{one.target}] {what}", flush=True)
    if not wrong:
        folder.rmdir()
    seconds = time.monotonic() - started
    print(f"programs: {len(programs)}, as recorded: {len(programs) - wrong}, otherwise: {wrong}; {seconds:.0f} s")
    return 1 if wrong else 0


def _compare(run: Run, options: argparse.Namespace) -> int:
    old = read(options.against)
    count = len(both(old, run))
    if not count:
        msg = f"{options.run} and {options.against} have no answer in common: nothing was compared"
        raise RunError(msg)
    lines, alone = changes(old, run, accepted.load()), rest(old, run)
    print(
        *lines,
        f"{len(lines) or 'nothing'} changed in {count:,} answers{alone and f'; not compared: {alone}'}",
        sep="\n",
    )
    return 1 if lines else 0


def _coverage(_options: argparse.Namespace) -> int:
    """The figures without a run, for whoever adds a case; 1 if there is a hole."""
    found = coverage.of_suite()
    holes = coverage.holes(found)
    print("\n".join([render.markdown(coverage.summary(found)), *holes]))
    return 1 if holes else 0


def _publish(run: Run, options: argparse.Namespace) -> int:
    if not options.name:
        _refuse_partial(run, options.run)
    folder, status = _PUBLISHED / options.name, 0
    folder.mkdir(exist_ok=True)
    for name, text in render.published(run, accepted.load()).items():
        path = folder / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if options.check and committed != text and name not in render.MEASURED:
            print("".join(_diff(name, committed, text)))
            status = 1
        elif not options.check:
            path.write_text(text, encoding="utf-8")
            print(path)
    if status:
        print("the run differs from the published tables: read the change, then `tox -e publish` and commit it")
    return status


def _refuse_partial(run: Run, path: Path) -> None:
    """The published tables are of all cases on all frameworks; any smaller run would empty them."""
    if "weights" in run.header:
        msg = f"{path}: was made with --weights; the published tables are of seeded filters"
        raise RunError(msg)
    wanted = _shipped()
    adapters = {target.partition("-")[0] for target in run.header["targets"]}
    lacking = [*sorted(set(DEFAULT_ADAPTERS) - adapters), *sorted(wanted - run.cases.keys())]
    if lacking:
        msg = f"{path}: not a whole run ({lacking[0]} and {len(lacking) - 1} more lack); run `pytest cases` first"
        raise RunError(msg)


def _shipped() -> set[str]:
    """The ids of the suite's cases that are asked by default."""
    return {case.id for case in every(SHIPPED) if not case.slow}


def _diff(name: str, committed: str, text: str) -> list[str]:
    lines = committed.splitlines(keepends=True), text.splitlines(keepends=True)
    return list(difflib.unified_diff(*lines, f"published/{name}", f"this run's {name}"))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has enough, such as head, ends this quietly
    sys.exit(main())
