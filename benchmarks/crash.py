"""The cost of a crash: the seconds from a crash to the next answer, with and without a worker that stands by.

``python benchmarks/crash.py [--rounds N]`` measures each framework that is installed, in its first mode, and prints the
medians of the rounds. ``start``: the time until a worker is ready for its first case. If the mode needs an environment,
that includes an earlier worker, which is asked for the modes. The other columns are of a lane whose calls kill their
workers. ``restart``: no worker stands by, as at a target's first crash. ``standby``: a worker stands by and has had the
time to start. ``in a row``: each call kills its worker, so that no worker that stands by has had that time; seconds for
each crash. With one processor no worker stands by.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from adapters.base import Target  # noqa: E402 - a script finds the rooms first
from adapters.engine.handle import Ready  # noqa: E402
from adapters.engine.launch import Launch  # noqa: E402
from adapters.engine.pool import Pool  # noqa: E402
from adapters.engine.restarting import FEW  # noqa: E402
from adapters.engine.threads import processors  # noqa: E402
from adapters.outcome import Crashed, Fault, Result, Returned  # noqa: E402
from cases.model.case import Case, TensorSpec  # noqa: E402

ADAPTERS: Final = ("DyingTensorFlow", "DyingTorch", "DyingJax")
ROW: Final = 4


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    rounds = parser.parse_args().rounds
    print(f"seconds; {processors()} processors; {rounds} rounds")
    print(f"{'target':<24}{'start':>9}{'restart':>9}{'standby':>9}{'in a row':>9}")
    for adapter in ADAPTERS:
        figures = [_figures(adapter) for _ in range(rounds)]
        columns = "".join(f"{median(column):>9.2f}" for column in zip(*figures, strict=True))
        print(f"{adapter.removeprefix('Dying'):<24}{columns or '  not installed'}", flush=True)
    return 0


def _figures(adapter: str) -> tuple[float, ...]:
    """Return the columns of one round; none if the framework is not installed."""
    start, few = _run(adapter, ["fine", "crash", "fine"])
    if not few:
        return ()
    more = ["fine"] * FEW
    _, apart = _run(adapter, ["fine", "crash", "pause", "crash", "fine", *more], pause=2 * start + 1)
    _, row = _run(adapter, ["fine", *["crash"] * ROW, *more])
    return start, few[2] - few[1], apart[4] - apart[3], (row[ROW + 1] - row[1]) / ROW


def _run(adapter: str, names: list[str], pause: float = 0.0) -> tuple[float, list[float]]:
    """Return the seconds that a worker took to start, and the time of each answer.

    After an answer to a case named ``pause``, nothing is done for ``pause`` seconds.
    """
    times = []

    def note(answer: Result | Fault) -> None:
        kind = Crashed if answer.case.startswith("crash") else Returned
        if not isinstance(answer, Result) or not isinstance(answer.outcome, kind):
            sys.exit(f"{adapter}: {answer}")
        time.sleep(pause if answer.case.startswith("pause") else 0.0)
        times.append(time.perf_counter())

    with Pool() as pool:
        begun = time.perf_counter()
        (ready,) = pool.probe([Launch(name=adapter, locator=f"dying:{adapter}", path=(str(ROOT / "benchmarks"),))])
        if not isinstance(ready, Ready):
            return 0.0, []
        target = Target(adapter=ready.name, mode=ready.modes[0], device="cpu")
        pool.prepare([target])
        start = time.perf_counter() - begun
        pool.start({target: [_case(f"{name}-{number}") for number, name in enumerate(names)]}, note)
        pool.wait()
    return start, times


def _case(name: str) -> Case:
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    return Case(id=name, operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))


if __name__ == "__main__":
    sys.exit(main())
