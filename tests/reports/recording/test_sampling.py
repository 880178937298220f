"""The cases of a file that a mode is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import cases
from adapters.base import ModeOptions
from cases.coverage import dimensions
from cases.coverage.feasible import space
from cases.loading.load import load
from cases.loading.lookup import by_id, value_ids
from cases.model import shapes
from cases.model.case import OPERATORS, Case, TensorSpec
from cases.model.dtypes import FLOATS
from reports.pages.coverage.by_case import is_weak_by_definition
from reports.recording.sampling import asked, describe, facts

CASES = Path(cases.__file__).parent
VALUES = frozenset(value_ids())


def file(count: int) -> list[Case]:
    """Make ``count`` cases. Every third case is in float64."""
    dtypes = ["float64" if number % 3 == 0 else "float32" for number in range(count)]
    specs = [{"value": TensorSpec(shape=(1,), dtype=dtype, fill="integers")} for dtype in dtypes]
    return [
        Case(id=f"cases/x.yaml::{number}", operator="max_pool", inputs=spec, strides=(1,), padding="VALID")
        for number, spec in enumerate(specs)
    ]


def numbers(count: int, options: ModeOptions, *, slow: bool = False) -> list[int]:
    return sorted(int(name.partition("::")[2]) for name in asked(file(count), options, slow=slow))


@pytest.mark.parametrize(
    ("count", "one_in", "expected"),
    [
        (0, 40, []),
        (9, 40, []),
        (10, 40, [5]),
        (40, 40, [20]),
        (41, 40, [10, 30]),
        (100, 40, [16, 50, 83]),
        (7, 2, [0, 2, 4, 6]),
        (5, 1, [0, 1, 2, 3, 4]),
    ],
)
def test_one_in_so_many_is_spread_evenly_and_rounded_up(count: int, one_in: int, expected: list[int]) -> None:
    assert numbers(count, ModeOptions(one_in=one_in)) == expected


def test_slow_asks_all() -> None:
    assert numbers(100, ModeOptions(one_in=40), slow=True) == list(range(100))


def test_dtypes_exclude_the_others_also_when_slow_and_before_any_thinning() -> None:
    assert numbers(10, ModeOptions(dtypes=("float64",)), slow=True) == [0, 3, 6, 9]
    assert numbers(30, ModeOptions(dtypes=("float64",), one_in=5)) == [6, 21]


def test_the_sampling_of_a_mode_is_described() -> None:
    thin = ModeOptions(one_in=22, dtypes=("float64", "int64"))
    assert describe(thin, slow=False) == (
        "every 22nd case of a topic, of joint draws more, wrong calls, and some with each value (all with --slow), "
        "values of float64 and int64 only"
    )
    slow = describe(ModeOptions(one_in=112), slow=False)
    assert slow.startswith("every 112th case of a topic, of joint draws more, a third of the wrong calls, and")
    assert facts(thin, slow=False) == {"sampled": True, "one_in": 22, "dtypes": ["float64", "int64"]}
    assert facts(thin, slow=True) == {"sampled": True, "dtypes": ["float64", "int64"]}
    assert (describe(ModeOptions(), slow=False), facts(ModeOptions(), slow=False)) == ("", {})


def test_of_calls_without_a_right_answer_a_cheap_mode_is_asked_all() -> None:
    cases = [replace(case, behaviour="nobody knows what is right here") for case in file(40)]
    assert len(asked(cases, ModeOptions(one_in=4), slow=False)) == 40
    assert len(asked(cases, ModeOptions(one_in=100), slow=False)) == 1


def test_of_wrong_calls_a_slow_mode_is_asked_a_third() -> None:
    cases = [replace(case, invalid="it breaks a rule") for case in file(40)]
    assert len(asked(cases, ModeOptions(one_in=4), slow=False)) == 40
    assert len(asked(cases, ModeOptions(one_in=10_000), slow=False)) == 14


@pytest.mark.parametrize(
    "topic", ["conv/gradients", "max_pool_argmax/indices", "max_unpool/strides", "max_unpool/layers"]
)
def test_of_gradients_and_indices_a_slow_mode_is_asked_some_of_every_topic(topic: str) -> None:
    cases = load(CASES / f"{topic}.yaml")
    assert len(asked(cases, ModeOptions(one_in=10_000), slow=False)) == 1
    assert len(asked(cases, ModeOptions(one_in=80), slow=False)) == -(-len(cases) // 10)
    assert asked(load(CASES / "conv" / "sizes.yaml"), ModeOptions(one_in=10_000), slow=False) == set()


def test_of_joint_draws_a_thinned_mode_is_asked_more() -> None:
    drawn = load(CASES / "conv" / "drawn.yaml")
    assert len(asked(drawn, ModeOptions(one_in=40), slow=False)) == len(drawn) / 5
    assert len(asked(drawn, ModeOptions(one_in=4), slow=False)) == len(drawn)
    assert len(asked(drawn, ModeOptions(one_in=2), slow=False)) == len(drawn)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_thinnest_mode_is_asked_every_value_in_few_cases(operator: str) -> None:
    every = [case for path in sorted((CASES / operator).glob("*.yaml")) for case in load(path)]
    chosen = [case for case in every if case.id in VALUES]
    assert {value for case in chosen for value in dimensions.values(case)} == space(operator).single
    assert len(chosen) <= 24
    topic = load(CASES / operator / f"{chosen[0].topic}.yaml")
    thin = asked(topic, ModeOptions(one_in=10_000), slow=False, values=VALUES)
    assert VALUES & {case.id for case in topic} <= thin
    assert len(thin - VALUES) <= 1  # one of each topic of indices


def test_the_listed_cases_exist() -> None:
    """A case of the list that is renamed would be lost unseen."""
    assert {case.id for case in by_id(VALUES)} == VALUES


@pytest.mark.parametrize("operator", OPERATORS)
def test_cases_that_hardly_any_framework_refuses_have_all_values_that_they_can(operator: str) -> None:
    """A case that is refused for its integers, dilations or empty batch says nothing about its layout and padding."""
    every = [case for path in sorted((CASES / operator).glob("*.yaml")) for case in load(path)]
    every = [case for case in every if dimensions.counts(case) and not case.slow and not is_weak_by_definition(case)]
    whole = [case for case in every if all(0 not in spec.shape for spec in case.inputs.values())]
    usual = [case for case in whole if case.dtype in FLOATS and set(shapes.dilations(case)) == {1}]
    chosen = [case for case in usual if case.id in VALUES]
    values = [{value for case in part for value in dimensions.values(case)} for part in (usual, chosen)]
    assert values[0] == values[1]


def test_a_limit_comes_first() -> None:
    pairs = load(CASES / "conv" / "pairs.yaml")
    ids = asked(pairs, ModeOptions(one_in=2, dtypes=("float16",)), slow=False)
    assert {case.dtype for case in pairs if case.id in ids} == {"float16"}


@pytest.mark.parametrize("file", ["conv/strides.yaml", "document/conv.yaml", "pipelines/vgg.yaml"])
def test_what_people_look_for_first_is_asked_whole_but_of_slow_modes(file: str) -> None:
    topic = [case for case in load(CASES / file) if not case.slow]
    assert len(asked(topic, ModeOptions(one_in=4), slow=False)) == len(topic)
    assert len(asked(topic, ModeOptions(one_in=10_000), slow=False)) < len(topic)
