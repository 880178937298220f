"""The cost of the suite beside the frameworks' own work: the same cases in a bare loop and through pytest.

``python benchmarks/bench.py [--glob GLOB] [--framework NAME ...] [--no-suite]``. A bare loop is one fresh
process for one framework: import it, configure it, fill each case's inputs and run the case, and nothing else. Calls
that the framework refuses or lacks take their time too. The suite is pytest in a process of its own. Each
process has its own $XDG_CACHE_HOME, where JAX keeps compiled programs: empty in the ``cold`` state, and in the
``warm`` one as the cold run of the same process left it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from adapters import program  # noqa: E402
from adapters.base import NotSupported  # noqa: E402 - a script finds the rooms first
from cases.loading.load import find, load  # noqa: E402
from cases.model import fill  # noqa: E402
from cases.model.case import Case  # noqa: E402

ADAPTERS: Final = {
    "oracle": "adapters.oracle:Oracle",
    "tensorflow": "adapters.tensorflow:TensorFlow",
    "torch": "adapters.torch:Torch",
    "jax": "adapters.jax:Jax",
}
STATES: Final = ("cold", "warm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Wall-clock seconds of one process, and how many of its cases ended in each way."""

    name: str
    state: str
    total: float
    imports: float = 0.0
    calls: float = 0.0
    returned: int = 0
    unsupported: int = 0
    raised: int = 0


def main() -> int:
    """Measure and print; the hidden ``--loop`` is one bare loop, in the process that ``_bare`` starts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glob", default="*", help="which cases, as in `python -m cases list GLOB`")
    parser.add_argument("--framework", action="append", choices=ADAPTERS, help="default: all but the oracle")
    parser.add_argument("--no-suite", action="store_true", help="the bare loops alone")
    parser.add_argument("--loop", choices=ADAPTERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        print(json.dumps(_loop(options.loop, options.glob)))
    else:
        _compare(options)
    return 0


def _cases(glob: str) -> list[Case]:
    """Return the valid cases that match, in the suite's order. Files are read here, so that no loop pays for it."""
    every = (case for path in find(ROOT / "cases") for case in load(path))
    return [
        case for case in every if case.invalid is None and (fnmatch(case.id, glob) or fnmatch(case.id, f"*{glob}*"))
    ]


def _loop(framework: str, glob: str) -> dict[str, Any]:
    cases = _cases(glob)
    start = time.perf_counter()
    adapter = _adapter(framework)
    os.environ |= adapter.mode_options.get(adapter.modes[0], {}).get("environment", {})
    adapter.versions()
    adapter.configure(adapter.modes[0], "cpu")
    imported = time.perf_counter()
    ends = [_call(adapter, case) for case in cases]
    counts = {end: ends.count(end) for end in ("returned", "unsupported", "raised")}
    if not counts["returned"]:
        sys.exit(f"{framework}: no call of {glob!r} returned, so there is nothing to measure")
    return {"imports": imported - start, "calls": time.perf_counter() - imported, **counts}


def _call(adapter: Any, case: Case) -> str:
    try:
        if hasattr(adapter, "run"):
            adapter.run(case, fill.fill(case))
        else:
            getattr(adapter, "execute", program.execute)(adapter.call(case), fill.fill(case))
    except NotSupported:
        return "unsupported"
    except Exception:  # noqa: BLE001 - a refusal takes its time as well
        return "raised"
    return "returned"


def _compare(options: argparse.Namespace) -> None:
    frameworks = options.framework or [name for name in ADAPTERS if name != "oracle"]
    cases = _cases(options.glob)
    print(f"{len(cases)} valid cases match {options.glob!r}; {os.cpu_count()} cores; seconds of wall-clock time")
    print(f"{'':<18}{'state':>6}{'total':>9}{'imports':>9}{'calls':>9}{'returned':>10}{'unsupported':>13}{'raised':>8}")
    with tempfile.TemporaryDirectory() as folder:
        timings = list(_measure(frameworks, cases, options, Path(folder)))
    for state in STATES:
        _print_ratio([timing for timing in timings if timing.state == state])


