"""The text of a call: how it runs, and what can be told from an exception in it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from adapters.program import call_lines, execute, inside, stage

TEXT = """\
def f(x):
    return {body}
y = x + 1
result = f(
    y,
)
outputs = {{"output": result}}
"""


def test_the_text_runs_in_a_copy_of_the_namespace() -> None:
    namespace = {"x": 1}
    assert execute(TEXT.format(body="x * 2"), namespace) == {"output": 4}
    assert namespace == {"x": 1}


def test_a_function_of_the_text_has_its_source_as_in_a_pasted_program() -> None:
    outputs = execute(TEXT.format(body="f"), {"x": 1})
    assert inspect.getsource(outputs["output"]).startswith("def f(x):")


def test_our_own_future_imports_do_not_leak_into_the_text() -> None:
    text = "def f(x: np.ndarray): pass\nresult = f.__annotations__['x']\noutputs = {'output': result}\n"
    assert execute(text, {"np": np})["output"] is np.ndarray


def test_a_text_without_outputs_is_an_error() -> None:
    with pytest.raises(LookupError, match="sets no `outputs`"):
        execute("result = 1\n", {})


@pytest.mark.parametrize(
    ("body", "before", "after", "expected"),
    [
        ("1", "1 / 0", "", "preparing"),
        ("1 / 0", "", "", "calling"),
        ("1", "", "1 / 0", "reading"),
    ],
)
def test_the_outermost_line_of_the_text_gives_the_stage(body: str, before: str, after: str, expected: str) -> None:
    """A function that stands above the call and runs in it is part of the call."""
    text = f"{before}\n{TEXT.format(body=body)}{after}\n"
    with pytest.raises(ZeroDivisionError) as caught:
        execute(text, {"x": 1})
    assert stage(caught.value, text) == expected


def test_an_exception_from_elsewhere_has_no_stage() -> None:
    text = TEXT.format(body="1")
    assert stage(ValueError("never raised"), text) is None
    with pytest.raises(SyntaxError) as caught:
        execute("result = = 1\n", {})
    assert stage(caught.value, "result = = 1\n") is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [("1 / 0", True), ("sum(1 / 0 for _ in range(2))", True), ("int", False)],
)
def test_a_function_of_the_text_that_the_call_runs_is_told_from_the_call_alone(body: str, *, expected: bool) -> None:
    text = f"def f(y):\n    return {body}\nresult = f(1) / 0\noutputs = {{}}\n"
    with pytest.raises((ZeroDivisionError, TypeError)) as caught:
        execute(text, {})
    assert stage(caught.value, text) == "calling"
    assert inside(caught.value) is expected


def test_an_exception_from_elsewhere_is_inside_nothing() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("x")
    assert not inside(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT.format(body="1"), (4, 6)),
        ("result = 1", (1, 1)),
        ("", None),
        ("x = 1\n", None),
        ("result = 1\nresult = 2\n", None),
        ("if True:\n    result = 1\n", None),
        ("x = '''\nresult = 1\n'''\n", None),
    ],
)
def test_the_call_is_the_one_statement_that_starts_with_result(text: str, expected: tuple[int, int] | None) -> None:
    assert call_lines(text) == expected
