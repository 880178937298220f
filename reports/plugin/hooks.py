"""The work of pytest's hooks: each hook in ``reports.plugin.entry`` is one call into this module.

Nothing is started for a run of the suite's own tests: targets are looked for only if the command line names case files.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

import cases
from adapters.base import Target
from adapters.engine.launch import UnknownAdapterError, resolve
from adapters.engine.threads import processors
from cases.loading.load import CLAIMS, file_id
from cases.loading.yaml_document import CaseFileError
from cases.model.case import Case
from reports.comparing.options import add_fail_on
from reports.judging import behaviours, facts, stale
from reports.judging.facts import Fact
from reports.judging.judge import begin, judge_all
from reports.pages import determinism, render
from reports.plugin import fuzz, progress
from reports.plugin.against import Against, against
from reports.plugin.contents import Reading
from reports.plugin.files import CaseFile
from reports.plugin.items import ACCEPTED, SESSION, CaseItem
from reports.plugin.named import NAMED, NamedCases, quick
from reports.recording.known_files import KnownError
from reports.recording.options import Options, UsageError, named_interpreter, shard
from reports.recording.session import Session

_PROBLEMS: Final = pytest.StashKey[list[str]]()
_LOOPED: Final = pytest.StashKey[bool]()
_HAD_RUN: Final = pytest.StashKey[bool]()
_PATHS: Final = pytest.StashKey[list[Path]]()
_SMALLEST: Final = pytest.StashKey[list[str]]()
_AGAINST: Final = pytest.StashKey[Against | None]()
_CHANGED: Final = pytest.StashKey[list[str]]()
LATEST: Final = "reports/latest"
_Found = TypeVar("_Found")
PROGRESS: Final = pytest.StashKey[progress.Progress]()


_PYTHON: Final = "an adapter's interpreter; NAME@LABEL=PATH: one more, with targets of its own; repeatable"


def add_options(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    group = parser.getgroup("deconform", "conformance of transposed convolution and unpooling")
    group.addoption("--target", action="append", default=[], metavar="GLOB", help="only these targets; repeatable")
    group.addoption("--device", default="auto", choices=("cpu", "cuda", "auto"), help="only targets on this device")
    group.addoption("--adapter", action="append", default=[], metavar="NAME", help="one more adapter: module:Class")
    group.addoption("--python", action="append", default=[], metavar="NAME=PATH", help=_PYTHON)
    places = f"default: {LATEST}, of drawn calls {fuzz.FOLDER}"
    group.addoption("--report", metavar="DIR", help=f"where the run and the reports go; {places}")
    group.addoption("--timeout", type=float, default=60.0, metavar="SECONDS", help="limit for one case")
    group.addoption("--memory", type=float, default=4.0, metavar="GIB", help="limit for a worker's calls; default: 4")
    group.addoption(
        "--workers", type=int, default=processors(), metavar="N", help="targets that run at once; default: processors"
    )
    group.addoption("--weights", metavar="FILE", help="VGG16's real filters, .npz or .safetensors, for its network")
    group.addoption("--quick", action="store_true", help="only the few cases that notice every known mistake")
    group.addoption("--slow", action="store_true", help="every case also in modes that are asked only some")
    group.addoption(
        "--determinism", type=int, metavar="N", help="ask every case N times and report those whose answers vary"
    )
    group.addoption("--known", action="append", default=[], metavar="FILE", help="facts of your own; repeatable")
    group.addoption("--strict-versions", action="store_true", help="what is known of other versions explains nothing")
    group.addoption("--fuzz", type=int, metavar="N", help="ask N calls that are drawn instead of the suite's own")
    group.addoption("--fuzz-seconds", type=float, metavar="T", help="ask drawn calls for T seconds")
    group.addoption(
        "--fuzz-seed", type=int, metavar="S", help="the seed of the drawn calls; default: another each time"
    )
    group.addoption("--against", metavar="OLD", help="say what changed since an older run's run.jsonl, and fail on it")
    add_fail_on(group.addoption)
    group.addoption("--shard", metavar="K/N", help="only part K of N, which take about as long; merge them at the end")
    group.addoption("--resume", action="store_true", help="go on with a run that was cut short")


def choose(config: pytest.Config) -> None:
    """Choose the targets if the command line names case files, before any of them is collected.

    Raises:
        UsageError: if an option is wrong, a target can't be run, or an id of the command line has no item.
    """
    if any(map(_holds_cases, _paths(config))):
        if hasattr(config, "workerinput") or any(config.getoption(name, None) for name in ("numprocesses", "tx")):
            msg = "-n: processes of pytest-xdist would all write one run; cases have workers of their own: --workers"
            raise pytest.UsageError(msg)
        _or_usage_error(render.check)
        config.stash[ACCEPTED] = _or_usage_error(lambda: behaviours.load(own=_own(config)))
        _shorten(config)
        _draw(config)
        reading = Reading(_files(config))
        config.add_cleanup(reading.stop)
        option = config.option
        config.stash[_AGAINST] = _or_usage_error(against, option.against, option.fail_on, Path(option.report))
        config.stash[_HAD_RUN] = (Path(option.report) / "run.jsonl").exists()
        config.stash[SESSION] = _choose(config)
        config.stash[NAMED] = _named(config, reading)


def _own(config: pytest.Config) -> list[Fact]:
    """Return the facts of the files that the user names, then those of the plug-ins' packages.

    Raises:
        KnownError: if a file is invalid.
        UsageError: if there is no such plug-in.
    """
    named = [fact for path in config.option.known for fact in facts.load_file(Path(path))]
    try:
        return [*named, *facts.of_packages(map(resolve, config.option.adapter))]
    except UnknownAdapterError as error:
        raise UsageError(str(error)) from None


def _paths(config: pytest.Config) -> list[Path]:
    """Return the files and folders that the command line names, each once."""
    folder = config.invocation_params.dir
    return [folder / path for path in dict.fromkeys(argument.partition("::")[0] for argument in config.args)]


def _files(config: pytest.Config) -> list[Path]:
    """Return the case files that the command line names, or that stand in its folders, as pytest will name them."""
    paths = [Path(os.path.abspath(path)) for path in _paths(config)]  # noqa: PTH100 - links are kept
    found = ([path] if path.is_file() else filter(_is_case_file, sorted(path.rglob("*.yaml"))) for path in paths)
    return [path for path in dict.fromkeys(itertools.chain.from_iterable(found)) if path.suffix == ".yaml"]


def _draw(config: pytest.Config) -> None:
    """Put drawn calls in place of the files that the command line names, if it wants them."""
    option = config.option
    option.fuzz_seed = seed = _or_usage_error(fuzz.seed_of, option)
    option.report = option.report or (LATEST if seed is None else fuzz.FOLDER)
    if seed is not None:
        config.args = _or_usage_error(fuzz.draw, option, seed, Path(option.report), _paths(config))
        option.tbstyle = "no"  # the smallest calls are shown at the end instead


def _shorten(config: pytest.Config) -> None:
    """Put the ids of the quick cases in place of the files and folders that hold them, if the user wants them.

    Raises:
        UsageError: if the suite's own cases are not asked, or what is named holds none of the quick cases.
    """
    option = config.option
    if option.quick and (option.fuzz is not None or option.fuzz_seconds is not None):
        msg = "--quick chooses among the suite's own cases, and --fuzz draws others: leave out one of them"
        raise pytest.UsageError(msg)
    if option.quick:
        config.args = quick(config.args, config.invocation_params.dir)


def _named(config: pytest.Config, reading: Reading) -> NamedCases:
    """Look up the ids of the command line, and let pytest collect their files instead."""
    named = NamedCases(config.args, config.invocation_params.dir, reading)
    named.check(config.stash[SESSION], chosen=not config.option.quick)
    if named.arguments != config.args:
        config.args = named.arguments
        config.pluginmanager.register(named)
    return named


def collect(path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Return a node for a case file: a YAML file below a folder named cases, or named on the command line."""
    wanted = _is_case_file(path) or (path.suffix == ".yaml" and parent.session.isinitpath(path))
    if not wanted or SESSION not in parent.config.stash:
        return None
    # Of a file elsewhere pytest would leave out the folder, by which the other commands know the case.
    elsewhere: dict[str, Any] = {} if path.is_relative_to(parent.config.rootpath) else {"nodeid": file_id(path)}
    return CaseFile.from_parent(parent, path=path, **elsewhere)


