"""Whatever is asked in whatever order, by however many workers: answers, verdicts and reports are the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Returned
from cases.loading.load import find, load
from cases.model.case import OPERATORS, PIPELINE, Case
from reports.judging import behaviours
from reports.judging.judge import judge
from reports.judging.verdict import Verdict
from reports.pages import render
from reports.recording.options import Options
from reports.recording.run import Run, read
from reports.recording.session import Session

ROOT = Path(__file__).parents[3]
FAKES = "tests.reports.fakes"
Item = TypeVar("Item")
FAKES_ASKED = ("Right", "Various")
"""One that is right, and one that dies and goes wrong here and there."""


@dataclass(frozen=True)
class Selection:
    """Whole case files, and the cases of them that are asked."""

    files: list[list[Case]]
    cases: list[Case]


@pytest.fixture(scope="module")
def selection() -> Selection:
    """Three cases of every third file of the suite, all operators among them: at its beginning, further on, its end."""
    files = [load(path) for path in find(ROOT / "cases")[::3]]
    places = ({0, len(cases) // 2, len(cases) - 1} for cases in files)
    chosen = [[cases[place] for place in sorted(few)] for cases, few in zip(files, places, strict=True)]
    return Selection(files, [case for few in chosen for case in few if not case.slow])


def _asked(folder: Path, files: list[list[Case]], cases: Sequence[Case], *fakes: str, workers: int = 2) -> Run:
    """What fakes answer to cases of some files, asked in this order."""
    options = Options(
        adapters=tuple(f"{FAKES}:{fake}" for fake in fakes),
        targets=tuple(f"{fake.lower()}-*" for fake in fakes),
        report=folder,
        workers=workers,
    )
    session = Session(options)
    session.choose()
    for file in files:
        session.weighted(file)
    session.start({target: list(cases) for target in session.targets})
    for case in cases:
        for target in session.targets:
            session.answer(case, str(target))
    assert session.lost() == []
    session.finish(complete=True)
    run = read(folder / "run.jsonl")
    render.write(run, behaviours.load(), folder)
    return run


def _answers(run: Run) -> dict[Any, Any]:
    """All that was answered and what is made of it, but for the time that it took and a dying process's last words."""
    return {key: (_plain(record.outcome), record.digests, _verdict(run, *key)) for key, record in run.records.items()}


def _plain(outcome: Outcome) -> Outcome | str:
    """An outcome without its arrays and a dying process's last words."""
    return outcome.end if isinstance(outcome, (Returned, Crashed)) else outcome


def _verdict(run: Run, case: str, target: str) -> Verdict:
    return judge(run, run.cases[case], target)


def _pages(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.jsonl"}


def _lines(folder: Path) -> set[str]:
    """A run, but for the same: lines come in the order of answers, and of several headers the last one counts."""
    lines = [json.loads(line) for line in (folder / "run.jsonl").read_text(encoding="utf-8").splitlines()]
    last = [line for line in lines if line["record"] == "header"][-1]
    kept = [last, *(line for line in lines if line["record"] != "header")]
    for line in kept:
        line.pop("seconds", None)
        line.get("fields", {}).pop("stderr", None)
    return {json.dumps(line) for line in kept}


@pytest.fixture(scope="module")
def first(selection: Selection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the answers are that came in the suite's order."""
    folder = tmp_path_factory.mktemp("first")
    _asked(folder, selection.files, selection.cases, *FAKES_ASKED)
    return folder


def test_the_selection_is_broad(first: Path) -> None:
    run = read(first / "run.jsonl")
    found = {
        (record.outcome.kind, _verdict(run, *key).status)
        for key, record in run.records.items()
        if "oracle" not in key[1]
    }
    assert len(run.cases) > 140
    assert {case.operator for case in run.cases.values()} == {*OPERATORS, PIPELINE}
    assert found >= {("returned", "passed"), ("returned", "differing"), ("raised", "passed"), ("crashed", "crashed")}


@pytest.mark.parametrize("workers", [1, 2])
def test_any_order_gives_the_same_answers_and_the_same_reports(
    selection: Selection, first: Path, tmp_path: Path, workers: int
) -> None:
    """Backwards and one target at a time, or shuffled and side by side."""
    cases = selection.cases[::-1] if workers == 1 else _shuffled(selection.cases, 1)
    run = _asked(tmp_path, selection.files, cases, *FAKES_ASKED, workers=workers)
    assert list(_answers(run).items()) == list(_answers(read(first / "run.jsonl")).items())
    assert list(run.cases) == [case.id for case in selection.cases]
    assert _lines(tmp_path) == _lines(first)
    assert _pages(tmp_path) == _pages(first)


def _shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    return [items[place] for place in np.random.default_rng(seed).permutation(len(items))]


@pytest.mark.parametrize("count", [1, 20, 60])
def test_any_part_gives_the_same_answers(selection: Selection, first: Path, tmp_path: Path, count: int) -> None:
    part = _shuffled(selection.cases, count)[:count]
    answers = _answers(_asked(tmp_path, selection.files, part, *FAKES_ASKED))
    whole = _answers(read(first / "run.jsonl"))
    assert len(answers) == 3 * count
    assert answers == {key: whole[key] for key in answers}


def test_answers_that_depend_on_the_order_would_show(selection: Selection, tmp_path: Path) -> None:
    cases = selection.cases[:5]
    there = _answers(_asked(tmp_path / "there", selection.files, cases, "Remembers"))
    back = _answers(_asked(tmp_path / "back", selection.files, cases[::-1], "Remembers"))
    assert {case for (case, _), answer in there.items() if answer != back[case, "remembers-eager-cpu"]} >= {
        case.id for case in (*cases[:2], *cases[3:])
    }


def test_a_run_is_rendered_the_same_whatever_order_its_lines_have(first: Path, tmp_path: Path) -> None:
    header, *lines, footer = (first / "run.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join([header, *_shuffled(lines, 5), footer])
    (tmp_path / "run.jsonl").write_text(text, encoding="utf-8")
    render.write(read(tmp_path / "run.jsonl"), behaviours.load(), tmp_path)
    assert _pages(tmp_path) == _pages(first)
