"""Files that would eat the machine or run code are refused in a line, at once."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from cases.loading.expressions import expression
from cases.loading.load import load
from cases.loading.yaml_document import CaseFileError

HEAD = "operator: conv\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
ENTRY = "  - {name: a, image: [5, 5], kernel: 3}\n"
_NINE = "[{}]".format(", ".join(["*a{}"] * 9))


def _doubling(words: str) -> str:
    """Lines each of which has nine aliases of the one before."""
    return "".join(words.format(number, ", ".join([f"*a{number - 1}"] * 9)) for number in range(1, 9))


def _call(fields: str) -> str:
    return f"{HEAD}  - {{name: a, image: [5, 5], kernel: 3, {fields}}}\n"


FILES = {
    "aliases": ("a0: &a0 [x]\n" + _doubling("a{0}: &a{0} [{1}]\n") + HEAD + ENTRY, "values, aliases written out, and "),
    "merges": ("a0: &a0 {x: 1}\n" + _doubling("a{0}: &a{0} {{<<: [{1}]}}\n") + HEAD + ENTRY, "values, aliases written"),
    "values": (
        _call(f"value: {{values: [{','.join('1' * 250_000)}]}}"),
        "values, aliases written out, and 200,000 are",
    ),
    "entries": (HEAD + ENTRY * 100_000, "has more than 1 MiB; write several files"),
    "depth": (_call(f"given: {{strides: {'[' * 5000}{']' * 5000}}}"), "nesting depth"),
    "number": (_call(f"strides: {'9' * 5000}"), "9999...' is not a valid value"),
    "grid": (
        f"{HEAD}  - {{image: [5, 5], grid: {{batch: {[*range(1, 1001)]}, in_channels: {[*range(1, 1001)]}}}}}\n",
        "the grid has 1,000,000 combinations, and 20,000 are the most; write several entries",
    ),
    "image": (_call("batch: 100000000"), "elements, and 268,435,456 are the most; make it smaller"),
    "cotangent": (
        f"{HEAD}  - {{name: a, image: [5, 5], kernel: 3, out_channels: 60000000, in_channels: 1, gradients: true}}\n",
        "elements, and 268,435,456 are the most",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_would_eat_the_machine_is_refused_at_once(tmp_path: Path, name: str) -> None:
    text, message = FILES[name]
    path = tmp_path / "made.yaml"
    path.write_text(text, encoding="utf-8")
    began = time.perf_counter()
    with pytest.raises(CaseFileError) as caught:
        load(path)
    assert time.perf_counter() - began < 10
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9 ** (9 ** 9) > 1", "a power has more than 10,000 bits"),
        ("('x' * 10 ** 9) == ''", "* is for two numbers"),
        ("([0] * 10 ** 9) == []", "* is for two numbers"),
        ("'%999999999d' % 1 == ''", "% is for two numbers"),
        ("lipsum() == ''", "'lipsum' is undefined"),
        ("range(10 ** 9) == 1", "'range' is undefined"),
        ("'x' | center(10 ** 9) == ''", "No filter named 'center'"),
        ("'x'.ljust(10 ** 9) == ''", "an expression can't hold this: call"),
        ("x.__class__ == 1", "an expression can't hold this: getattr"),
        ("5 | round(-3000000) == 0", "No filter named 'round'"),
        ("x | sum('real') == 1", "an expression can't hold this: filter"),
        ("x['real'] == 1", "an expression can't hold this: getitem"),
        (" and ".join(["x == 1"] * 200), "too many parts in a row"),
        ("x ~ x == 1", "an expression can't hold this: concat"),
        ("{'a': 1} == 1", "an expression can't hold this: dict"),
        (f"{'(' * 1500}1{')' * 1500} == 1", "nested too deeply"),
        (f"{'1 == 1 or ' * 500}true", "an expression has 4,000 characters at most"),
    ],
)
def test_an_expression_compares_and_reckons_and_no_more(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        expression(text).holds({"x": 1})


def test_what_facts_and_grids_say_can_be_said() -> None:
    facts = {"strides": (1, 2), "kernel": (3, 3), "padding": "SAME", "batch": 2}
    for text in (
        "strides | max > 1 and (kernel[0] - 1) * 2 >= 4",
        "padding in ['SAME'] and batch ** 2 == 4",
        "2 ** -1 < 1",
    ):
        assert expression(text).holds(facts)
