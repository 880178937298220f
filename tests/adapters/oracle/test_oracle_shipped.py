"""Every shipped case, answered once: valid ones have an answer, exact ones are exact, and few prove little."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, Oracle, products
from cases.model import dtypes, shapes
from cases.model.case import INPUTS, OPERATORS, Case, is_chosen
from cases.model.fill import fill
from tests.cases.shipped import loaded

Tensors = dict[str, npt.NDArray[Any]]
RANKS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A case, its data, and the oracle's outputs or exception."""

    case: Case
    inputs: Tensors
    outputs: Tensors
    raised: Exception | None = None

    @property
    def valid(self) -> bool:
        return self.case.invalid is None and self.case.behaviour is None


def _answers(case: Case) -> Iterator[Answer]:
    """Yield the answer to a case, or to each step of a pipeline."""
    if not case.steps:
        yield _answer(case, fill(case))
        return
    tensors = fill(case)
    for step in case.steps:
        found = _answer(step.case, {role: tensors[name] for role, name in step.takes.items()})
        tensors |= {name: found.outputs[output] for output, name in step.returns.items()}
        yield found


def _answer(case: Case, inputs: Tensors) -> Answer:
    try:
        return Answer(case=case, inputs=inputs, outputs=Oracle().run(case, inputs))
    except (InvalidCall, NotSupported) as error:  # NotExact and any other exception is a bug and fails the fixture
        return Answer(case=case, inputs=inputs, outputs={}, raised=error)


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return [answer for case in loaded() if not case.slow for answer in _answers(case)]


def test_every_valid_case_has_an_answer_and_no_invalid_one_has(answers: list[Answer]) -> None:
    assert [a.case.id for a in answers if a.valid and a.raised] == []
    assert [a.case.id for a in answers if a.case.invalid and not isinstance(a.raised, InvalidCall)] == []


def test_an_answer_has_the_names_the_shape_and_the_dtype_that_the_case_promises(answers: list[Answer]) -> None:
    for answer in (a for a in answers if a.valid):
        case, outputs = answer.case, answer.outputs
        assert set(outputs) - {"output_float64", "output_magnitude"} == set(case.outputs), case.id
        for name in case.outputs:
            of_input = name.removesuffix("_gradient")
            shape = case.inputs[of_input].shape if name.endswith("_gradient") else shapes.output_shape(case)
            assert outputs[name].shape == shape, (case.id, name)
            assert outputs[name].dtype.name == ("int64" if name == "indices" else case.dtype), (case.id, name)


def test_every_operator_is_asked_in_every_float_dtype_and_every_rank(answers: list[Answer]) -> None:
    found = {(a.case.operator, a.case.dtype) for a in answers if a.valid}
    assert {(operator, dtype) for operator in OPERATORS for dtype in dtypes.FLOATS} - found == set()
    ranks = {(a.case.operator, len(a.case.strides)) for a in answers if a.valid}
    assert {(operator, rank) for operator in OPERATORS for rank in RANKS} - ranks == set()


def test_every_option_is_asked_of_every_operator_that_has_it(answers: list[Answer]) -> None:
    found = {(a.case.operator, word) for a in answers if a.valid for word in _options(a.case)}
    pools = [operator for operator in OPERATORS if "pool" in operator and "unpool" not in operator]
    wanted = {(operator, "gradients") for operator in OPERATORS}
    wanted |= {(operator, "empty") for operator in OPERATORS}
    wanted |= {(operator, word) for operator in ("conv", "conv_transpose", *pools) for word in ("dilations", "first")}
    wanted |= {(operator, word) for operator in ("conv", "conv_transpose") for word in ("groups", "bias", "bounded")}
    wanted |= {(operator, "special") for operator in OPERATORS}
    wanted |= {("max_pool_argmax", "include_batch_in_index"), ("conv_transpose", "output_padding")}
    assert wanted - found == set()


def _options(case: Case) -> Iterator[str]:
    if case.gradients:
        yield "gradients"
    if 0 in case.inputs["value"].shape:
        yield "empty"
    if max(shapes.dilations(case)) > 1:
        yield "dilations"
    if case.channels_first:
        yield "first"
    if case.groups > 1:
        yield "groups"
    yield case.tier
    yield from case.inputs
    if case.include_batch_in_index:
        yield "include_batch_in_index"
    if case.output_padding is not None:
        yield "output_padding"


@pytest.mark.parametrize("dtype", dtypes.INTEGERS)
def test_integers_are_asked_where_operators_choose_or_place(answers: list[Answer], dtype: str) -> None:
    found = {a.case.operator for a in answers if a.valid and a.case.dtype == dtype}
    assert {"max_pool", "max_pool_argmax", "max_unpool"} <= found


