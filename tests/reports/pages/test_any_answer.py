"""Whatever a target returns, every answer is judged and every page is written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from reports.judging.behaviours import Accepted
from reports.judging.judge import judge
from reports.pages import render
from reports.recording.targets import ORACLE
from tests.reports.making import TORCH, make, make_pipeline, oracle, record, right

_ODD = ["complex64", "bool", "U3", "datetime64[s]", "float16", "uint16"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", _ODD)
@pytest.mark.parametrize("data", ["integers", "normal"])
def test_whatever_comes_back_is_judged(tmp_path: Path, dtype: str, data: str) -> None:
    """A plug-in may return an array of any dtype."""
    case = make("conv", data=data)
    array = right(case)["output"].astype(dtype)
    run = record(tmp_path, [oracle(case), (case, TORCH, Returned(arrays={"output": array}))])
    found = judge(run, case, TORCH)
    assert found.difference is not None
    assert found.difference.kind == "dtype"
    assert "differences.md" in render.pages(run, Accepted())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(), (0,), (1,), (1, 2, 2), (1, 3, 2, 3), (2, 2, 2, 2, 2), (1, 2, 2, 0)], ids=str)
@pytest.mark.parametrize("operator", ["conv", "conv_transpose", "max_pool_argmax", "max_unpool", "avg_pool"])
def test_whatever_shape_comes_back_is_judged(tmp_path: Path, operator: str, shape: tuple[int, ...]) -> None:
    case = make(operator, gradients=operator != "max_pool_argmax")
    arrays = {name: np.zeros(shape, array.dtype) for name, array in right(case).items()}
    run = record(tmp_path, [oracle(case), (case, TORCH, Returned(arrays=arrays))])
    assert judge(run, case, TORCH).status == "differing"
    assert "differences.md" in render.pages(run, Accepted())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e38])
def test_one_strange_number_spoils_no_page(tmp_path: Path, value: float) -> None:
    network = make_pipeline({"operator": "relu", "name": "a"}, {"operator": "conv", "name": "b"}, kernel=2)
    rounding = make("conv", data="normal")
    answers = []
    for case in (network, rounding):
        arrays = {name: array.copy() for name, array in right(case).items()}
        next(iter(arrays.values())).flat[0] = value
        answers.append((case, TORCH, Returned(arrays=arrays)))
    run = record(tmp_path, [oracle(network), oracle(rounding), *answers])
    assert "rounding.md" in render.pages(run, Accepted())


_ENDS: list[Outcome] = [
    Raised(type="NotExact", message="no", stage="preparing"),
    Crashed(signal="SIGKILL", stderr=""),
    TimedOut(seconds=3.0),
    Unsupported(reason="too large"),
]


@pytest.mark.parametrize("end", _ENDS, ids=lambda end: end.kind)
def test_a_case_without_an_answer_of_the_oracle_spoils_no_page(tmp_path: Path, end: Outcome) -> None:
    case, other = make("conv"), make("conv", "other", image=[5, 5])
    answers = [(case, ORACLE, end), *((one, TORCH, Returned(arrays=right(one))) for one in (case, other))]
    run = record(tmp_path, [oracle(other), *answers])
    assert (judge(run, case, TORCH).follows, judge(run, other, TORCH).follows) == ("error", "pass")
    assert "conformance.md" in render.pages(run, Accepted())


@pytest.mark.parametrize("text", ["a lone \udcff", "\x1b[31m and \x00", "<script>alert(1)</script> | a"])
def test_whatever_a_message_holds_every_page_can_be_written(tmp_path: Path, text: str) -> None:
    cases = [make("conv", f"c{number}", image=[5, number + 4]) for number in range(3)]
    ends: list[Outcome] = [Raised(type=text, message=text, stage="calling"), Crashed(signal="SIGSEGV", stderr=text)]
    answers = [(case, TORCH, end) for case, end in zip(cases, [*ends, Unsupported(reason=text)], strict=True)]
    run = record(tmp_path, [*map(oracle, cases), *answers])
    for name, page in render.pages(run, Accepted()).items():
        page.encode()
        markup = re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL) if name.endswith(".md") else page
        assert "<script>" not in markup or name.endswith(".csv"), name