def _holds_cases(path: Path) -> bool:
    return path.suffix == ".yaml" or any(_is_case_file(file) for file in path.rglob("*.yaml"))


def _is_case_file(path: Path) -> bool:
    return path.suffix == ".yaml" and path.name != CLAIMS and "cases" in path.parts[:-1]


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the items of this part of the run, if the user wants a part."""
    if (session := config.stash.get(SESSION, None)) is None or session.options.shard is None:
        return
    costs: dict[str, float] = {}
    for item in items:
        if isinstance(item, CaseItem):
            costs[item.case.id] = costs.get(item.case.id, 0.0) + session.targets[item.target].cost
    mine = session.options.shard.cases(costs)
    others = [item for item in items if isinstance(item, CaseItem) and item.case.id not in mine]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if not isinstance(item, CaseItem) or item.case.id in mine]


def start(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin the run with the items that remain after selection, and put them into the order of their answers.

    So answers are judged while others come, and not all at the end, when the slowest target has answered.
    """
    session = config.stash.get(SESSION, None)
    if session is None or config.option.collectonly:
        return
    work: dict[Target, list[Case]] = {}
    for item in items:
        if isinstance(item, CaseItem):
            work.setdefault(item.target, []).append(item.case)
    _refuse_twins(work)
    if work:
        due = _or_usage_error(session.start, work)
        if config.stash[_HAD_RUN]:  # otherwise a page of such a name is somebody else's
            render.clear(session.options.report)
        items.sort(key=partial(_due, due))
        if terminal := config.pluginmanager.get_plugin("terminalreporter"):
            terminal.showfspath = False  # in this order nearly every item is of another file than the one before
        assert session.run is not None  # noqa: S101 - it has begun
        begin(session.run, config.stash[ACCEPTED])
        config.stash[PROGRESS] = progress.Progress(session)


