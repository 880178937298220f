"""Imports go one way, and the parent process holds no framework: read off the sources, and tried."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORKS = {"tensorflow", "torch", "jax"}
FORBIDDEN = {"cases": {"adapters", "reports"}, "adapters": {"reports"}}
SOURCES = sorted(
    path for folder in ("cases", "adapters", "reports", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
) + sorted(ROOT.glob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def _imported(path: Path) -> frozenset[str]:
    """The first part of every absolute import, at the top or inside a function."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}:{node.lineno}: a relative import"
            yield (node.module or "").partition(".")[0]


def _may_import_frameworks(path: Path) -> bool:
    return path.parent == ROOT / "benchmarks" or path.parent in {ROOT / "adapters" / name for name in FRAMEWORKS}


def test_the_rooms_are_there() -> None:
    assert {"cases/model/case.py", "adapters/base.py"} <= {_name(path) for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    forbidden = FORBIDDEN.get(room, set()) | {"conftest"}
    assert forbidden.isdisjoint(_imported(path))


@pytest.mark.parametrize("path", [path for path in SOURCES if not _may_import_frameworks(path)], ids=_name)
def test_only_a_framework_s_adapter_imports_it(path: Path) -> None:
    assert FRAMEWORKS.isdisjoint(_imported(path))


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_framework_s_adapter_imports_it_alone_and_late(framework: str) -> None:
    paths = sorted((ROOT / "adapters" / framework).glob("*.py"))
    assert paths
    for path in paths:
        assert FRAMEWORKS & _imported(path) <= {framework}
        tops = {node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Import)}
        assert FRAMEWORKS.isdisjoint(alias.name.partition(".")[0] for node in tops for alias in node.names)


def test_the_parent_process_holds_no_framework() -> None:
    """All of the parent's modules, imported in a fresh interpreter."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "reports").rglob("*.py"))]
    reports = [".".join(path.parts) for path in paths if not path.stem.startswith("__")]
    modules = ["cases.loading.load", "adapters.engine.pool", "adapters.check.check", *reports]
    program = f"import sys, {', '.join(modules)}\nprint(sorted({FRAMEWORKS!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
