"""Covered values and holes, and the check that the suite's own cases have no holes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.outcome import Raised, Returned, Unsupported
from cases.coverage import dimensions as vocabulary
from cases.coverage.feasible import space
from cases.loading.load import load
from cases.loading.lookup import by_id, quick_ids
from cases.model.case import OPERATORS, Case
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.coverage import by_case, by_target
from reports.pages.coverage.by_case import Covered
from tests.reports.making import JAX, TORCH, Answer, make, oracle, record, right

CASES = Path(__file__).parents[4] / "cases"
PAIR = (("layout", "channels-first"), ("dtype", "float16"))
RAISED = Raised(type="ValueError", message="no such layout", stage="calling")


def _of(found: list[Covered], operator: str) -> Covered:
    return next(one for one in found if one.operator == operator)


@pytest.fixture(scope="module")
def quick() -> list[Covered]:
    return by_case.covered(by_id(quick_ids()), by_case.is_weak_by_definition)


def test_the_quick_cases_cover_every_pair_that_can_be(quick: list[Covered]) -> None:
    """``python -m reports coverage`` says which pair lacks a case: add a case to the operator's pairs.yaml.

    If none does, the quick cases have to be chosen anew: `tox -e power -- --publish`.
    """
    assert [pair for one in quick for pair in one.holes] == []
    figures = by_case.summary(quick)
    assert figures["operator"].to_list() == list(OPERATORS)
    assert all(row["pairs"] == f"{len(space(row['operator']).feasible)} of {len(space(row['operator']).feasible)}"
               for _, row in figures.iterrows())  # fmt: skip


def test_a_pair_that_loses_its_cases_is_a_hole() -> None:
    cases = [case for topic in ("pairs", "dtypes", "data_format") for case in load(CASES / "conv" / f"{topic}.yaml")]
    whole = _of(by_case.covered(cases, lambda _: False), "conv")
    assert PAIR not in whole.holes
    kept = [case for case in cases if not {*PAIR} <= {*vocabulary.values(case)}]
    without = _of(by_case.covered(kept, lambda _: False), "conv")
    assert PAIR in without.holes
    assert f"conv: {PAIR[0][0]} {PAIR[0][1]} with {PAIR[1][0]} {PAIR[1][1]}" in by_case.holes([without])


def test_a_triple_that_loses_its_cases_is_a_hole() -> None:
    wanted = (("strides", "unequal"), ("dilations", "equal"), ("dtype", "float64"))
    cases = load(CASES / "max_pool" / "triples.yaml")
    whole = _of(by_case.covered(cases, lambda _: False), "max_pool")
    assert wanted in whole.triples
    assert wanted not in whole.triple_holes
    kept = [case for case in cases if not {*wanted} <= {*vocabulary.values(case)}]
    found = by_case.holes(by_case.covered(kept, lambda _: False))
    assert "max_pool: strides unequal with dilations equal with dtype float64" in found


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_triples_that_a_call_can_have_include_those_of_every_case(operator: str) -> None:
    """They are reckoned from pairs: three values of which no call has all would stay a hole for ever."""
    names = (path.name for path in (CASES / operator).glob("*.yaml") if path.name != "triples.yaml")
    cases = [case for name in sorted(names)[::3] for case in load(CASES / operator / name)]
    (found,) = by_case.covered(cases, lambda _: False)
    assert {*found.by_triple} <= {*found.triples}
    assert all(len({name for name, _ in triple}) == 3 for triple in found.triples)


def test_weak_cases_cover_nothing() -> None:
    case = make("conv")
    strong, weak = (_of(by_case.covered([case], lambda _, so=so: so), "conv") for so in (False, True))  # type: ignore[misc]
    assert strong.by_value["layout", "channels-last"] == 1
    assert (weak.cases, weak.weak, sum(weak.by_value.values()), sum(weak.by_pair.values())) == (1, [case], 0, 0)


def test_a_case_that_a_run_has_no_right_answer_to_covers_nothing(tmp_path: Path) -> None:
    answered, lost = make("conv", "answered"), make("conv", "lost")
    torch: list[Answer] = [(case, TORCH, Returned(arrays=right(case))) for case in (answered, lost)]
    found = _of(by_case.of_run(record(tmp_path, [oracle(answered), *torch])), "conv")
    assert found.weak == [lost]


def test_a_case_that_the_oracle_cannot_answer_covers_nothing() -> None:
    """2048 + 1 is no float16 number, so the oracle refuses this case, whose tier should be the bounded one."""
    single = {"image": [2, 2], "kernel": [2, 2], "strides": 1, "in_channels": 1, "out_channels": 1}
    values = {"value": {"values": [[2048, 1], [0, 0]]}, "filter": {"values": [[1, 1], [1, 1]]}}
    lost = replace(make("conv", "lost", dtype="float16", **single, **values), tier="exact")
    found = _of(by_case.covered([make("conv"), lost], by_case.is_weak_by_definition), "conv")
    assert found.weak == [lost]


def test_wrong_calls_and_behaviours_cover_nothing() -> None:
    cases = [
        make("conv", given={"strides": [0, 0]}, invalid={"rule": "stride", "reason": "so that it should fail"}),
        make("conv", behaviour="there is no right answer here"),
    ]
    assert by_case.covered(cases, lambda _: False) == []


def test_infeasible_pairs_are_grouped_with_their_reason(quick: list[Covered]) -> None:
    rows = {(row[0], row[3]): row[1:3] for row in by_case.infeasible(quick).itertuples(index=False, name=None)}
    never, why = rows["spatial axes 1", "all"]
    assert never == "image mixed; kernel against stride mixed; strides unequal; dilations unequal"
    assert why == "no sizes have both"
    never, why = rows["gradients asked", "all"]
    assert never == "dtype int8; dtype uint8; dtype int16; dtype int32; dtype int64"
    assert why.startswith("gradients are asked of exact floating-point data")


def test_every_pair_has_a_row(quick: list[Covered]) -> None:
    rows = by_case.rows(quick)
    assert len(rows) == sum(1 for one in quick for _ in vocabulary.all_pairs(one.operator))
    assert (rows["cases"] > 0).equals(rows["feasible"])
    assert ((rows["why not"] == "") == rows["feasible"]).all()


def _answers(*cases: Case) -> list[Returned]:
    return [Returned(arrays=right(case)) for case in cases]


def test_a_target_s_holes_are_what_it_was_never_asked(tmp_path: Path) -> None:
    plain, dilated = make("conv"), make("conv", "dilated", dilations=2)
    run = record(tmp_path, [oracle(plain), oracle(dilated), (plain, TORCH, _answers(plain)[0])])
    (found,) = by_target.asked(run, [TORCH])
    assert by_target.holes([found]) == [f"{TORCH}: conv, dilations equal"]
    assert found.refused == []


def test_what_was_refused_was_asked(tmp_path: Path) -> None:
    plain, dilated, other = (
        make("conv"),
        make("conv", "dilated", dilations=2),
        make("conv", "other", dilations=2, out_channels=5),
    )
    answers: list[Answer] = [
        (plain, TORCH, _answers(plain)[0]),
        (dilated, TORCH, RAISED),
        (other, TORCH, Unsupported(reason="none")),
    ]
    run = record(tmp_path, [*map(oracle, (plain, dilated, other)), *answers])
    (found,) = by_target.asked(run, [TORCH])
    assert found.holes == []
    assert found.refused == [("conv", ("dilations", "equal"))]
    assert by_target.refused([found]).to_numpy().tolist() == [["conv", TORCH, "dilations equal"]]


def test_what_is_beyond_a_mode_s_limits_is_no_hole_of_it(tmp_path: Path) -> None:
    narrow, wide = make("conv"), make("conv", "wide", dtype="float64")
    run = record(tmp_path, [oracle(narrow), oracle(wide), (narrow, TORCH, _answers(narrow)[0])])
    run.header["targets"][TORCH]["dtypes"] = ["float32"]
    assert by_target.asked(run, [TORCH])[0].holes == []
    run.header["targets"][TORCH]["dtypes"] = ["float64"]
    assert ("conv", ("dtype", "float64")) in by_target.asked(run, [TORCH])[0].holes


def test_an_operator_that_a_target_refuses_altogether_is_one_word(tmp_path: Path) -> None:
    case = make("conv")
    run = record(tmp_path, [oracle(case), (case, TORCH, RAISED), (case, JAX, RAISED)])
    rows = by_target.refused(by_target.asked(run, [TORCH, JAX])).to_numpy().tolist()
    assert rows == [["conv", f"{TORCH}, {JAX}", "all"]]


def test_the_page_lists_the_holes_of_a_run(tmp_path: Path) -> None:
    case = make("conv")
    run = record(tmp_path, [oracle(case), (case, TORCH, _answers(case)[0])])
    pages = render.pages(run, Accepted())
    assert "- conv: image even with layout channels-first" in pages["coverage.md"]
    assert "There are no holes." in pages["coverage.md"].partition("# Modes")[2]
    assert pages["coverage.csv"].startswith("operator,dimension,value,other dimension,other value,feasible,cases,")
