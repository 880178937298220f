"""In which order the elements of results lie, and where two targets of a framework return another order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Returned
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.modes import memory
from reports.recording.run import Run
from tests.reports.making import make, oracle, record, right

STRIDED, COMPILED = "torch-strided-cpu", "torch-strided_compile-cpu"
SMALL = make("conv", "small", image=[4, 4], strides=1)
LARGE = make("conv", "large", image=[9, 9], strides=1)


@pytest.mark.parametrize(
    ("shape", "strides", "order"),
    [
        ((2, 3, 4, 5), (60, 20, 5, 1), "channels first"),
        ((2, 3, 4, 5), (60, 1, 15, 3), "channels last"),
        ((2, 3, 4, 5), (60, 20, 1, 4), "another"),
        ((2, 3, 4, 5), (120, 40, 10, 2), "with gaps"),
        ((2, 3, 4, 5), (60, 0, 5, 1), "expanded"),
        ((0, 3, 4, 5), (60, 20, 5, 1), "empty"),
        ((2, 1, 4, 5), (20, 77, 5, 1), "channels first"),
        ((1, 3, 1, 1), (9, 1, 7, 5), "channels first"),
        ((6,), (1,), "channels first"),
    ],
)
def test_orders(shape: tuple[int, ...], strides: tuple[int, ...], order: str) -> None:
    assert memory.order(shape, strides) == order


def _run(folder: Path, *found: tuple[Any, tuple[int, ...], tuple[int, ...]]) -> Run:
    answers = []
    for case, *both in found:
        for target, strides in zip((STRIDED, COMPILED), both, strict=True):
            output = right(case)
            moved = np.moveaxis(output["output"], -1, 1)
            more = {"native_strides_output": np.array([moved.shape, strides])}
            answers.append((case, target, Returned(arrays=output | more)))
    return record(folder, [*(oracle(case) for case, *_ in found), *answers])


def test_where_two_targets_return_other_orders(tmp_path: Path) -> None:
    first, last = (12, 4, 2, 1), (12, 1, 6, 3)
    run = _run(tmp_path, (SMALL, first, last), (LARGE, (147, 49, 7, 1), (147, 1, 21, 3)))
    assert memory.targets(run) == [STRIDED, COMPILED]
    (group,) = memory.others(run, STRIDED, COMPILED)
    assert (group.orders, len(group.found), group.smallest[0].id) == (("channels first", "channels last"), 2, SMALL.id)
    page = render.pages(run, Accepted())["memory.md"]
    assert "`conv`, output: channels first, and channels last.\n  2 calls, the smallest is" in page
    assert "torch-strided_compile-cpu: shape (1, 3, 2, 2), strides (12, 1, 6, 3)" in page


def test_alike_orders_are_told_so(tmp_path: Path) -> None:
    run = _run(tmp_path, (SMALL, (12, 4, 2, 1), (12, 4, 2, 1)))
    assert memory.others(run, STRIDED, COMPILED) == []
    assert "All results lie in the same order." in render.pages(run, Accepted())["memory.md"]


def test_a_run_without_strides_has_no_such_page(tmp_path: Path) -> None:
    assert "memory.md" not in render.pages(record(tmp_path, [oracle(SMALL)]), Accepted())
