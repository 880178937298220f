"""A case becomes an entry that gives it again, and an entry becomes the smallest one that shows the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import cases
from cases.coverage.feasible import build_call
from cases.drawing.entry import entry_of
from cases.drawing.smaller import MOST_ASKED, smallest
from cases.drawing.text import flow
from cases.loading.load import find, load
from cases.loading.sizes import BuildError
from cases.model import rules
from cases.model.case import Case
from cases.model.fill import fill
from tests.cases.shipped import loaded

FOLDER = Path(cases.__file__).parent
FILES = [path for path in find(FOLDER) if path.parent.name != "pipelines"]
LARGE: dict[str, Any] = {
    "image": [12, 14, 12],
    "kernel": [2, 3, 2],
    "strides": [2, 1, 2],
    "padding": [[0, 1], [1, 0], [0, 1]],
    "dilations": [2, 2, 2],
    "in_channels": 6,
    "out_channels": 9,
    "groups": 3,
    "batch": 3,
    "bias": True,
    "data_format": "NCDHW",
    "dtype": "float64",
    "gradients": True,
    "data": "integers",
}


@pytest.mark.parametrize("path", FILES[::4], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_case_becomes_an_entry_that_gives_it_again(path: Path) -> None:
    for case in load(path)[::3]:
        fields = entry_of(case)
        if fields is None:  # no single entry that is tried gives it
            assert case.id == "cases/conv_transpose/invalid_output_padding.yaml::beside-a-size-that-fits" or case.steps
            continue
        read = yaml.safe_load(flow(fields))
        again = replace(build_call(case.operator, read), id=case.id, about=case.about, source=case.source)
        assert again == replace(case, expected=None, slow=False)


def test_texts_and_numbers_that_yaml_would_read_otherwise_are_quoted() -> None:
    value = {"a": ["no", "NCHW", "2", "a: b", 'say "x"', None, True, 1.5, -0.0, float("inf"), float("-inf")]}
    assert yaml.safe_load(flow(value)) == value
    assert np.isnan(yaml.safe_load(flow({"a": float("nan")}))["a"])
    assert flow(value).startswith('{a: ["no", NCHW, "2", ')


@functools.cache
def _made(text: str, operator: str) -> Case | None:
    try:
        made = build_call(operator, yaml.safe_load(text))
    except (BuildError, ValueError, ZeroDivisionError, IndexError):
        return None
    return replace(made, id="smallest/any.yaml::w01")


def _smallest(fields: dict[str, Any], shows: Callable[[Case], bool], operator: str = "conv") -> tuple[Any, int]:
    def make(tried: dict[str, Any]) -> Case | None:
        return _made(flow(tried), operator)

    search, asked = smallest(fields, make), set()
    try:
        tried = next(search)
        while True:
            case = make(tried)
            assert case is not None
            assert flow(tried) not in asked, "a call is asked twice"
            asked.add(flow(tried))
            tried = search.send(shows(case))
    except StopIteration as end:
        return end.value, len(asked)


@pytest.mark.parametrize(
    ("shows", "kept"),
    [
        (lambda _: True, {"image": [1], "kernel": [1], "in_channels": 1, "out_channels": 1, "batch": 1}),
        (lambda case: case.dtype == "float64", {"dtype": "float64", "image": [1]}),
        (lambda case: case.groups > 1, {"groups": 2, "in_channels": 2, "out_channels": 2, "kernel": [1]}),
        (lambda case: len(case.strides) == 3, {"image": [1, 1, 1], "strides": [1, 1, 1]}),
        (lambda case: case.channels_first and case.dilations, {"data_format": "NCW", "dilations": [1]}),
        (lambda case: bool(case.gradients), {"gradients": True, "image": [1]}),
        (lambda case: case.inputs["value"].shape[0] * case.inputs["value"].shape[-1] >= 4, {"batch": 1}),
        (lambda case: case.inputs["value"].shape[1] >= 7, {"image": [7]}),
        (lambda case: "bias" in case.inputs and case.dtype != "float32", {"dtype": "float64"}),
    ],
)
def test_what_a_finding_does_not_need_goes(shows: Callable[[Case], bool], kept: dict[str, Any]) -> None:
    found, asked = _smallest(LARGE, shows)
    assert {name: found[name] for name in kept} == kept
    assert asked <= MOST_ASKED
    needed = {"image", "kernel", "strides", "padding", "batch", "in_channels", "out_channels", "dtype"}
    assert found.keys() - needed - kept.keys() <= {"value", "filter", "bias", "cotangent"}


def test_numbers_become_zeros_and_ones_where_they_do_not_matter() -> None:
    def shows(case: Case) -> bool:
        value = fill(case)["value"].ravel()
        return bool(value.size >= 3 and value[1] > 0 and value[2] < -1)

    found, _ = _smallest({"image": [6], "kernel": [1], "in_channels": 1, "data": "integers"}, shows)
    _, second, third = found["value"]["values"][:3]
    assert (second, third < -1) == (1, True)
    assert set(found["filter"]["values"]) == {0}


def test_an_axis_goes_with_its_part_of_every_shape() -> None:
    wrong = {
        "image": [6, 7],
        "kernel": [3, 3],
        "in_channels": 2,
        "filter": {"shape": [3, 3, 5, 3]},
        "invalid": {"rule": "channels", "reason": "the filter takes 5 channels, the value has 2"},
    }
    shown: list[Case] = []

    def shows(case: Case) -> bool:
        shown.append(case)
        return case.broken is not None and case.broken.rule == "channels"

    found, _ = _smallest(wrong, shows)
    assert (found["filter"]["shape"], found["image"]) == ([1, 2, 1], [1])
    # A filter whose shape is written out may come to be larger than the image: that would be a second fault.
    assert {(fault.rule, fault.argument) for case in shown for fault in rules.all_broken(case)} == {
        ("channels", "filter")
    }


def test_a_search_ends_even_if_nothing_smaller_shows_it() -> None:
    found, asked = _smallest(LARGE, lambda _: False)
    assert found == LARGE
    assert 20 < asked < MOST_ASKED


def test_a_search_begins_whatever_is_wrong_with_the_call() -> None:
    for case in (case for case in loaded() if not case.has_answer and not case.steps):
        fields = entry_of(case)
        if fields is not None:
            search = smallest(fields, lambda tried, case=case: _made(flow(tried), case.operator))  # type: ignore[misc]
            for _ in search:
                break
