"""The oracle's scatter form beside onnx's reference ConvTranspose, on the same cases.

``python benchmarks/oracle.py [--glob GLOB]``. Both compute in float64 from the same tensors; the results are checked
equal before anything is timed. onnx says a window by pads, as torch does: ``before`` of the case's window at the
front, and at the end what the full result has more than the image; where that is negative (the image reaches beyond
the full result) it is output_padding.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from adapters.oracle.conv_transpose import scatter  # noqa: E402 - a script finds the rooms first
from cases.loading.load import find, load  # noqa: E402
from cases.model import fill, shapes  # noqa: E402
from cases.model.case import Case  # noqa: E402

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A case in the form that each of the two takes."""

    id: str
    oracle: Callable[[], Array]
    onnx: Callable[[], Array]


def main() -> int:
    """Check, measure and print; return status 1 if the two disagree anywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glob", default="*")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the fastest counts")
    options = parser.parse_args()
    pairs = [_pair(case) for case in _cases(options.glob)]
    if different := [pair.id for pair in pairs if not _equal(pair)]:
        print(f"{len(different)} of {len(pairs)} cases differ, the first is {different[0]}", file=sys.stderr)
        return 1
    oracle = min(_seconds([pair.oracle for pair in pairs]) for _ in range(options.repeat))
    onnx = min(_seconds([pair.onnx for pair in pairs]) for _ in range(options.repeat))
    print(f"{len(pairs)} cases of conv_transpose, equal; seconds for all, the fastest of {options.repeat}")
    print(f"oracle, scatter form{oracle:>10.3f}\nonnx.reference{onnx:>16.3f}\noracle / onnx{oracle / onnx:>17.2f}")
    return 0


def _cases(glob: str) -> list[Case]:
    every = (case for path in find(ROOT / "cases") for case in load(path))
    found = [case for case in every if case.operator == "conv_transpose" and case.invalid is None]
    return [case for case in found if fnmatch(case.id, glob) or fnmatch(case.id, f"*{glob}*")]


def _pair(case: Case) -> Pair:
    tensors = {name: array.astype(np.float64) for name, array in fill.fill(case).items()}
    value, filter_ = tensors["value"], tensors["filter"]
    axes = shapes.axes(case)
    operator = _onnx(axes)
    last = len(axes) + 1
    feeds = {
        "value": np.ascontiguousarray(np.moveaxis(value, -1, 1)),
        "filter": np.ascontiguousarray(np.moveaxis(filter_, (-1, -2), (0, 1))),
    }
    return Pair(
        id=case.id,
        oracle=lambda: scatter(value, filter_, axes),
        onnx=lambda: np.moveaxis(operator.run(None, feeds)[0], 1, last),
    )


def _onnx(axes: tuple[shapes.Axis, ...]) -> Any:
    """Return onnx's reference evaluator of one ConvTranspose, whose tensors are channels-first."""
    from onnx import helper  # noqa: PLC0415 - only this benchmark needs it
    from onnx.reference import ReferenceEvaluator  # noqa: PLC0415

    ends = [axis.covered - axis.image for axis in axes]
    node = helper.make_node(
        "ConvTranspose",
        ["value", "filter"],
        ["output"],
        strides=[axis.stride for axis in axes],
        pads=[*(axis.before for axis in axes), *(max(end, 0) for end in ends)],
        output_padding=[max(-end, 0) for end in ends],
    )
    return ReferenceEvaluator(node)


def _equal(pair: Pair) -> bool:
    """Tell whether both results agree to the rounding of float64: exactly, if the data are integers."""
    expected, actual = pair.oracle(), pair.onnx()
    return expected.shape == actual.shape and np.allclose(expected, actual, rtol=0, atol=1e-12)


def _seconds(calls: list[Callable[[], Array]]) -> float:
    start = time.perf_counter()
    for call in calls:
        call()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
