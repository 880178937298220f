"""The case files of the suite: they load, name their sources, and keep their ids."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

import cases
from cases.loading.load import find, load
from cases.loading.schema import json_schema
from cases.model import rules
from cases.model.case import OPERATORS, Case, from_json, question, to_json
from tests.cases.shipped import loaded

CASES = Path(cases.__file__).parent
FILES = find(CASES)
_FIRST = {"type", "rank", "stride", "index"}
"""The rules that all later rules depend on, and the one rule that reads data."""


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return list(loaded())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CASES).as_posix())
def test_every_file_has_modeline_about_and_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schema.json\n")
    assert (path.parent / "../schema.json").is_file()
    data = yaml.safe_load(text)
    assert data["about"]
    assert data["source"]
    assert path.parent.name in {data["operator"], "document", "pipelines"}


def test_the_exported_schema_is_the_models() -> None:
    """Compare the file with the models. Update it with ``python -m cases schema > cases/schema.json``."""
    assert (CASES / "schema.json").read_text(encoding="utf-8") == json.dumps(json_schema(), indent=2) + "\n"


def test_ids_are_unique_and_plain(shipped: list[Case]) -> None:
    ids = [case.id for case in shipped]
    assert [case_id for case_id, count in Counter(ids).items() if count > 1] == []
    plain = re.compile(r"cases/[a-z_]+/[a-z_]+\.yaml::[a-z0-9]+([.-][a-z0-9]+)*")
    assert [case_id for case_id in ids if not plain.fullmatch(case_id)] == []


def test_ids_are_the_same_on_each_reading(shipped: list[Case]) -> None:
    folder = CASES / "conv_transpose"
    again = [case for path in find(folder) for case in load(path)]
    assert again == [case for case in shipped if case.id.startswith("cases/conv_transpose/")]


def test_the_grid_of_strides(shipped: list[Case]) -> None:
    """Count 180 cases of SAME, and of VALID those with kernel <= rows: 5 strides x (1+2+3+5+6+6) = 115."""
    prefix = "cases/conv_transpose/strides.yaml::"
    names = [case.id.removeprefix(prefix) for case in shipped if case.id.startswith(prefix)]
    assert len(names) == 295
    assert names[:6] == [f"same-i1x2-k1-s{stride}" for stride in range(1, 6)] + ["same-i1x2-k2-s1"]
    assert names[-1] == "valid-i9x10-k7-s5"
    assert "same-i5x6-k3-s2" in names
    assert "valid-i1x2-k2-s1" not in names


def test_a_case_in_full(shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/conv_transpose/strides.yaml::same-i5x6-k3-s2")
    assert case.inputs["value"].shape == (1, 3, 3, 2)
    assert case.inputs["filter"].shape == (3, 3, 3, 2)
    assert case.output_shape == (1, 5, 6, 3)
    assert (case.strides, case.padding, case.tier, case.topic) == ((2, 2), "SAME", "exact", "strides")


def test_every_case_says_what_it_shows(shipped: list[Case]) -> None:
    assert [case.id for case in shipped if not case.about or not case.source] == []


def test_a_question_holds_no_answer(shipped: list[Case]) -> None:
    secret = {"expected", "invalid", "behaviour", "about", "source"}
    assert [case.id for case in shipped if secret & question(case).keys()] == []


def test_cases_survive_json(shipped: list[Case]) -> None:
    """Write and read all cases. JSON has no NaN, so special values are words."""
    for case in shipped:
        assert from_json(json.loads(json.dumps(to_json(case), allow_nan=False))) == case


def test_questions_survive_json(shipped: list[Case]) -> None:
    for case in shipped:
        sent = question(case)
        assert question(from_json(json.loads(json.dumps(sent, allow_nan=False)))) == sent


def test_near_normal_data_are_never_compared_bit_for_bit(shipped: list[Case]) -> None:
    normal = [case for case in shipped if "normal" in {spec.fill for spec in case.inputs.values()}]
    assert normal
    assert {case.tier for case in normal} == {"bounded"}


def test_every_invalid_case_is_wrong_in_one_way(shipped: list[Case]) -> None:
    wrong = [case for case in shipped if case.invalid is not None]
    assert [case.id for case in wrong if len(case.given) > 1] == []
    for case in (case for case in wrong if not case.given):
        # An impossible output_padding implies an impossible output_shape.
        if case.broken and case.broken.rule not in _FIRST and case.output_padding is None:
            ways = {fault.argument for fault in rules.all_broken(case)}
            # An impossible window has no count of windows, and an output without a size no cotangent.
            assert len(ways) == 1 or "kernel" in ways or ways == {"cotangent", "value"}, (case.id, ways)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_is_asked_with_batches_channels_and_unequal_sides(shipped: list[Case], operator: str) -> None:
    shapes = [c.inputs["value"].shape for c in shipped if c.operator == operator and c.invalid is None]
    flat = [shape for shape in shapes if len(shape) == 4]
    assert any(batch > 1 and channels > 1 and height != width for batch, height, width, channels in flat)
