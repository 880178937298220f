"""--fuzz: drawn calls in place of the named ones, judged as every case; what is new comes back small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.loading.load import load
from tests.reports.plugin.asking import FAKES, Ask, case_file, records

SEED = ("--fuzz-seed", "5")


def test_drawn_calls_are_asked_instead_and_a_right_target_has_nothing_new(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two")
    result = ask("--fuzz", "30", *SEED)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["30 cases, 60 answers*", "drawn calls: to repeat them, --fuzz-seed 5", "nothing new: every answer is right*"]
    )
    ids = {record["id"] for record in records(pytester.path, "case")}
    assert len(ids) == 30
    assert all(name.startswith("cases/fuzz/001") and "-conv_transpose.yaml::d1" in name for name in ids)
    [header] = records(pytester.path, "header")[-1:]
    assert header["fuzz"] == 5


def test_what_is_new_is_shown_by_the_smallest_call_and_kept_as_a_case(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
    result = ask("--fuzz", "40", *SEED, fake="Picky")
    assert result.ret == 1
    shown = result.stdout.str()
    assert "the process died: SIGABRT" in shown
    assert "raised TypeError: float16 of (1, 1, 1) is not for me" in shown
    assert "to reproduce, paste into an interpreter:" in shown
    assert "expected output:\n" in shown
    made = load(pytester.path / "report" / "smallest" / "conv_transpose.yaml")
    assert {1, 2} >= {case.inputs["value"].shape[0] for case in made}
    assert len(made) >= 3
    assert max(case.inputs["value"].shape[1] for case in made) == 1


def test_a_wrong_call_that_is_refused_is_right_though_nothing_is_recorded_of_it(
    pytester: pytest.Pytester, ask: Ask
) -> None:
    case_file(pytester.path, "one")
    assert ask("--fuzz", "90", *SEED).ret == 0
    wrong = [record for record in records(pytester.path, "case") if record["invalid"]]
    assert len(wrong) > 5


def test_the_same_seed_asks_the_same_calls(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
    found: list[str] = []
    for arguments in (SEED, SEED, ("--fuzz-seed", "6")):
        ask("--fuzz", "12", *arguments)
        found.append(json.dumps(sorted(records(pytester.path, "case"), key=lambda record: record["id"])))
    assert found[0] == found[1] != found[2]


def test_time_ends_the_run_and_what_was_not_asked_is_skipped(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
    result = ask("--fuzz-seconds", "1", *SEED, fake="Slow")
    assert result.ret == 0
    outcomes = result.parseoutcomes()
    assert outcomes["skipped"] > 0
    assert len(records(pytester.path, "not asked")) > 0
    assert len(records(pytester.path, "footer")) == 1
    result.stdout.fnmatch_lines(["drawn calls: *"])


def test_time_is_shared_among_targets(pytester: pytest.Pytester, ask: Ask) -> None:
    """A slow target that comes first leaves time for the next."""
    case_file(pytester.path, "one")
    other = ("--adapter", f"{FAKES}:Right", "--target", "right-*", "--workers", "1")
    result = ask("--fuzz-seconds", "2", *SEED, *other, fake="Slow")
    assert result.ret == 0
    answered = {record["target"] for record in records(pytester.path, "result")}
    assert {"slow-eager-cpu", "right-eager-cpu"} <= answered


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fuzz", "0"], "*--fuzz 0: give a number of calls from 1 to 100,000"),
        (["--fuzz-seconds", "-1"], "*--fuzz-seconds -1: give a number of seconds from 1 to 50,000"),
        (["--fuzz", "3", "--fuzz-seed", "-1"], "*--fuzz-seed -1: give an integer from 0 to 4294967295"),
        (["--fuzz-seed", "3"], "*--fuzz-seed needs --fuzz N or --fuzz-seconds T"),
    ],
)
def test_a_wrong_option_is_one_line(pytester: pytest.Pytester, ask: Ask, arguments: list[str], message: str) -> None:
    case_file(pytester.path, "one")
    result = ask(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_drawn_calls_go_to_a_folder_of_their_own_by_default() -> None:
    ignored = (Path(__file__).parents[3] / ".gitignore").read_text(encoding="utf-8")
    assert "/reports/fuzz/" in ignored
