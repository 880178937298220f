"""What fails in pytest is marked so in every page, and nothing else is: both read the same verdicts."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from reports.judging import judge as judging
from reports.judging.behaviours import Accepted, Recorded
from reports.judging.facts import Fact
from reports.judging.judge import begin, judge
from reports.judging.verdict import FAILING, Verdict
from reports.pages import render
from reports.recording.not_asked import NotAsked
from reports.recording.run import Run, RunError, read

ROOT = Path(__file__).parents[3]
TARGET = "mixed-eager-cpu"
HEAD = "operator: conv_transpose\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
SIZES = "image: [5, 6], kernel: [3, 3], strides: 2"
KNOWN = f"{SIZES}, batch: 2"
WRONG = 'strides: 0, value: {shape: [1, 2, 2, 2]}, invalid: {rule: stride, reason: "a stride of 0 stays where it is"}'
OPEN = "behaviour: it has no right answer"
ENDS: dict[str, tuple[str, str]] = {
    "right": (SIZES, "pass"),
    "unsupported": (SIZES, "skip"),
    "left-out": (SIZES, "skip"),
    "known-turned": (KNOWN, "known"),
    "turned": (SIZES, "new"),
    "crash": (SIZES, "new"),
    "hang": (SIZES, "new"),
    "known-unsupported": (KNOWN, "skip"),
    "known-right": (KNOWN, "vanished"),
    "known-crash": (KNOWN, "changed"),
    "inexact": (f"{SIZES}, dtype: float16, in_channels: 64", "error"),
    "refused": (f"image: [5, 6], kernel: [3, 3], {WRONG}", "pass"),
    "refused-otherwise": (f"image: [5, 6], kernel: [3, 3], {WRONG}", "changed"),
    "refused-unrecorded": (f"image: [5, 6], kernel: [3, 3], {WRONG}", "new"),
    "refused-crash": (f"image: [5, 6], kernel: [3, 3], {WRONG}", "known"),
    "open": (f"{SIZES}, {OPEN}", "pass"),
    "open-crash": (f"{SIZES}, {OPEN}", "changed"),
}
"""Name -> the rest of a case's entry, and what follows from what the fake does with a case of this name."""
RECORDED = {
    "refused": "InvalidCall while calling",
    "refused-otherwise": "TypeError while calling",
    "refused-crash": "crashed: SIGABRT",
    "open": "accepted: output float32 (1, 5, 6, 3)",
    "open-crash": "accepted: output float32 (1, 5, 6, 3)",
}
OUTCOMES = {"pass": "passed", "skip": "skipped", "known": "xfailed", "error": "error"} | dict.fromkeys(
    ("new", "changed", "vanished"), "failed"
)


def _accepted(**_: Any) -> Accepted:
    fields = {"targets": ["mixed-*"], "versions": ">=0", "where": "batch == 2", "differs": "value"}
    known = Fact.model_validate(fields | {"fact": "it rotates the filter", "link": "not reported yet"})
    file = {"cases/topic.yaml": RECORDED}
    return Accepted(facts={"mixed": [known]}, behaviours={TARGET: Recorded(versions={"mixed": "1.0"}, behaviours=file)})