def test_every_special_word_is_in_some_window_of_every_operator_that_has_them(answers: list[Answer]) -> None:
    found = {(a.case.operator, spec.special) for a in answers if a.valid for spec in a.case.inputs.values()}
    # A sum with minus zero is a behaviour, which is recorded and not answered.
    expected = dict.fromkeys(("max_pool", "max_pool_argmax", "max_unpool"), set(dtypes.SPECIALS) - {"minus_subnormal"})
    expected["conv_transpose"] = expected["max_pool"] - {"minus_zero"}
    for operator, words in expected.items():
        assert words <= {word for of, word in found if of == operator}


def test_the_exact_tier_is_exact_by_another_reckoning(answers: list[Answer]) -> None:
    """Compare the terms of each output, for each operator and input, with the dtype's limits."""
    wrong = [
        (a.case.id, name)
        for a in answers
        if a.valid and a.case.tier == "exact" and a.inputs["value"].size and not _chooses_among_sums(a.case)
        for name in a.case.outputs
        if name != "indices" and not _holds(a, name)
    ]
    assert wrong == []


def _chooses_among_sums(case: Case) -> bool:
    """Tell whether this is a step of a pipeline that only chooses elements, whatever its inputs are."""
    return "#" in case.id and is_chosen(case.operator)


def _holds(answer: Answer, name: str) -> bool:
    case = answer.case
    factors = [answer.inputs[factor] for factor in _factors(case, name)]
    unit = math.prod(dtypes.granule(factor) for factor in factors)
    # The roughest bound comes first; it is enough for nearly all cases.
    magnitude = products(case) * math.prod(float(np.abs(factor).max(initial=0)) for factor in factors)
    if "bias" in answer.inputs and name == "output":
        unit = min(unit, dtypes.granule(answer.inputs["bias"]))
        magnitude += float(np.abs(answer.inputs["bias"]).max())
    if name != "output" or not _fits(case, name, magnitude, unit):
        magnitude = _magnitude(answer, name)
    return _fits(case, name, magnitude, unit)


def _factors(case: Case, name: str) -> set[str]:
    """Return the tensors whose product is one term of an output; pooling has one such tensor in each direction."""
    if name == "bias_gradient" or (name != "output" and "filter" not in case.inputs):
        return {"cotangent"}
    return set(INPUTS[case.operator]) - {"indices", name.removesuffix("_gradient")} | (
        {"cotangent"} if name != "output" else set()
    )


def _fits(case: Case, name: str, magnitude: float, unit: float) -> bool:
    if case.operator == "avg_pool":
        area = math.prod(shapes.kernel_size(case))
        most = math.prod(max(shapes.counted(axis, case.divisor)) for axis in shapes.axes(case))
        if isinstance(case.divisor, int):
            most, area = case.divisor, max(area, case.divisor)
        magnitude, unit = (magnitude * most, unit) if name == "output" else (magnitude, unit / (area & -area))
    if case.dtype in dtypes.INTEGERS:
        return magnitude <= min(np.iinfo(case.dtype).max, 2**53)
    return magnitude <= 2.0 ** dtypes.PRECISION[case.dtype] * unit and magnitude <= dtypes.special(
        "largest", case.dtype
    )


def _magnitude(answer: Answer, name: str) -> float:
    """Return the largest sum of magnitudes of an output's terms. Max pooling keeps signs, which decide the maxima."""
    kept = {"value"} if answer.case.operator.startswith("max_pool") and name != "output" else set()
    inputs = {word: tensor if word in kept else np.abs(tensor) for word, tensor in answer.inputs.items()}
    found = Oracle().run(replace(answer.case, tier="special"), inputs)[name]
    return float(np.abs(found.astype(np.float64)).max(initial=0))


def weak(answer: Answer) -> Iterator[str]:
    """Yield the outputs that prove little: constant, or more than nine tenths zeros; empty cases don't count."""
    for name in answer.case.outputs:
        array = answer.outputs[name].astype(np.float64)
        if 0 in answer.case.inputs["value"].shape or array.size <= 1:
            continue
        if (array == array.flat[0]).all() or np.count_nonzero(array) < array.size / 10:
            yield name


def test_few_cases_prove_little(answers: list[Answer]) -> None:
    """List weak cases for people (``-s``), and fail if most cases of a topic are weak without intention."""
    exact = [a for a in answers if a.valid and a.case.tier == "exact"]
    found = Counter(a.case.id.partition("::")[0] for a in exact if any(weak(a)))
    asked = Counter(a.case.id.partition("::")[0] for a in exact)
    for topic, count in sorted(found.items()):
        print(f"{topic}: {count} of {asked[topic]} exact cases are weak")  # noqa: T201 - shown by -s and by a failure
    ends = ("equal_elements.yaml", "/smallest.yaml")  # a smallest call is one number or a few
    meant = {"cases/document/conv.yaml"} | {topic for topic in asked if topic.endswith(ends)}
    mostly = {topic for topic, count in found.items() if 2 * count > asked[topic]}
    assert mostly - meant - {topic for topic in asked if topic.endswith("/empty.yaml")} == set()
    assert sum(found.values()) < len(exact) / 10
