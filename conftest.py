"""The suite's plug-in for pytest, whose hooks stand in ``reports.plugin.entry``. Nothing imports this module."""

from __future__ import annotations

pytest_plugins = ["pytester", "reports.plugin.entry"]
