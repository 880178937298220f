"""A convention gets a name only if its rule gives every element."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact, Oracle
from adapters.outcome import Returned
from cases.model.case import Case
from reports.pages.conventions import indices
from tests.reports.making import TORCH, make, oracle, record, right

POOLS = [make("max_pool_argmax", name=f"n{n}", batch=2, image=[5, 6], ksize=3) for n in "ab"]
SIZE = 5 * 6 * 3
BATCH = np.arange(2).reshape(2, 1, 1, 1)
PLANES = BATCH * 3 + np.arange(3)


def _native(case: Case, index: Any) -> Returned:
    return Returned(arrays={**right(case), "native_indices": index})


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (lambda flat: flat, "flat over the image, channels last"),
        (lambda flat: flat + BATCH * SIZE, "flat over batch and image, channels last"),
        (lambda flat: flat // 3, "flat over one plane"),
        (lambda flat: flat // 3 + PLANES * 30, "flat over all planes, channels first"),
        (
            lambda flat: flat // 3 % 6 * 5 + flat // 3 // 6 + PLANES * 30,
            "flat over all planes, channels first, by columns",
        ),
        (lambda flat: flat[::-1], "none of the known"),
    ],
)
def test_a_native_index_is_named(tmp_path: Path, rule: Callable[[Any], Any], name: str) -> None:
    answers = [(case, TORCH, _native(case, rule(right(case)["indices"]))) for case in POOLS]
    run = record(tmp_path, [*map(oracle, POOLS), *answers])
    assert indices.native(run, [TORCH]).to_dict("records") == [
        {
            "target": TORCH,
            "index": name,
            "with include_batch_in_index": "not asked",
            "dtype": "int64",
            "cases": 2,
        }
    ]


def test_padded_cases_say_nothing_and_the_batch_is_told_apart(tmp_path: Path) -> None:
    padded = make("max_pool_argmax", name="padded", padding=[[1, 0], [0, 1]], ksize=3)
    batch = make("max_pool_argmax", name="batch", batch=2, include_batch_in_index=True)
    answers = [(case, TORCH, _native(case, right(case)["indices"])) for case in (padded, batch)]
    run = record(tmp_path, [oracle(padded), oracle(batch), *answers])
    (row,) = indices.native(run, [TORCH]).to_dict("records")
    assert (row["index"], row["cases"]) == ("not asked", 1)
    assert row["with include_batch_in_index"] == "flat over batch and image, channels last"


@pytest.mark.parametrize(
    "fields",
    [{"image": [5, 6], "ceil_mode": "drop"}, {"image": [4, 6], "special": "nan", "value": {"special": "nan"}}],
)
def test_windows_beyond_the_image_and_of_several_nan_say_nothing(tmp_path: Path, fields: dict[str, Any]) -> None:
    case = make("max_pool_argmax", name="unlike", **fields)
    run = record(tmp_path, [oracle(case), (case, TORCH, _native(case, right(case)["indices"]))])
    (row,) = indices.native(run, [TORCH]).to_dict("records")
    assert row["cases"] == 0


def test_an_answer_whose_maxima_are_wrong_says_nothing_of_indices(tmp_path: Path) -> None:
    """A kernel that reads another window has another window's indices, by whatever rule."""
    one, other = POOLS
    wrong = Returned(
        arrays={name: array[::-1] for name, array in _native(other, right(other)["indices"]).arrays.items()}
    )
    answers = [(one, TORCH, _native(one, right(one)["indices"])), (other, TORCH, wrong)]
    (row,) = indices.native(record(tmp_path, [*map(oracle, POOLS), *answers]), [TORCH]).to_dict("records")
    assert (row["index"], row["cases"]) == ("flat over the image, channels last", 1)


TWICE = make(
    "max_unpool",
    name="twice",
    image=[3, 3],
    channels=1,
    strides=1,
    value={"values": [1, 2, 4, 8]},
    indices={"values": [4, 4, 0, 0]},
    behaviour="two values for each place",
)


@pytest.mark.parametrize(
    ("at0", "at4", "name"),
    [
        (12, 3, "sum"),
        (4, 1, "first"),
        (8, 2, "last"),
        (4, 2, "neither: it varies from place to place"),
    ],
)
def test_the_fate_of_duplicates_is_named(tmp_path: Path, at0: int, at4: int, name: str) -> None:
    image = np.zeros((1, 3, 3, 1), np.float32)
    image.flat[[0, 4]] = at0, at4
    case = TWICE.__class__(**{f: getattr(TWICE, f) for f in TWICE.__slots__} | {"id": "cases/x/duplicates.yaml::a"})
    run = record(tmp_path, [(case, TORCH, Returned(arrays={"output": image}))])
    assert indices.duplicates(run, [TORCH]).to_dict("records") == [{"case": "a", TORCH: name}]


def test_a_native_array_of_another_operator_is_not_asked_for_its_convention(tmp_path: Path) -> None:
    case = make("max_pool")
    run = record(tmp_path, [oracle(case), (case, TORCH, Returned(arrays={"native_indices": right(case)["output"]}))])
    assert indices.native(run, [TORCH]).to_dict("records")[0]["index"] == "not asked"


@pytest.mark.parametrize("fault", [InvalidCall, NotExact, NotSupported])
def test_a_case_that_the_oracle_cannot_answer_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    answered, lost = POOLS
    answers = [(case, TORCH, _native(case, right(case)["indices"])) for case in POOLS]
    run = record(tmp_path, [oracle(answered), *answers])
    define = Oracle.run

    def fail(self: Oracle, case: Case, inputs: dict[str, Any]) -> dict[str, Any]:
        if case.id == lost.id:
            raise fault(case.id)
        return define(self, case, inputs)

    monkeypatch.setattr(Oracle, "run", fail)
    (row,) = indices.native(run, [TORCH]).to_dict("records")
    assert (row["index"], row["cases"]) == ("flat over the image, channels last", 1)
