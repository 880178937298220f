"""Calls beyond the committed ones: valid, wrong and in pipelines, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from adapters.oracle import InvalidCall, Oracle
from adapters.worker import pipeline
from cases.drawing.rounds import rounds
from cases.loading.load import load
from cases.model import rules
from cases.model.case import OPERATORS, PIPELINE, Case
from cases.model.fill import fill

ALL = (*OPERATORS, PIPELINE)


def _drawn(folder: Path, operators: tuple[str, ...], seed: int, number: int) -> list[Case]:
    found = []
    for name, text in rounds(operators, seed, number):
        (folder / name).write_text(text, encoding="utf-8")
        found += load(folder / name)
    return found


def test_every_operator_has_its_share_and_one_seed_gives_the_same(tmp_path: Path) -> None:
    cases = _drawn(tmp_path, ALL, 3, 330)
    counts = Counter(case.operator for case in cases)
    assert sum(counts.values()) == 330
    assert set(counts) == {*ALL}
    assert min(counts.values()) >= 20
    assert [text for _, text in rounds(ALL, 3, 40)] == [text for _, text in rounds(ALL, 3, 40)]
    assert [text for _, text in rounds(ALL, 3, 40)] != [text for _, text in rounds(ALL, 4, 40)]


@pytest.mark.parametrize("operator", OPERATORS)
def test_wrong_calls_break_many_rules_and_the_oracle_refuses_each(operator: str, tmp_path: Path) -> None:
    wrong = [case for case in _drawn(tmp_path, (operator,), 5, 240) if case.invalid is not None]
    broken = Counter(case.broken.rule for case in wrong if case.broken)
    assert 30 < len(wrong) < 120
    assert {"stride", "rank", "size"} <= broken.keys()
    assert len(broken) > 5
    for case in wrong:
        with pytest.raises(InvalidCall):
            Oracle().run(case, fill(case))


def test_valid_calls_and_pipelines_have_an_exact_answer(tmp_path: Path) -> None:
    for case in _drawn(tmp_path, (PIPELINE, "conv_transpose"), 6, 80):
        if case.steps:
            pipeline.run(Oracle(), case, fill(case), begin=lambda _step: None)  # raises if a step is not exact
        elif case.invalid is None:
            assert rules.broken(case) is None
            Oracle().run(case, fill(case))
