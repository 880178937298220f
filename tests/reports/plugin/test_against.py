"""``--against``: a run says what changed since an older one, and fails where that is to fail it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.plugin.asking import Ask, case_file

TURNED = """
import numpy as np
from tests.reports.fakes import Right

class Backend(Right):
    def run(self, case, inputs):
        if "turned" in case.id:
            inputs["filter"] = np.ascontiguousarray(inputs["filter"][::-1, ::-1])
        return super().run(case, inputs)
"""


@pytest.fixture
def old(pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of a right backend; the backend turns its filters from then on."""
    monkeypatch.chdir(pytester.path)
    case_file(pytester.path, "turned", "plain")
    backend = pytester.path / "backend.py"
    backend.write_text("from tests.reports.fakes import Right as Backend\n", encoding="utf-8")
    assert _ask(ask).ret == 0
    backend.write_text(TURNED, encoding="utf-8")
    return (pytester.path / "report").rename(pytester.path / "old") / "run.jsonl"


def _ask(ask: Ask, *more: str) -> pytest.RunResult:
    return ask("--adapter", "backend:Backend", "--target", "right-*", *more, fake="")


def test_what_changed_is_said_and_written_beside_the_reports(pytester: pytest.Pytester, ask: Ask, old: Path) -> None:
    result = _ask(ask, "--against", str(old))
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "worse:",
            "  right 1.0: conv_transpose: before: right; now: wrong, * (filter not rotated); 1 answer of 1 case",
            "each of them: *report/comparison.md",
            "2 answers compared, of right: 1 worse",
            "--against *old/run.jsonl: 2 answers compared, of right: 1 worse",
        ]
    )
    assert "## Worse" in (pytester.path / "report" / "comparison.md").read_text(encoding="utf-8")


def test_only_the_kinds_that_are_named_fail_a_run(ask: Ask, old: Path) -> None:
    known = old.parent / "known.yaml"
    known.write_text(
        "- {fact: It rotates no filter., targets: [right-*], versions: '>=0', where: batch > 0, differs: value, "
        "diagnosis: filter not rotated, depends_on: the case's name, link: https://example.org}\n",
        encoding="utf-8",
    )
    result = _ask(ask, "--known", str(known), "--against", str(old), "--fail-on", "better,words")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*known: It rotates no filter.", "2 answers compared, of right: 1 worse"])
    result = _ask(ask, "--known", str(known), "--against", str(old), "--fail-on", "worse")
    assert result.ret == 1
    result.assert_outcomes(passed=1, xfailed=1)


def test_a_comparison_of_nothing_fails(ask: Ask, old: Path) -> None:
    result = ask("--adapter", "tests.reports.fakes:Mixed", "--target", "mixed-*", "--against", str(old), fake="")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*have no answer of a framework in common: nothing was compared"])
    result.stdout.no_fnmatch_line("*a fault of ours:*")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--against", "nothing.jsonl"], "*--against: nothing.jsonl*"),
        (
            ["--against", "report/run.jsonl"],
            "*--against report/run.jsonl: this run writes over it; give another --report*",
        ),
        (["--against", "old/cut.jsonl"], "*--against old/cut.jsonl: the run was cut short; finish it with *"),
        (["--fail-on", "worse"], "*--fail-on says which changes fail a run: give the older run too, --against OLD"),
        (["--fail-on", "worst"], "*--fail-on: 'worst' is no kind of change; there are worse, better, value, words"),
    ],
)
def test_an_older_run_that_can_not_be_used_is_one_line(ask: Ask, old: Path, options: list[str], said: str) -> None:
    lines = old.read_text(encoding="utf-8").splitlines(keepends=True)
    (old.parent / "cut.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    new = old.parent.parent / "report"
    new.mkdir()
    (new / "run.jsonl").write_text("".join(lines), encoding="utf-8")
    result = _ask(ask, *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines([said])
    assert (new / "run.jsonl").read_text(encoding="utf-8") == "".join(lines)
