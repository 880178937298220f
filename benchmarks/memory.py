"""The memory that a run takes in pytest's own process, and its growth with the number of cases.

``python benchmarks/memory.py [--times 1 4]``. The shipped case files are copied as often as asked, under other names,
and answered by the oracle under another name, so that every answer is judged. A worker's own memory is not counted.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from adapters.oracle import Oracle  # noqa: E402 - a script finds the rooms first
from cases.loading.load import find  # noqa: E402


class Twin(Oracle):
    """The oracle under another name, so that it is judged like a framework."""

    name = "twin"
    modes = ("eager",)


def pytest_unconfigure() -> None:
    """Print the peak of this process' memory. A hook: this file is a plugin of pytest as well."""
    print(f"\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4], help="how often each case file is copied")
    for times in parser.parse_args().times:
        with tempfile.TemporaryDirectory() as folder:
            _copy(Path(folder) / "cases", times)
            print(f"{times} x: {_run(Path(folder))}", flush=True)
    return 0


def _copy(folder: Path, times: int) -> None:
    for path in find(ROOT / "cases"):
        for number in range(times):
            target = folder / path.parent.name / f"{path.stem}_{number}.yaml"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def _run(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "conftest", "-p", "benchmarks.memory"]
    options = ["-q", "--adapter", "benchmarks.memory:Twin", "--target", "twin-*", "--report", str(folder / "report")]
    done = subprocess.run(
        [*command, str(folder / "cases"), *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if " passed" in line or line.startswith("peak")]
    return "; ".join(lines) or done.stdout[-500:] + done.stderr[-500:]


if __name__ == "__main__":
    sys.exit(main())
