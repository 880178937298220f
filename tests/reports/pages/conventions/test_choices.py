"""A call without a single right answer, and every answer to it in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, Unsupported
from cases.model.case import Case
from reports.pages.conventions.choices import Choice, choices, text
from tests.reports.making import JAX, TORCH, make, oracle, record, right

OPEN: dict[str, Any] = {"image": [3], "channels": 1, "strides": 1, "behaviour": "nobody knows it"}


def _case(**fields: Any) -> Case:
    return make("max_pool", value={"values": [2, 1, 3]}, **OPEN | fields)


def _found(path: Path, case: Case, *answers: tuple[str, Outcome]) -> list[Choice]:
    run = record(path, [oracle(case), *((case, target, outcome) for target, outcome in answers)])
    found = choices(run, [TORCH, JAX])
    assert [operator for operator, _ in found] == ["max_pool"] * bool(found)
    return [choice for _, ones in found for choice in ones]


def test_answers_that_are_the_same_stand_together(tmp_path: Path) -> None:
    case = _case()
    (one,) = _found(tmp_path, case, (TORCH, Returned(arrays=right(case))), (JAX, Returned(arrays=right(case))))
    assert (one.name, one.why, one.inputs) == (case.id, "nobody knows it", ("value (1, 3, 1) = [2, 1, 3]",))
    assert one.answers == (("output `float32 (1, 2, 1) [2, 3]`", f"{TORCH}, {JAX}"),)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            Returned(arrays={"output": np.array([[[-0.0], [np.nan]]], np.float32)}),
            "output `float32 (1, 2, 1) [-0, nan]`",
        ),
        (Returned(arrays={"output": np.array([[[2], [3]]], np.float64)}), "output `float64 (1, 2, 1) [2, 3]`"),
        (Raised(type="TypeError", message="no", stage="calling"), "TypeError: no"),
        (Crashed(signal="SIGFPE", stderr=""), "the process ends: SIGFPE"),
    ],
)
def test_each_answer_is_told_in_full(tmp_path: Path, outcome: Outcome, expected: str) -> None:
    case = _case()
    (one,) = _found(tmp_path, case, (TORCH, outcome), (JAX, Returned(arrays=right(case))))
    assert dict(one.answers) == {expected: TORCH, "output `float32 (1, 2, 1) [2, 3]`": JAX}


def test_who_has_no_such_call_is_left_out(tmp_path: Path) -> None:
    case = _case()
    assert _found(tmp_path, case, (TORCH, Unsupported(reason="no such argument"))) == []


@pytest.mark.parametrize("fields", [{"behaviour": None}, {"image": [50], "value": {"fill": "distinct"}}])
def test_what_has_an_answer_or_is_large_is_left_out(tmp_path: Path, fields: dict[str, Any]) -> None:
    case = make("max_pool", **OPEN | {"value": {"values": [2, 1, 3]}} | fields)
    assert _found(tmp_path, case, (TORCH, Raised(type="TypeError", message="no", stage="calling"))) == []


def test_a_call_with_a_large_answer_is_left_out(tmp_path: Path) -> None:
    """Answers that are not shown in full could differ unseen."""
    case = _case()
    many = Returned(arrays={"output": np.zeros((1, 41, 1), np.float32)})
    assert _found(tmp_path, case, (TORCH, many), (JAX, Returned(arrays=right(case)))) == []


def test_a_tensor_is_nested_lists_without_axes_of_length_one() -> None:
    assert text(np.array([[[[1.5], [-0.0]], [[2.0], [np.inf]]]])) == "[[1.5, -0], [2, inf]]"
    assert text(np.ones((1, 1))) == "1"
    assert text(np.array([0.1, -3.4028235e38, 2**-149], np.float32)) == "[0.1, -3.4028235e+38, 1e-45]"
    assert text(np.array([-1, 2**40])) == "[-1, 1099511627776]"
