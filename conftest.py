"""pytest's hooks, each one call into the rooms. Nothing imports this."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from reports.plugin import hooks

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a conformance run."""
    hooks.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """The targets are chosen before anything is collected."""
    hooks.choose(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Case files are test files."""
    return hooks.collect(file_path, parent)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The engine starts once the selection is known."""
    hooks.start(session.config, session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Only a loop that comes to its end is a whole run."""
    result = yield
    hooks.looped(session.config)
    return result


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> Any:
    """A progress line stands for thousands of dots."""
    return hooks.status(report, config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The workers end, the reports are written."""
    hooks.finish(session)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What came out, and where it is."""
    hooks.summary(terminalreporter, config)