def _due(due: dict[tuple[str, Target], float], item: pytest.Item) -> float:
    return due.get((item.case.id, item.target), 0.0) if isinstance(item, CaseItem) else 0.0


def looped(config: pytest.Config) -> None:
    """Note that every item was run: nothing was stopped by -x, Ctrl-C or a crash of ours."""
    config.stash[_LOOPED] = True


def finish(session: pytest.Session) -> None:
    """End the run, write the reports, and fail a run that lost an answer."""
    run = session.config.stash.get(SESSION, None)
    if run is None:
        return
    over = run.started and session.config.stash.get(_LOOPED, False)
    stash, file = session.config.stash, run.options.report / "run.jsonl"
    problems, judging = _tried(lambda: _problems(session.config, run) if over else [], list[str](), file)
    stash[_PATHS], rendering = _tried(
        lambda: _finished(session.config, run, problems + judging, complete=over), [file] if over else [], file
    )
    if session.config.option.fuzz_seed is not None and over and not judging:
        stash[_SMALLEST], shrinking = _tried(lambda: fuzz.smallest(run, stash[ACCEPTED]), list[str](), file)
        rendering += shrinking
    if (older := stash[_AGAINST]) is not None and run.run is not None and over and not judging:
        new = run.run
        nothing = list[str](), False
        (stash[_CHANGED], failing), breaking = _tried(lambda: older.said(new, run.options.report), nothing, file)
        problems += [f"--against {older.old.path}: {stash[_CHANGED][-1]}"] if failing else []
        rendering += breaking
    run.release()
    stash[_PROBLEMS] = problems + judging + rendering
    if judging or rendering:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    elif problems and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _tried(step: Callable[[], _Found], otherwise: _Found, file: Path) -> tuple[_Found, list[str]]:
    """Return a step's result and no line. If the step breaks, return ``otherwise`` and a line about our fault."""
    try:
        return step(), []
    except Exception as error:  # noqa: BLE001 - whatever it is, the summary has still to come
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return otherwise, [f"a fault of ours: {what}; the answers are kept: python -m reports render {file}"]


def _finished(config: pytest.Config, session: Session, problems: Sequence[str], *, complete: bool) -> list[Path]:
    """End the run, and write the pages if it is complete. Return the paths, the run's own file first."""
    if complete and session.run is not None:
        judge_all(session.run)
    session.finish(complete=complete, problems=[*_uncollected(config), *problems], hold=True)
    if not complete or session.run is None:
        return []
    return [session.run.path, *render.write(session.run, config.stash[ACCEPTED], session.options.report)]


def _problems(config: pytest.Config, run: Session) -> list[str]:
    """Return a line for each answer that a finished run lost, and for each fact that explains nothing."""
    assert run.run is not None  # noqa: S101 - it is over
    return run.lost() + stale.entries(
        run.run, config.stash[ACCEPTED], whole=_is_whole(config), chosen=bool(config.option.target)
    )


