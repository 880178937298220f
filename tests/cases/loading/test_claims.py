"""Files of claims: each fault is told with its place before any run, and the shipped claims match cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cases
from cases.loading import claims
from cases.loading.build import build
from cases.loading.claims import ANSWER, FUNCTIONS, Claim, lost
from cases.loading.entries import Entry
from cases.loading.expressions import expression
from cases.loading.load import find, load
from cases.loading.properties import PROPERTIES, properties
from cases.loading.schema import FILE
from cases.loading.yaml_document import CaseFileError
from cases.model.case import Case
from tests.cases.shipped import loaded
from tests.reports.making import make_pipeline

CASES = Path(cases.__file__).parent
HEAD = """\
about: claims that a test made
source: "document: a test"
claims:
"""
ONE = """\
  - name: one
    statement: A statement of a test.
    at: "the first page"
    cases: ["*"]
    holds: kind == "raised"
    refuted_by: Another end than an error.
"""


def _made(operator: str, **fields: object) -> Case:
    entry = {"name": "made", **fields}
    file = FILE.validate_python(
        {"operator": operator, "about": "a case of a test", "source": "https://example.org", "cases": [entry]}
    )
    entry_of_one = file.cases[0]
    assert isinstance(entry_of_one, Entry)
    return build(entry_of_one, operator, f"cases/made/{operator}.yaml::made", "a case of a test", "https://x.org")


def _complaints(folder: Path, text: str) -> list[str]:
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseFileError) as caught:
        claims.load(path)
    return [line.removeprefix(str(path)) for line in str(caught.value).split("\n")]


def test_a_good_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(HEAD + ONE, encoding="utf-8")
    [claim] = claims.load(path).claims
    assert (claim.name, claim.targets, claim.conditions, claim.instead) == ("one", ["*"], {}, None)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    at:", "    att:", ":4:5: this entry lacks the key 'at'"),
        ("    holds:", "    hold:", ":8:5: 'hold' is not a key of this place; did you mean 'holds'?"),
        ('kind == "raised"', 'knd == "raised"', ":8:5: holds: no property is called 'knd'; did you mean 'kind'?"),
        ('kind == "raised"', 'kind == "raised', ":8:5: holds: unexpected char '\"' at 8"),
        ('kind == "raised"', "passed | no", ":8:5: holds: no filter named 'no'."),
        ('kind == "raised"', "", ":8:5: holds: input should be a valid string"),
        ('["*"]', "[]", ":7:5: cases: list should have at least 1 item after validation, not 0"),
        ("    refuted", "    where: kind\n    refuted", ":9:5: where: no property is called 'kind'"),
        (
            "    refuted",
            "    conditions: {it is so: passed}\n    refuted",
            ":9:18: it is so: no property is called 'passed'",
        ),
        ("name: one", "name: One", ":4:5: name: string should match pattern"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = _complaints(tmp_path, HEAD + ONE.replace(old, new))
    assert any(line.startswith(expected) for line in found), found


def test_two_claims_of_one_name(tmp_path: Path) -> None:
    assert _complaints(tmp_path, HEAD + ONE + ONE) == [
        ":10:5: an earlier claim has the name 'one'; choose another name"
    ]


def test_an_empty_file(tmp_path: Path) -> None:
    [line] = _complaints(tmp_path, "")
    assert line == ":1:1: the file is empty; a file of claims has the keys about, source, claims and undecidable"


def test_claims_are_no_cases(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(HEAD + ONE, encoding="utf-8")
    assert find(tmp_path) == []
    with pytest.raises(CaseFileError, match=r"claims\.yaml: holds claims and no cases; give a file of cases"):
        load(path)


def test_globs_tensors_and_filters_that_find_nothing_are_told() -> None:
    fields: dict[str, Any] = {"statement": "A statement.", "at": "the first page", "refuted_by": "Another one."}
    claim = Claim(
        name="one", cases=["cases/made/*", "cases/gone/*"], holds='shape("outptu") == shape("value")', **fields
    )
    other = Claim(name="two", cases=["cases/made/*"], where="axes == 3", holds='zeros("native_indices") == 0', **fields)
    file = claims.Claims(about="claims of a test", source="document: a test", claims=[claim, other])
    assert lost(file, [_made("max_pool", image=[4, 4], ksize=2)]) == [
        "one: no case matches 'cases/gone/*'",
        "one: none of its cases has a tensor 'outptu'",
        "two: `where` keeps none of its cases",
    ]


def test_the_shipped_claims_speak_of_shipped_cases() -> None:
    shipped = claims.load()
    assert len(shipped.claims) >= 25
    assert lost(shipped, loaded()) == []


def test_the_exported_schema_is_the_model() -> None:
    """Compare the file with the model. Update it with ``python -m cases schema claims > cases/claims.schema.json``."""
    text = (CASES / "claims.schema.json").read_text(encoding="utf-8")
    assert text == json.dumps(claims.json_schema(), indent=2) + "\n"


def test_everything_that_an_expression_may_ask_is_documented() -> None:
    page = (CASES.parent / "reports" / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*PROPERTIES, *ANSWER, *FUNCTIONS) if f"`{name}" not in page] == []


def test_an_expression_tells_its_names_and_what_it_hands_to_functions() -> None:
    made = expression('same("output", convolution("value", rotated("filter"))) and kernel | max > 1')
    assert made.names == {"same", "convolution", "rotated", "kernel"}
    assert sorted(made.handed) == [("convolution", "value"), ("rotated", "filter"), ("same", "output")]


CONV_TRANSPOSE = _made("conv_transpose", image=[5, 6], kernel=3, strides=2, padding="SAME", batch=2, in_channels=4)
BROKEN = _made(
    "conv_transpose",
    image=[5, 6],
    kernel=3,
    given={"padding": "FULL"},
    invalid={"rule": "padding", "reason": "it is no word"},
)


@pytest.mark.parametrize(
    ("case", "name", "expected"),
    [
        (CONV_TRANSPOSE, "operator", "conv_transpose"),
        (CONV_TRANSPOSE, "topic", "conv_transpose"),
        (CONV_TRANSPOSE, "tier", "exact"),
        (CONV_TRANSPOSE, "dtype", "float32"),
        (CONV_TRANSPOSE, "data_format", ""),
        (CONV_TRANSPOSE, "padding", "SAME"),
        (CONV_TRANSPOSE, "strides", (2, 2)),
        (CONV_TRANSPOSE, "dilations", (1, 1)),
        (CONV_TRANSPOSE, "kernel", (3, 3)),
        (CONV_TRANSPOSE, "image", (5, 6)),
        (CONV_TRANSPOSE, "output_shape", (2, 5, 6, 3)),
        (CONV_TRANSPOSE, "batch", 2),
        (CONV_TRANSPOSE, "channels", 4),
        (CONV_TRANSPOSE, "groups", 1),
        (CONV_TRANSPOSE, "axes", 2),
        (CONV_TRANSPOSE, "include_batch_in_index", False),
        (CONV_TRANSPOSE, "rule", ""),
        (BROKEN, "rule", "padding"),
        (BROKEN, "padding", "FULL"),
    ],
)
def test_what_a_case_says(case: Case, name: str, expected: object) -> None:
    assert properties(case, [name, "kind"]) == {name: expected}


@pytest.mark.parametrize(
    ("name", "sizes", "expected"),
    [
        ("strides_divide", {"image": [4, 6]}, True),
        ("strides_divide", {"image": [4, 5]}, False),
        ("padding_is_odd", {"image": [4, 5], "padding": "SAME"}, True),  # 5 columns are padded to 6
        ("padding_is_odd", {"image": [5, 5], "ksize": 3, "padding": "SAME"}, False),  # to 7
        ("pads", {"image": [5, 5], "ksize": 3, "padding": "SAME"}, True),
        ("pads", {"image": [4, 4], "padding": "SAME"}, False),
        ("windows_adjoin", {"image": [4, 6], "ksize": 2, "strides": 2}, True),
        ("windows_adjoin", {"image": [4, 6], "ksize": 2, "strides": 2, "padding": "SAME"}, True),
        ("windows_adjoin", {"image": [4, 6], "ksize": [1, 3], "strides": [2, 3]}, True),
        ("windows_adjoin", {"image": [4, 6], "ksize": [4, 1], "strides": 1}, True),  # a whole axis, and one element
        ("windows_adjoin", {"image": [4, 6], "ksize": [4, 1], "strides": [1, 2]}, False),
        ("windows_adjoin", {"image": [4, 6], "ksize": [6, 6], "strides": 1, "padding": [[1, 1], [0, 0]]}, False),
        ("windows_adjoin", {"image": [4, 6], "ksize": [1, 2], "strides": [1, 2], "dilations": [2, 1]}, True),
        ("windows_adjoin", {"image": [4, 6], "ksize": 2, "strides": 2, "dilations": 2}, False),
        ("windows_adjoin", {"image": [4, 6], "ksize": 2, "strides": 1}, False),
        ("windows_overlap", {"image": [4, 5]}, False),
        ("windows_overlap", {"image": [4, 5], "ksize": [2, 3]}, True),
        ("windows_overlap", {"image": [4, 3], "ksize": [2, 3]}, False),  # there is one column of windows
        ("windows_reach_end", {"image": [4, 6]}, True),
        ("windows_reach_end", {"image": [4, 5]}, False),
        ("windows_reach_end", {"image": [4, 5], "padding": "SAME"}, True),
        ("windows_tile", {"image": [4, 6]}, True),
        ("windows_tile", {"image": [4, 6], "ksize": [2, 3]}, False),  # two columns of windows, 2 apart
        ("windows_tile", {"image": [4, 5], "padding": "SAME"}, False),  # three
    ],
)
def test_what_follows_of_its_windows(name: str, sizes: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a result
    assert properties(_made("max_pool", **{"ksize": 2, "strides": 2, **sizes}), [name]) == {name: expected}


def test_a_pipeline_has_the_windows_of_all_its_calls_and_no_strides() -> None:
    """Read facts of a pipeline: 5 columns are no multiple of the stride 2, and the second convolution pads 3 to 4."""
    steps: list[dict[str, Any]] = [
        {"operator": "conv", "name": "down", "strides": 2, "kernel": 1},
        {"operator": "relu", "name": "active"},
        {"operator": "conv", "name": "again", "kernel": 2},
    ]
    case = make_pipeline(*steps, image=[4, 5], padding="SAME", channels=2, batch=3)
    names = ["operator", "image", "batch", "channels", "axes", "strides_divide", "padding_is_odd", "windows_overlap"]
    assert list(properties(case, names).values()) == ["pipeline", (4, 5), 3, 2, 2, False, True, True]
    for name in ("strides", "padding", "kernel", "dilations", "groups", "output_shape"):
        with pytest.raises(ValueError, match="a pipeline has no strides"):
            properties(case, [name])


def test_what_does_not_follow_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="FULL"):
        properties(BROKEN, ["pads"])
