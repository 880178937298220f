"""The hooks of the pytest plug-in: each is one call into ``reports.plugin.hooks``. Nothing imports this module."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from reports.plugin import hooks


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    hooks.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Choose the targets before anything is collected."""
    hooks.choose(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the cases of a case file."""
    return hooks.collect(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the part of a run that is asked here, of what others have selected."""
    hooks.select(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the engine when the selected cases are known."""
    hooks.start(session.config, session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Note that the run is whole, if the test loop comes to its end."""
    result = yield
    hooks.looped(session.config)
    return result


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> Any:
    """Show a progress line in place of thousands of dots."""
    return hooks.status(report, config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workers and write the reports."""
    hooks.finish(session)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the results and where the reports are."""
    hooks.summary(terminalreporter, config)