def _is_whole(config: pytest.Config) -> bool:
    """Tell whether every case of the suite was asked: its folder was named, all was collected, nothing deselected."""
    folder = Path(cases.__file__).parent
    named = any((config.invocation_params.dir / argument).resolve() == folder for argument in config.args)
    return named and not _uncollected(config) and not _stats(config).get("deselected")


def _uncollected(config: pytest.Config) -> list[str]:
    """Return a line for each file or entry that could not be loaded, so that its cases were not asked."""
    errors = _stats(config).get("error", ())
    return [f"{report.nodeid} is not loaded" for report in errors if isinstance(report, pytest.CollectReport)]


def _stats(config: pytest.Config) -> Mapping[str, Sequence[Any]]:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    return terminal.stats if terminal else {}


def status(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Return how the terminal shows an item: a passing case shows in the progress line alone."""
    if PROGRESS not in config.stash or ".yaml::" not in report.nodeid:
        return None
    config.stash[PROGRESS].show()
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):
        terminal.stats.get("", []).clear()  # reports of set-up and tear-down that passed: tens of thousands, never read
    quiet = report.passed or report.skipped
    if report.when != "call" or not quiet or config.option.verbose > 0:
        return None
    outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
    return outcome, "", outcome.upper()


def summary(terminal: Any, config: pytest.Config) -> None:
    """Write the closing lines: the lost answers, the stale entries, and the paths of the reports."""
    if _PATHS not in config.stash:
        return
    terminal.section("deconform")
    session = config.stash[SESSION]
    lines = [
        *progress.describe(session),
        *progress.totals(session),
        *determinism.lines(session.run),
        *(stale.other_versions(session.run) if session.run and config.stash[_PATHS] else []),
    ]
    if config.option.fuzz_seed is not None:
        lines.append(f"drawn calls: to repeat them, --fuzz-seed {config.option.fuzz_seed}")
    for line in [*lines, *config.stash.get(_SMALLEST, []), *config.stash.get(_CHANGED, []), *config.stash[_PROBLEMS]]:
        terminal.line(line)
    paths = config.stash[_PATHS]
    nothing = "no reports: the run was cut short" if session.started else "no reports: no case was selected"
    terminal.line(f"reports: {', '.join(map(str, paths))}" if paths else nothing)


def _choose(config: pytest.Config) -> Session:
    option, own = config.option, config.stash[ACCEPTED].own
    pythons = dict(_pair(text) for text in option.python)
    options = Options(
        targets=tuple(option.target),
        device=option.device,
        adapters=tuple(option.adapter),
        pythons=pythons,
        report=Path(option.report),
        timeout=option.timeout,
        memory=option.memory,
        workers=option.workers,
        slow=option.slow,
        resume=option.resume,
        weights=Path(option.weights) if option.weights else None,
        determinism=option.determinism,
        strict_versions=option.strict_versions,
        fuzz_seed=option.fuzz_seed,
        fuzz_seconds=option.fuzz_seconds,
        shard=_or_usage_error(shard, option.shard) if option.shard else None,
        own_facts=tuple(fact.model_dump(mode="json", exclude_defaults=True) for fact in own),
    )
    session: Session = _or_usage_error(Session, options, lambda: _show(config))
    _or_usage_error(session.choose)
    return session


def _show(config: pytest.Config) -> None:
    """Show the progress line while an item waits. pytest captures what is written in an item's set-up."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if PROGRESS in config.stash and config.stash[PROGRESS].is_due():
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            config.stash[PROGRESS].show()


def _pair(text: str) -> tuple[str, str]:
    try:
        return named_interpreter(text)
    except argparse.ArgumentTypeError as error:
        msg = f"--python {error}"
        raise pytest.UsageError(msg) from None


def _or_usage_error(function: Any, *arguments: Any) -> Any:
    """Call a function, and turn an error that the user can mend into pytest's UsageError, which ends with status 4."""
    try:
        return function(*arguments)
    except (UsageError, KnownError, CaseFileError) as error:
        raise pytest.UsageError(str(error)) from None


def _refuse_twins(work: dict[Target, list[Case]]) -> None:
    for chosen in work.values():
        counts = Counter(case.id for case in chosen)
        twins = [case for case, count in counts.items() if count > 1]
        if twins:
            msg = f"two case files give the id {twins[0]}: rename a file or a folder"
            raise pytest.UsageError(msg)
