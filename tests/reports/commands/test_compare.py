"""The command that says what changed between two runs: its groups, its formats, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Outcome, Raised, Returned
from cases.model.case import Case
from reports import __main__ as command
from tests.reports.making import JAX, TORCH, Answer, make, oracle, record, right

FIRST = [make("conv", f"first-{size}", image=[size, 7], data_format="NCHW") for size in (5, 6)]
LAST = [make("conv", f"last-{size}", image=[size, 7]) for size in (5, 6)]
POOL = make("max_pool", "pool")
REFUSED = Raised(type="ValueError", message="only NHWC, and not <b>`NCHW`</b> | 3", stage="calling")


def _right(case: Case) -> Outcome:
    return Returned(arrays=right(case))


def _run(folder: Path, outcomes: dict[str, Outcome], target: str = TORCH) -> str:
    """Record a run in which each case is answered rightly, but for these outcomes by the case's name."""
    answers: list[Answer] = []
    for case in (*FIRST, *LAST, POOL):
        answers += [oracle(case), (case, target, outcomes.get(case.name, _right(case)))]
    return str(record(folder, answers).path)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    """An old run, and a new one that refuses channels-first and returns another maximum."""
    wrong = Returned(arrays={"output": -right(POOL)["output"]})
    new: dict[str, Outcome] = {**dict.fromkeys((case.name for case in FIRST), REFUSED), "pool": wrong}
    return _run(tmp_path / "old", {}), _run(tmp_path / "new", new)


def _compare(runs: tuple[str, str], *options: str) -> int:
    return command.main(["compare", runs[1], "--against", runs[0], *options])


def test_changes_that_are_alike_are_one_group_with_its_condition(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _compare(runs) == 1
    said = capsys.readouterr().out
    refused = "ValueError while calling: only NHWC, and not <b>`NCHW`</b> | 3"
    assert said.startswith(
        "worse:\n"
        f"  PyTorch 2.13.0: conv: before: right; now: {refused}; 2 answers of 2 cases\n"
        '    where operator == "conv" and channels_first\n'
        f"    smallest: {FIRST[0].id} on {TORCH}\n"
        "  PyTorch 2.13.0: max_pool: before: right; now: wrong, output differs in "
    )
    assert f"  {FIRST[1].id}[{TORCH}]: before: right; now: {refused}\n" in said
    assert said.endswith("5 answers compared, of PyTorch: 3 worse\n")


def test_json_has_every_answer(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _compare(runs, "--format", "json") == 1
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert said["changed"] == {"worse": 3}
    assert [group["smallest"] for group in said["groups"]] == [FIRST[0].id, POOL.id]
    answers = said["groups"][0]["answers"]
    assert [answer["case"] for answer in answers] == [case.id for case in FIRST]
    assert answers[0]["now"] == "ValueError while calling: only NHWC, and not <b>`NCHW`</b> | 3"


def test_a_message_can_not_put_markup_into_the_page(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _compare(runs, "--format", "markdown") == 1
    said = capsys.readouterr().out
    assert "## Worse" in said
    for line in (line for line in said.splitlines() if "<b>" in line):
        code = line.split("`")[1::2]  # what stands between backticks
        assert "<b>" not in "".join(line.split("`")[::2])
        assert any("<b>" in part for part in code)
    [row] = [line for line in said.splitlines() if line.startswith(f"| {FIRST[0].id} ")]
    assert row.replace("\\|", "").count("|") == 5


@pytest.mark.parametrize(
    ("kinds", "status"), [("worse", 1), ("better", 0), ("better,words", 0), ("value, worse", 1), ("", 0)]
)
def test_only_the_kinds_that_are_named_fail(runs: tuple[str, str], kinds: str, status: int) -> None:
    assert _compare(runs, "--fail-on", kinds) == status
    assert _compare((runs[0], runs[0]), "--fail-on", kinds) == 0


def test_nothing_changed_in_a_run_beside_itself(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _compare((runs[1], runs[1])) == 0
    assert capsys.readouterr().out == "5 answers compared, of PyTorch: nothing changed\n"


def test_a_part_is_compared_with_the_whole_in_what_it_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = str(record(tmp_path / "part", [oracle(POOL), (POOL, TORCH, _right(POOL))]).path)
    assert _compare((_run(tmp_path / "whole", {}), part)) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"removed, not compared: 4 cases (cases/made/conv.yaml 4) on {TORCH}"
    assert last == "1 answer compared, of PyTorch: nothing changed"


def test_answers_of_the_definition_alone_are_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Never say that nothing changed where no framework was compared."""
    torch, jax = _run(tmp_path / "torch", {}), _run(tmp_path / "jax", {}, JAX)
    assert _compare((torch, jax)) == 2
    assert (
        capsys.readouterr().err == f"{jax} and {torch} have no answer of a framework in common: nothing was compared\n"
    )
    assert _compare((torch, jax), "--pair", f"{JAX}={TORCH}") == 0
    assert f"{JAX} is compared with {TORCH}\n" in capsys.readouterr().out


def test_a_run_that_was_cut_short_is_not_compared(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    old = Path(runs[0])
    old.write_text("".join(old.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert _compare(runs) == 2
    assert capsys.readouterr().err == f"{old}: the run was cut short; finish it with pytest cases --resume\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--require", "jax-*"],
            f"--require jax-*: no answer of such a target was compared; there are answers of {TORCH}",
        ),
        (["--fail-on", "worst"], "--fail-on: 'worst' is no kind of change; there are worse, better, value, words"),
        (
            ["--pair", f"{TORCH}={JAX}"],
            f"has no target {JAX!r}; write NEW=OLD, of OLD there are oracle-eager-cpu, {TORCH}",
        ),
        (["--pair", TORCH], "has no target ''; write NEW=OLD, of OLD there are"),
        (["--pair", f"{TORCH}={TORCH}"] * 2, f"{TORCH} is compared with {TORCH} already; give each new target once"),
        (["--pair", f"{JAX}={TORCH}"], f"has no target {JAX!r}; write NEW=OLD, of NEW there are"),
    ],
)
def test_a_wrong_option_is_one_line(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert _compare(runs, *options) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_target_that_is_required_was_compared(runs: tuple[str, str]) -> None:
    assert _compare(runs, "--require", "torch-*", "--fail-on", "better") == 0


def test_a_group_says_how_many_cases_like_it_did_not_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin = make("conv", "twin", image=[5, 7], data_format="NCHW")
    paths = []
    for name, outcome in (("old", _right(FIRST[0])), ("new", REFUSED)):
        answers: list[Answer] = [(FIRST[0], TORCH, outcome), (twin, TORCH, _right(twin)), (POOL, TORCH, _right(POOL))]
        paths.append(str(record(tmp_path / name, [*map(oracle, (FIRST[0], twin, POOL)), *answers]).path))
    assert _compare((paths[0], paths[1])) == 1
    assert 'where operator == "conv"; 1 more case meets this and did not change' in capsys.readouterr().out


def test_values_of_other_shapes_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    less, more = (Returned(arrays={"output": np.ones((1, size, 3, 2), np.float32)}) for size in (2, 3))
    old, new = (_run(tmp_path / name, {"pool": one}) for name, one in (("old", less), ("new", more)))
    assert _compare((old, new)) == 1
    assert "another value or end:" in capsys.readouterr().out
