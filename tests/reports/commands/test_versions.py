"""The page that holds versions of a framework side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from adapters.outcome import Outcome, Raised, Returned
from cases.model.case import Case
from reports import __main__ as command
from reports.comparing.timeline import columns, shown, steps
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.recording.run import Run
from tests.reports.making import TORCH, Answer, fact, make, oracle, record, right

PLAIN, DILATED = make("conv"), make("conv", "dilated", dilations=2, strides=1)
REFUSED = Raised(type="ValueError", message="no dilations here", stage="calling")
FACT = fact(fact="It refuses dilations.", versions="==2.9.*", where="dilated", raises="ValueError: no dilations")


def _run(folder: Path, version: str, outcome: Outcome | None) -> Run:
    """Record a run of a version, with an outcome for the dilated case; None is the right one."""
    answers: list[Answer] = [oracle(case) for case in (PLAIN, DILATED)]
    answers += [(PLAIN, TORCH, _right(PLAIN)), (DILATED, TORCH, outcome or _right(DILATED))]
    return record(folder / version, answers, version=version)


def _right(case: Case) -> Outcome:
    return Returned(arrays=right(case))


def _begun(runs: Iterable[Run]) -> list[tuple[Run, Accepted]]:
    accepted = Accepted(facts={"torch": [FACT]})
    found = [(run, accepted) for run in runs]
    for run in (run for run, _ in found):
        begin(run, accepted)
    return found


def test_each_version_shows_a_fact_or_does_not(tmp_path: Path) -> None:
    outcomes = {"2.10.0": None, "2.9.1": REFUSED, "2.13.0": None}
    found = columns(_begun(_run(tmp_path, *item) for item in outcomes.items()))["torch"]
    assert [column.version for column in found] == ["2.9.1", "2.10.0", "2.13.0"]
    assert [cells for _, cells in shown(found, [FACT])] == [["all", "none", "none"]]
    ends = [dict(column.ends) for column in found]
    assert ends == [{"pass": 1, "known": 1}, {"pass": 1, "gone": 1}, {"pass": 1, "gone": 1}]


def test_what_changed_stands_between_two_versions(tmp_path: Path) -> None:
    found = columns(_begun(_run(tmp_path, *item) for item in {"2.9": REFUSED, "2.10": None, "2.11": None}.items()))
    (first, second) = steps(found["torch"])
    assert (first[0].version, first[1].version) == ("2.9", "2.10")
    [group] = first[2]
    assert (group.kind, group.smallest.case.id, group.known) == ("better", DILATED.id, f"was known: {FACT.fact}")
    assert second[2] == []


def test_the_page_has_a_table_of_facts_and_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(_run(tmp_path, *item).path) for item in {"2.9": REFUSED, "2.10": None}.items()]
    assert command.main(["versions", *paths]) == 0
    page = capsys.readouterr().out
    assert "## PyTorch" in page
    assert "### 2.9 to 2.10" in page
    assert '- better: conv where `operator == "conv" and dilated`' in page
    assert command.main(["versions", *paths, "--to", str(tmp_path / "versions.md")]) == 0
    assert (tmp_path / "versions.md").read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "no framework in two versions; give --python NAME@LABEL=PATH to pytest cases\n"),
        (["--to", "/no/such/folder/page.md"], "no framework in two versions"),
    ],
)
def test_a_run_of_one_version_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert command.main(["versions", str(_run(tmp_path, "2.9", None).path), *more]) == 2
    assert said in capsys.readouterr().err


def test_a_page_that_can_not_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(_run(tmp_path, version, None).path) for version in ("2.9", "2.10")]
    assert command.main(["versions", *paths, "--to", "/no/such/folder/page.md"]) == 2
    assert capsys.readouterr().err.startswith("--to /no/such/folder/page.md: cannot write there")
