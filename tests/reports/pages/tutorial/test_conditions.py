"""The simplest condition that separates right cases from wrong ones. It must do so in every case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cases.model.case import Case
from reports.pages.tutorial.conditions import Word, condition, sentence
from tests.reports.making import make

CASES = [
    make("conv_transpose", name=f"k{kernel}s{stride}x{other}", kernel=kernel, strides=[stride, other], image=[9, 8])
    for kernel in (1, 2, 3)
    for stride in (1, 2, 3)
    for other in (1, 2, 3)
]
WORDS: dict[str, Word] = {
    "the stride is 1": lambda _, axis: axis.stride == 1,
    "the stride is 2": lambda _, axis: axis.stride == 2,
    "the kernel is 1": lambda _, axis: axis.kernel == 1,
    "the kernel is 2": lambda _, axis: axis.kernel == 2,
    "the padding is SAME": lambda case, _: case.padding == "SAME",
}


def _found(right: Callable[[Case], bool]) -> list[tuple[str, ...]] | None:
    return condition(CASES, [right(case) for case in CASES], WORDS)


def test_a_word_must_hold_on_each_axis() -> None:
    assert _found(lambda case: case.strides == (1, 1)) == [("the stride is 1",)]
    assert _found(lambda case: case.strides[0] == 1) is None


def test_one_of_several_may_hold_on_an_axis_and_another_on_the_other() -> None:
    assert _found(lambda case: max(case.strides) <= 2) == [("the stride is 1",), ("the stride is 2",)]


def test_words_that_must_hold_together_are_one_group() -> None:
    assert _found(lambda case: case.strides == (2, 2) and case.inputs["filter"].shape[0] == 1) == [
        ("the stride is 2", "the kernel is 1")
    ]


def test_what_no_words_tell_is_not_told() -> None:
    assert _found(lambda case: case.inputs["filter"].shape[0] == 3) is None


def test_all_or_nothing_needs_no_words() -> None:
    assert _found(lambda _: True) == [()]
    assert _found(lambda _: False) == []


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([("a", "b"), ("c",)], "exactly where, on each axis, a and b; or c"),
        ([()], "everywhere"),
        ([], "nowhere"),
        (None, "in some cases, and no 3 of these conditions tell which: x; y"),
    ],
)
def test_a_condition_ends_a_sentence(groups: list[tuple[str, ...]] | None, text: str) -> None:
    assert sentence(groups, dict.fromkeys("xy", WORDS["the stride is 1"])) == text