def _measure(frameworks: list[str], cases: list[Case], options: argparse.Namespace, folder: Path) -> Iterator[Timing]:
    """Measure all processes cold, then warm. Each finds in its own cache what it left there itself."""
    for state in STATES:
        for framework in frameworks:
            yield _shown(_bare(framework, state, options.glob, folder / framework))
        if not options.no_suite:
            yield _shown(_suite(frameworks, state, cases, folder / "suite"))


def _shown(timing: Timing) -> Timing:
    row = asdict(timing)
    seconds = "".join(f"{row[name]:>9.2f}" if row[name] else f"{'':>9}" for name in ("total", "imports", "calls"))
    counts = f"{timing.returned:>10}{timing.unsupported:>13}{timing.raised:>8}"
    print(f"{timing.name:<18}{timing.state:>6}{seconds}{counts}", flush=True)
    return timing


def _bare(framework: str, state: str, glob: str, cache: Path) -> Timing:
    command = [sys.executable, __file__, "--loop", framework, "--glob", glob]
    total, done = _timed(command, cache)
    if done.returncode:
        sys.exit(f"the bare loop of {framework} ended with {done.returncode}:\n{done.stderr}")
    return Timing(name=framework, state=state, total=total, **json.loads(done.stdout.splitlines()[-1]))


def _suite(frameworks: list[str], state: str, cases: list[Case], cache: Path) -> Timing:
    """Measure the same cases through pytest. Exit status 1 says that tests failed, which costs time as well."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = Path(folder) / "arguments.txt"
        arguments.write_text("\n".join(_arguments(frameworks, cases, Path(folder) / "report")))
        total, done = _timed([sys.executable, "-m", "pytest", f"@{arguments}"], cache)
        if done.returncode not in {0, 1}:
            sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr}")
        print(f"  pytest: {done.stdout.strip().splitlines()[-1]}")
    return Timing(name="suite", state=state, total=total)


def _arguments(frameworks: list[str], cases: list[Case], report: Path) -> list[str]:
    """Return the command line of pytest for these cases on the frameworks' first targets."""
    targets = [argument for name in frameworks for argument in ("--target", _target(name))]
    return [*_chosen(cases), "-q", "--report", str(report), *targets]


def _chosen(cases: list[Case]) -> list[str]:
    """Return the file or the folder that holds these valid cases and no others; the cases' ids if there is none."""
    place = os.path.commonpath([case.file for case in cases])
    if [case.id for case in cases] == [case.id for case in _cases("*") if Path(place) in _around(case)]:
        return [place, "-k", "not invalid"]
    return [case.id for case in cases]


def _around(case: Case) -> list[Path]:
    """Return the file of a case and the folders around it."""
    file = Path(case.file)
    return [file, *file.parents]


def _target(framework: str) -> str:
    return f"{framework}-{_adapter(framework).modes[0]}-cpu"


def _adapter(framework: str) -> Any:
    """Return an instance of an adapter. The framework itself is imported when the adapter is asked for versions."""
    module, _, name = ADAPTERS[framework].partition(":")
    return getattr(importlib.import_module(module), name)()


def _timed(command: list[str], cache: Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "TF_CPP_MIN_LOG_LEVEL": "2"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return time.perf_counter() - start, done


def _print_ratio(timings: list[Timing]) -> None:
    suite = [timing for timing in timings if timing.name == "suite"]
    loops = [timing for timing in timings if timing.name != "suite"]
    if suite and loops:
        slowest = max(loops, key=lambda timing: timing.total)
        whole, work = (suite[0].total / seconds for seconds in (slowest.total, slowest.imports + slowest.calls))
        print(f"{suite[0].state}: suite / slowest bare loop ({slowest.name}) = {whole:.2f}", end="; ")
        print(f"suite / its imports and calls alone = {work:.2f}")


if __name__ == "__main__":
    sys.exit(main())
