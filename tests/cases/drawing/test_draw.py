"""Joint draws: the committed files, what occurs together in them, and the command."""

from __future__ import annotations

import functools
import math
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import cases
from adapters.oracle import Oracle
from cases.__main__ import main
from cases.coverage import dimensions, numbers, sizes
from cases.drawing.command import file_of
from cases.drawing.draw import Drawn, draw
from cases.drawing.stream import Stream
from cases.drawing.wrong import draw_unlike
from cases.loading.load import load
from cases.model import fill, shapes
from cases.model.case import OPERATORS, Case

CASES = Path(cases.__file__).parent
EVERY = 10
"""One of so many committed calls is drawn again here: a call depends on its place alone, and all take long."""
ENOUGH = 12
"""So many fresh calls of an operator are drawn and answered."""


def _path(operator: str, topic: str = "drawn") -> Path:
    return CASES / operator / f"{topic}.yaml"


@functools.cache
def _committed(operator: str, topic: str = "drawn") -> tuple[Case, ...]:
    return tuple(load(_path(operator, topic)))


def _all() -> list[Case]:
    return [case for operator in OPERATORS for case in _committed(operator)]


@pytest.mark.parametrize(
    ("topic", "option"), [("drawn", ""), ("large", " --large"), ("layers", " --layers"), ("rare", " --rare")]
)
@pytest.mark.parametrize("operator", OPERATORS)
def test_the_committed_file_is_what_the_command_writes(operator: str, topic: str, option: str) -> None:
    lines = _path(operator, topic).read_text(encoding="utf-8").splitlines()
    start = lines.index("cases:") + 1
    command = rf"`python -m cases draw {operator} --seed (\d+) --number (\d+){option}`"
    found = re.search(command, "\n".join(lines[:start]))
    assert found
    seed, number = map(int, found.groups())
    assert len(lines) - start == number
    drawn = Drawn(kind=option.removeprefix(" --") or "joint")
    for place in range(1, number + 1, EVERY):
        drawn.add(operator, seed, place)
    text = file_of(operator, seed, drawn).replace(f"--number {len(drawn.entries)}", f"--number {number}")
    assert text.splitlines() == [*lines[:start], *lines[start::EVERY]]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_value_of_every_dimension_is_drawn(operator: str) -> None:
    """A value that the committed calls happen to lack is among the next ones of the same seed.

    For values of size and of numbers there are other files.
    """
    elsewhere = {*sizes.VALUES, *numbers.VALUES}
    wanted = {value for value in dimensions.all_values(operator) if value[0] not in elsewhere}
    found = {value for case in _committed(operator) for value in dimensions.values(case)}
    if wanted - found:
        found |= {value for case in _further(operator) for value in dimensions.values(case)}
    assert wanted - found == set()


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_wrong_calls_are_what_the_command_writes_and_all_unlike(operator: str) -> None:
    drawn = draw_unlike(operator, 1, 12)
    text = file_of(operator, 1, drawn).replace("--number 12", f"--number {len(_committed(operator, 'invalid_drawn'))}")
    lines = _path(operator, "invalid_drawn").read_text(encoding="utf-8").splitlines()
    assert lines[: len(text.splitlines())] == text.splitlines()
    broken = [(case.broken, len(case.strides)) for case in _committed(operator, "invalid_drawn")]
    kinds = [(wrong.rule, wrong.argument, axes) for wrong, axes in broken if wrong]
    assert len(kinds) == len({*kinds}) == len(broken)
    assert {axes for _, _, axes in kinds} == {1, 2, 3}


def _further(operator: str) -> list[Case]:
    number, drawn = len(_committed(operator)), Drawn()
    for place in range(number + 1, 2 * number + 1):
        drawn.add(operator, 1, place)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases" / operator / "drawn.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(file_of(operator, 1, drawn), encoding="utf-8")
        return load(path)


@pytest.mark.parametrize("operator", OPERATORS)
def test_nearly_every_pair_of_values_is_drawn(operator: str) -> None:
    """A draw does not aim at pairs; the files ``pairs.yaml`` do."""
    found = {pair for case in _committed(operator) for pair in dimensions.pairs(dimensions.values(case))}
    elsewhere = {*sizes.VALUES, *numbers.VALUES}
    wanted = {pair for pair in dimensions.all_pairs(operator) if elsewhere.isdisjoint(name for name, _ in pair)}
    assert len(found & wanted) > 0.7 * len(wanted)


def _is_mirrored(case: Case) -> bool:
    """Tell whether the first of three axes is also the third, and the second is another one."""
    axes = shapes.axes(case)
    return len(axes) == 3 and axes[0] == axes[2] != axes[1]


