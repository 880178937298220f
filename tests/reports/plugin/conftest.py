"""pytest run by tests, in this process."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from reports.judging import behaviours
from reports.judging.behaviours import Accepted
from reports.judging.facts import Fact
from tests.reports.plugin.asking import FAKES, PLUGINS, ROOT, Ask

SHIPPED = functools.cache(behaviours.load)  # read once for all tests that run pytest in this process


def _load(own: Sequence[Fact] = ()) -> Accepted:
    return replace(SHIPPED(), own=list(own))


@pytest.fixture
def ask(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return a function that runs pytest from the clone's folder, on the test's case files unless ids are given."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("reports.judging.behaviours.load", _load)
    base = ("-c", ROOT / "pyproject.toml", "--rootdir", ROOT, *PLUGINS, "-p", "no:cacheprovider")

    def run(*arguments: str, fake: str = "Right", target: str | None = None) -> pytest.RunResult:
        more = () if fake == "" else ("--adapter", f"{FAKES}:{fake}", "--target", target or f"{fake.lower()}-*")
        report = ("--report", pytester.path / "report")
        has_ids = any("::" in argument or argument.startswith("@") for argument in arguments)
        where = () if has_ids else (pytester.path / "cases",)
        return pytester.runpytest_inprocess(*base, *report, *more, *arguments, *where)

    return run
