"""Arguments that a case passes unchanged, and output shapes with an excess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases.loading.load import load
from cases.loading.yaml_document import CaseFileError
from cases.model.case import Case, TensorSpec, from_json, question, to_json
from cases.model.fill import fill

HEAD = "operator: {operator}\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
CONV = "name: a, image: [5, 5], kernel: 3"
TRANSPOSE = "name: a, image: [5, 6], kernel: 3, padding: SAME"
WRONG = "invalid: {{rule: {rule}, reason: a line for people}}"


def _write(folder: Path, keys: str, operator: str) -> Path:
    path = folder / "made.yaml"
    path.write_text(HEAD.format(operator=operator) + f"  - {{{keys}}}\n", encoding="utf-8")
    return path


def _case(folder: Path, keys: str, operator: str = "conv") -> Case:
    [case] = load(_write(folder, keys, operator))
    return case


def _complaint(folder: Path, keys: str, operator: str = "conv") -> str:
    path = _write(folder, keys, operator)
    with pytest.raises(CaseFileError) as caught:
        load(path)
    [line] = str(caught.value).split("\n")
    return line.removeprefix(str(path))


def test_what_is_given_is_kept_beside_what_follows(tmp_path: Path) -> None:
    case = _case(tmp_path, f"{CONV}, given: {{strides: [0, 0]}}, {WRONG.format(rule='stride')}")
    assert (case.strides, case.given) == ((1, 1), {"strides": (0, 0)})


def test_a_behaviour_may_be_given_anything(tmp_path: Path) -> None:
    case = _case(tmp_path, f"{CONV}, given: {{strides: 2}}, behaviour: a number may stand for all axes")
    assert case.given == {"strides": 2}


@pytest.mark.parametrize(
    ("operator", "keys", "expected"),
    [
        (
            "conv",
            f"{CONV}, given: {{stride: 0}}, {WRONG.format(rule='stride')}",
            ":5:41: a: no call has an argument 's",
        ),
        ("conv", f"{CONV}, given: {{indices: null}}, {WRONG.format(rule='type')}", ":5:41: a: no call has an ar"),
        (
            "conv",
            f"{CONV}, given: {{strides: [0, 0]}}",
            ":5:41: a: only an invalid case or a behaviour may have given arguments; remove given, or mark the case",
        ),
        ("conv", f"{CONV}, excess: [0, 1, 0, 0]", ":5:41: 'excess' is not a key of this place"),
        ("conv_transpose", f"{TRANSPOSE}, excess: [0, 1, 0]", ":5:56: a: excess has 3 entries, the output_shape 4"),
        (
            "conv_transpose",
            f"{TRANSPOSE}, excess: [0, 0.5, 0, 0]",
            ":5:68: this entry: input should be a valid integer",
        ),
        (
            "conv",
            f"{CONV}, given: {{strides: [1, 1]}}, {WRONG.format(rule='stride')}",
            ":5:67: a: marked invalid, but ",
        ),
    ],
)
def test_misuse(tmp_path: Path, operator: str, keys: str, expected: str) -> None:
    assert _complaint(tmp_path, keys, operator).startswith(expected)


def test_excess_is_added_to_the_output_shape(tmp_path: Path) -> None:
    keys = f"{TRANSPOSE}, batch: 2, excess: [0, 1, 0, -1], {WRONG.format(rule='channels')}"
    case = _case(tmp_path, keys, "conv_transpose")
    assert case.output_shape == (2, 6, 6, 2)
    assert case.inputs["value"].shape == (2, 5, 6, 2)


def test_a_tensor_of_its_own_dtype(tmp_path: Path) -> None:
    case = _case(tmp_path, f"{CONV}, filter: {{dtype: float64}}, {WRONG.format(rule='dtype')}")
    assert {name: array.dtype.name for name, array in fill(case).items()} == {"value": "float32", "filter": "float64"}


@pytest.mark.parametrize(
    "given",
    [
        {"strides": None},
        {"strides": "two"},
        {"strides": (1.5, 1.5)},
        {"strides": ()},
        {"padding": ((1, 1), (0, 2))},
        {"padding": ((0.5, 0.5),)},
        {"value": None, "groups": 2**63 - 1},
    ],
    ids=repr,
)
def test_what_is_given_survives_strict_json(tmp_path: Path, given: dict[str, Any]) -> None:
    plain = _case(tmp_path, CONV)
    case = from_json(to_json(plain) | {"given": given})
    assert case.given == given
    for data in (to_json(case), question(case)):
        assert from_json(json.loads(json.dumps(data, allow_nan=False))).given == given


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_dtypes_that_are_no_real_numbers_are_filled(dtype: str) -> None:
    spec = TensorSpec(shape=(1, 40, 1), dtype=dtype, fill="ties")
    case = Case(id="made", operator="max_pool", inputs={"value": spec}, strides=(1,), padding="VALID", ksize=(1,))
    value = fill(case)["value"]
    assert (value.dtype.name, value.shape) == (dtype, spec.shape)
    assert np.unique(value).size > 1
    np.testing.assert_array_equal(value, fill(case)["value"])


@pytest.mark.parametrize("value", ["2026-01-01", "!!set {a, b}", "!!binary aGk=", "{a: 1}", "[1, 2026-01-01]"])
def test_what_no_call_could_say_is_refused_where_it_stands(tmp_path: Path, value: str) -> None:
    line = _complaint(tmp_path, f"{CONV}, given: {{strides: {value}}}, {WRONG.format(rule='type')}")
    assert line.startswith(":5:")
    assert "give null, true, a number, a text, or a list of these" in line


def test_a_wrong_cotangent_has_its_gradients_asked(tmp_path: Path) -> None:
    case = _case(tmp_path, f"{CONV}, gradients: true, cotangent: {{shape: [1, 2, 3, 3]}}, {WRONG.format(rule='shape')}")
    assert (case.gradients, case.inputs["cotangent"].shape) == (("value", "filter"), (1, 2, 3, 3))
    given = _case(tmp_path, f"{CONV}, gradients: [value], given: {{cotangent: null}}, {WRONG.format(rule='type')}")
    assert given.given == {"cotangent": None}
    assert given.inputs["cotangent"].shape == (1, 3, 3, 3)
    wrong = f"{CONV}, gradients: true, strides: 0, {WRONG.format(rule='stride')}"
    assert ": a: the output of this wrong call has no shape, so give the cotangent's: " in _complaint(tmp_path, wrong)
