"""The parts of a default run's time: imports, compilation, calls, judging.

``python benchmarks/where.py``. The whole suite on every target at hand, twice: with the compilers' caches empty, and as
the first run left them. What a target's calls take less in the second run was compilation. Imports are measured in a
process of their own, judging and rendering on the second run's record.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from reports.judging import behaviours  # noqa: E402 - a script finds the rooms first
from reports.pages import render  # noqa: E402
from reports.recording.run import Run, read  # noqa: E402

FRAMEWORKS: Final = ("tensorflow", "torch", "jax")


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold, warm = (_suite(state, folder) for state in ("cold", "warm"))
        _print_calls(cold, warm)
        for framework in FRAMEWORKS:
            print(f"import of {framework}: {_import(framework):.1f} s")
        start = time.perf_counter()
        render.pages(warm, behaviours.load())
        spent = time.perf_counter() - start
        print(f"judging and rendering: {spent:.1f} s, {1000 * spent / len(warm.records):.2f} ms an answer")
    return 0


def _suite(state: str, folder: Path) -> Run:
    report = folder / state
    command = [sys.executable, "-m", "pytest", "cases", "-q", "--report", str(report)]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    print(f"{state}: {seconds:.0f} s with {os.cpu_count()} cores; {done.stdout.strip().splitlines()[-1]}", flush=True)
    return read(report / "run.jsonl")


def _print_calls(cold: Run, warm: Run) -> None:
    before, after = _calls(cold), _calls(warm)
    print(f"{'target':<28}{'answers':>9}{'calls cold, s':>15}{'calls warm, s':>15}{'compilation, s':>16}")
    for target, seconds in sorted(before.items(), key=lambda item: -item[1]):
        count = sum(name == target for _, name in warm.records)
        spared = seconds - after[target]
        print(f"{target:<28}{count:>9}{seconds:>15.1f}{after[target]:>15.1f}{spared:>16.1f}")


def _calls(run: Run) -> dict[str, float]:
    """Return the seconds that each target's calls took, compilation included."""
    seconds: dict[str, float] = defaultdict(float)
    for (_, target), record in run.records.items():
        seconds[target] += record.seconds
    return seconds


def _import(framework: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {framework}"], check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