@pytest.fixture
def outcomes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What pytest makes of a case for each end that a call can come to: name -> outcome."""
    path = pytester.path / "cases" / "topic.yaml"
    path.parent.mkdir()
    entries = (f"  - {{name: {name}, {fields}}}\n" for name, (fields, _) in ENDS.items())
    path.write_text(HEAD + "".join(entries) + "  - {name: unloaded, image: [5]}\n", encoding="utf-8")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("reports.judging.behaviours.load", _accepted)
    where = 'strides == (2, 2) and image == (5, 6) and topic == "topic" and dtype == "float32"'
    fields = {"targets": ["mixed-*"], "versions": ">=0", "where": where, "link": "not reported yet"}
    entry = NotAsked.model_validate(fields | {"reason": "its process would not be right any more"})
    monkeypatch.setattr("reports.recording.not_asked.load", lambda: [entry])
    monkeypatch.setattr(NotAsked, "speaks_of", lambda _self, case, _target, _version: case.name == "left-out")
    words: list[str | Path] = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        ROOT,
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
    ]
    words += ["--adapter", "tests.reports.fakes:Mixed", "--target", "mixed-*", "--timeout", "2"]
    found = pytester.inline_run(*words, "--report", pytester.path / "report", path.parent)
    return _outcomes(found.getreports("pytest_runtest_logreport"))


def _outcomes(reports: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for report in reports:
        name = report.nodeid.partition("::")[2].partition("[")[0]
        if report.when == "call" or not report.passed:
            failed = "error" if report.when == "setup" and report.failed else report.outcome
            found[name] = "xfailed" if hasattr(report, "wasxfail") else failed
    return found


def _verdicts(run: Run) -> dict[str, Verdict]:
    begin(run, _accepted())
    return {run.cases[name].name: judge(run, run.cases[name], target) for name, target in run.keys if target == TARGET}


def test_pytest_and_every_page_say_the_same(outcomes: dict[str, str], pytester: pytest.Pytester) -> None:
    assert outcomes == {name: OUTCOMES[follows] for name, (_, follows) in ENDS.items()}
    run = read(pytester.path / "report" / "run.jsonl")
    assert {name: verdict.follows for name, verdict in _verdicts(run).items()} == {
        name: follows for name, (_, follows) in ENDS.items()
    }
    pages = render.pages(run, _accepted())
    rows = csv.DictReader(io.StringIO(pages["differences.csv"]))
    marked = {row["case"].partition("::")[2]: row["follows"] for row in rows if row["follows"] in FAILING}
    assert marked == {name: follows for name, (_, follows) in ENDS.items() if follows in FAILING}
    said = "THIS RUN FAILS: of its answers are 3 changed, 1 error, 4 new, 1 vanished"
    texts = {name: text for name, text in pages.items() if name.endswith((".md", ".html"))}
    assert all(said in text for text in texts.values())
    assert all(re.search(r"THIS RUN FAILS: \S*topic.yaml\S* is not loaded\.", text) for text in texts.values())
    assert "**changed**: clear" in pages["shape_errors.md"]
    assert "inexact[mixed-eager-cpu]: the oracle gave no expected result: " in pages["conformance.md"]


def test_verdicts_are_kept_with_the_run_and_not_made_again(
    outcomes: dict[str, str], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pytester.path / "report"
    made: list[Verdict] = []
    make = judging._made

    def spy(run: Run, accepted: Accepted, case: Any, target: str) -> Verdict:
        made.append(make(run, accepted, case, target))
        return made[-1]

    monkeypatch.setattr(judging, "_made", spy)
    pages = render.pages(read(folder / "run.jsonl"), _accepted())
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name in pages}
    assert "differences.md" in written
    assert {name: pages[name] for name in written} == written
    assert "failed" in outcomes.values()
    assert set(made) == {Verdict(status="passed")}, "the digests tell a plain pass, and all else is stored"


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('"follows":"new"', '"follows":"pas"'), ('"status":"differing"', '"status":"fine"'), ('"fact":0', '"fact":9')],
)
def test_a_verdict_that_was_changed_by_hand_is_refused(
    was: str, becomes: str, outcomes: dict[str, str], pytester: pytest.Pytester
) -> None:
    assert outcomes
    file = pytester.path / "report" / "run.jsonl"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, becomes), encoding="utf-8")
    with pytest.raises(RunError, match=r"run.jsonl: the verdict on cases/topic.yaml::\S+ was changed and is none; run"):
        begin(read(file), _accepted())


def test_verdicts_by_other_known_differences_do_not_count(outcomes: dict[str, str], pytester: pytest.Pytester) -> None:
    assert outcomes["known-turned"] == "xfailed"
    run = read(pytester.path / "report" / "run.jsonl")
    begin(run, Accepted())
    turned = next(case for case in run.cases.values() if case.name == "known-turned")
    assert judge(run, turned, TARGET).follows == "new"
