"""One case asked several times: each time has an answer of its own, whatever became of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.outcome import Crashed, Returned
from tests.adapters.asking import case, run


def test_each_repeat_has_its_own_answer_in_its_place() -> None:
    bad, fine = case("bad-abort"), case("fine")
    outcomes = run("Crashes", [bad, fine, fine, fine, bad, bad])
    assert [type(outcome) for outcome in outcomes] == [Crashed, Returned, Returned, Returned, Crashed, Crashed]


def test_repeats_that_each_lost_a_worker_once_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call is given up if its worker ended twice before it, not if another repeat lost its worker earlier."""
    monkeypatch.setenv("COUNTED", str(tmp_path))
    outcomes = run("tests.adapters.fakes:DiesNowAndThen", [case("same")] * 3)
    assert [type(outcome) for outcome in outcomes] == [Returned] * 3
    assert len(list(tmp_path.iterdir())) == 3