TOGETHER: dict[str, Callable[[Case], bool]] = {
    "gradients with output_padding": lambda c: bool(c.gradients) and max(c.output_padding or (0,)) > 0,
    "groups, dilations and float16": lambda c: c.groups > 1 and max(shapes.dilations(c)) > 1 and c.dtype == "float16",
    "wide groups, dilations, channels-first and gradients": lambda c: (
        c.groups > 1 and max(shapes.dilations(c)) > 1 and c.channels_first and bool(c.gradients)
    ),
    "three axes, of which two are alike": _is_mirrored,
    "three axes, all different": lambda c: len(c.strides) == 3 and len(set(shapes.image_size(c))) == 3,
    "many channels, channels-first": lambda c: c.channels_first and c.inputs["value"].shape[-1] > 16,
    "an index through the batch, explicit padding and gradients": lambda c: (
        c.include_batch_in_index and not isinstance(c.padding, str) and bool(c.gradients)
    ),
    "a special value in a channels-first call with gradients": lambda c: (
        c.tier == "special" and c.channels_first and bool(c.gradients)
    ),
    "a larger kernel, unequal strides and bfloat16": lambda c: (
        max(shapes.kernel_size(c)) > 4 and len(set(c.strides)) > 1 and c.dtype == "bfloat16"
    ),
    "a long row": lambda c: len(c.strides) == 1 and shapes.image_size(c)[0] > 256,
    "padding on one side alone": lambda c: (
        not isinstance(c.padding, str) and all(0 in pair for pair in c.padding) and any(map(any, c.padding))
    ),
}


@pytest.mark.parametrize("words", TOGETHER)
def test_values_of_several_dimensions_occur_together(words: str) -> None:
    assert len([case.id for case in _all() if TOGETHER[words](case)]) > 2


BEYOND: dict[str, Callable[[Case], bool]] = {
    "channels": lambda c: c.inputs["value"].shape[-1] > 63 or shapes.out_channels(c) > 63,
    "a window": lambda c: math.prod(shapes.kernel_size(c)) > 256,
    "an image": lambda c: math.prod(shapes.image_size(c)) > 2**16,
    "a batch": lambda c: c.inputs["value"].shape[0] > 15,
    "a stride": lambda c: max(c.strides) > 7,
    "a dilation": lambda c: max(shapes.dilations(c)) > 6,
}


@pytest.mark.parametrize("words", BEYOND)
@pytest.mark.parametrize("operator", OPERATORS)
def test_each_quantity_is_large_in_some_committed_call(operator: str, words: str) -> None:
    found = [case for case in _committed(operator, "large") if BEYOND[words](case)]
    assert found
    assert all(case.inputs["value"].shape[0] for case in found), "an empty batch shows nothing"


def test_every_large_call_has_a_quantity_that_is_large() -> None:
    every = [case for operator in OPERATORS for case in _committed(operator, "large")]
    many_groups = BEYOND | {"groups": lambda case: case.groups > 5}
    assert [case.id for case in every if not any(is_large(case) for is_large in many_groups.values())] == []


@pytest.mark.parametrize("operator", OPERATORS)
def test_fresh_draws_are_exact(operator: str, tmp_path: Path) -> None:
    """The oracle is not asked where calls are drawn. It raises NotExact where a bound is wrong.

    ``test_oracle_shipped`` asks it about every committed call.
    """
    path = tmp_path / "cases" / operator / "fresh.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(file_of(operator, 4, draw(operator, 4, ENOUGH)), encoding="utf-8")
    for case in load(path):
        assert set(case.outputs) == set(Oracle().run(case, fill.fill(case))), case.id


@pytest.mark.parametrize("operator", OPERATORS)
def test_rejected_sizes_take_no_options_away(operator: str) -> None:
    drawn = draw(operator, 3, ENOUGH)
    assert drawn.given_up == []
    assert drawn.rejected.total() < 4 * ENOUGH


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    assert draw("max_pool", 5, 6).entries[:3] == draw("max_pool", 5, 3).entries


def test_two_seeds_differ_and_one_does_not() -> None:
    assert draw("conv", 1, 3).entries == draw("conv", 1, 3).entries
    assert draw("conv", 1, 3).entries != draw("conv", 2, 3).entries


def test_the_stream_is_the_same_everywhere() -> None:
    stream = Stream(key="a key")
    assert [stream.below(1000) for _ in range(5)] == [679, 121, 582, 224, 660]
    assert stream.weighted({"never": 0, "always": 3}) == "always"


def test_the_command_prints_a_file_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "avg_unpool", "--seed", "11", "--number", "4"]) == 0
    output, counted = capsys.readouterr()
    path = tmp_path / "cases" / "avg_unpool" / "fresh.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(output, encoding="utf-8")
    assert [case.id for case in load(path)] == [f"cases/avg_unpool/fresh.yaml::d00{place}" for place in (1, 2, 3, 4)]
    assert re.fullmatch(r"4 calls; \d+ sizes rejected.*\n", counted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deconv", "--seed", "1", "--number", "1"], "there is no operator 'deconv'; there are: conv, conv_transpose,"),
        (["conv", "--seed", "x", "--number", "1"], "seed is 'x', not an integer from 0 to 4294967295"),
        (["conv", "--seed", "-1", "--number", "1"], "seed is '-1', not an integer from 0 to 4294967295"),
        (["conv", "--seed", "1", "--number", "0"], "number is '0', not an integer from 1 to 10000"),
        (["conv", "--seed", "1", "--number", "9" * 5000], "number is '99"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", *arguments]) == 1
    output, error = capsys.readouterr()
    assert (output, error.count("\n")) == ("", 1)
    assert error.startswith(message)
