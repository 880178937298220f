"""Explanations of shipped cases: the oracle's results, pages that fit, and reasons where there is no result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import cases
from adapters.oracle import Oracle
from cases.explain import NotDrawnError, explain, page
from cases.model import fill, shapes
from cases.model.case import OPERATORS, PIPELINE, Case
from tests.cases.shipped import loaded

CASES = Path(cases.__file__).parent
SMALL = 100
"""The number of elements up to which a result is compared with the oracle's."""


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return [case for case in loaded() if case.operator != PIPELINE]


def _shown(case: Case) -> str:
    return "\n".join(line.plain.rstrip() for line in page.lines(explain(case), page.WIDTH))


def _same(actual: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]) -> bool:
    signs = np.array_equal(np.signbit(actual), np.signbit(expected))
    return signs and np.array_equal(actual, expected)


def _ends(case: Case) -> Iterator[tuple[int, int]]:
    """Yield the first batch element and channel, and the last ones."""
    batch, *_, channels = shapes.output_shape(case)
    yield from dict.fromkeys([(0, 0), (batch - 1, channels - 1)] if batch and channels else [])


def _exact(shipped: list[Case], operator: str) -> list[Case]:
    valid = [case for case in shipped if case.operator == operator and not case.invalid and not case.behaviour]
    return [case for case in valid if case.tier == "exact" and np.prod(shapes.output_shape(case)) <= SMALL]


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_result_is_the_oracle_s_bit_for_bit(shipped: list[Case], operator: str) -> None:
    """Compare all small transposed convolutions of the exact tier, and every tenth case of the other operators."""
    found = _exact(shipped, operator)[:: 1 if operator == "conv_transpose" else 10]
    assert len(found) > 10
    for case in found:
        asked = replace(case, gradients=(), inputs={n: s for n, s in case.inputs.items() if n != "cotangent"})
        answer = Oracle().run(asked, fill.fill(asked))
        for batch, channel in _ends(case):
            for name, actual in explain(case, batch, channel).results.items():
                assert _same(actual.astype(np.float64), answer[name][batch, ..., channel].astype(np.float64)), case.id


def test_the_comparison_tells_signs_of_zeros() -> None:
    assert not _same(np.array([0.0]), np.array([-0.0]))


def test_cases_of_every_topic_are_explained_in_100_columns(shipped: list[Case]) -> None:
    first_of = {(case.operator, case.topic): case for case in reversed(shipped)}
    sample = {case.id: case for case in [*first_of.values(), *shipped[::20]]}
    assert len(sample) > 400
    for case in sample.values():
        text = _shown(case)
        assert max(map(len, text.splitlines())) <= 100, case.id
        assert "\x1b" not in text


def test_only_the_first_channels_are_drawn_and_all_are_summed(shipped: list[Case]) -> None:
    case = next(case for case in shipped if "conv_transpose/rounding" in case.id and case.id.endswith("-c16"))
    text = _shown(case)
    assert "of the value; the first 4 are drawn, and all are summed" in " ".join(text.split())
    assert "of the other 12 channels" in text
    assert "channel 4:" not in text


def test_gradients_are_said_not_to_be_drawn(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.gradients and not case.behaviour)
    assert "The case asks for gradients too" in _shown(case)


def test_a_wrong_call_says_which_rule_and_why(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/max_unpool/invalid.yaml::index-just-past-the-end")
    explanation = explain(case)
    assert explanation.results == {}
    assert explanation.steps[0].text == (
        "It breaks the rule 'index'. 16 is one past the last of 16 elements.",
        "In numbers: index 16 lies outside the image of 4 x 4 x 1. The argument to look at: indices.",
    )
    assert "indices: int64 (1, 2, 2, 1)" in _shown(case)


def test_a_behaviour_says_why_there_is_no_single_answer(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/max_unpool/duplicates.yaml::different-values")
    assert "Four values for one place; their sum, the first, the last or any of them may stay." in _shown(case)
    assert "Unpooling with duplicate indices has no canonical answer." in _shown(replace(case, behaviour=None))


def test_windows_of_padding_alone_have_no_answer_though_the_case_does_not_say_so(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/avg_pool/windows_in_padding.yaml::before")
    assert "A window that holds padding alone has neither" in _shown(replace(case, behaviour=None))


def test_an_empty_result(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/conv_transpose/empty.yaml::batch0-same-i5x6-k3-s1")
    assert "The result's shape is (0, 5, 6, 3): it holds no element, so there is nothing to compute." in _shown(case)
    with pytest.raises(NotDrawnError, match="--batch 0: the result has no batch element"):
        explain(case, batch=0)


@pytest.mark.parametrize(("option", "number"), [("batch", 1), ("batch", -1), ("channel", 3)])
def test_out_of_range(shipped: list[Case], option: str, number: int) -> None:
    case = next(case for case in shipped if case.id == "cases/conv_transpose/strides.yaml::same-i5x6-k3-s2")
    with pytest.raises(NotDrawnError, match=f"--{option} {number}: the result has .*s 0 to"):
        explain(case, **{option: number})


def test_an_operator_that_is_not_explained(shipped: list[Case]) -> None:
    case = replace(shipped[0], id="cases/pipelines/round.yaml::trip", operator="pipeline")
    with pytest.raises(NotDrawnError) as caught:
        explain(case)
    assert str(caught.value) == (
        "cases/pipelines/round.yaml::trip is a pipeline; "
        "`python -m cases show cases/pipelines/round.yaml::trip` lists its steps"
    )
